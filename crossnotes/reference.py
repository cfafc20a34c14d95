"""The reference of configuration, command line, blocks and ledger, made from the code that reads
them: a key, an option or a command that there is, is in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import click

from crossnotes import config, ledger, reader
from crossnotes.kinds import OPTION_KINDS, TABLE, outside_languages
from crossnotes.result import Result

#: What each option of `{snippet}` does, beside those of code-block.
SNIPPET_OPTIONS: Mapping[str, str] = {
    "background": "the URL at which the command's server answers; it ends with the page",
    "compiled": "without a server, the SQL is compiled and compared",
    "file": "the block is this file of the working copy",
    "raises": "the error that the block ends with: its name, or a part of its text",
    "skip": "the block is not run; the reason is shown to readers",
    "targets": "the databases that the block is for, such as `mysql>=8.0.16, tidb`",
    "timeout": "seconds that the block may take",
    "xfail": "the block fails, and the page is green as long as it does; a reason is required",
}
OUTPUT_OPTIONS: Mapping[str, str] = {
    "class": "a class in HTML",
    "ignore": "columns that are not compared",
    "name": "a name to link to",
    "targets": "the databases that answer this",
    "unordered": "the lines may come in any order",
}

#: How a kind of block is run, for a person.
_RUN: Mapping[str, str] = {
    "python": "in the page's Python",
    "shell": "at the page's shell",
    "copy": "a file of the working copy",
    "proof": "each line has to have run",
}

#: What the fields of a Result mean.
RESULT: Mapping[str, str] = {
    "page": "the page, from the root of the repository",
    "line": "the first line of the block's code",
    "index": "the block's place on the page, from 0",
    "name": "its `:name:`",
    "language": "its language, as the page has it",
    "tab": "the labels of the tabs that it stands in",
    "code_sha256": "of its code",
    "program_sha256": "of all that it depends on: the blocks before it, the project, the database",
    "status": "`passed`, `failed` or `excused`",
    "reason": "why it failed or was excused",
    "seconds": "wall time",
    "output": "what it printed",
    "failure": "line, message, expected and got of a failure (in memory; `reason` sums it up)",
    "parts": "what each example or command printed (in memory)",
    "when": "the day on which this answer was first seen",
    "answer": "what a block that failed answered",
    "on": "the versions that it was seen on, where they are others than the ledger's",
}
LEDGER: Mapping[str, str] = {
    "target": "the database",
    "finished": "when the run ended, in UTC",
    "server": "what the server says of itself, and how it was had",
    "versions": "of Python, Django and the driver",
    "results": "one for each block",
}


def configuration() -> Iterator[str]:
    yield from ("## Configuration", "", "The keys of `[tool.crossnotes]` in pyproject.toml.", "")
    yield from _table(
        ("key", "value", "what it does", "unless set"),
        (
            (
                f"`{key.name}`",
                " or ".join(f'`"{choice}"`' for choice in key.choices) or key.kind,
                key.text,
                key.default,
            )
            for key in config.KEYS
        ),
    )


def commands() -> Iterator[str]:
    from crossnotes.cli import main

    yield from ("## Command line", "")
    for name, command in sorted(main.commands.items()):
        context = click.Context(command, info_name=f"crossnotes {name}")
        usage = " ".join(command.collect_usage_pieces(context))
        yield from (f"### `crossnotes {name} {usage}`", "", *_words(command.help or ""), "")
        options = [each for each in command.params if isinstance(each, click.Option)]
        if options:
            yield from _table(
                ("option", "what it does"),
                ((f"`{', '.join(each.opts)}`", each.help or "") for each in options),
            )


def _words(text: str) -> Iterator[str]:
    yield " ".join(text.split())


def blocks() -> Iterator[str]:
    yield from ("## Blocks and directives", "")
    rows = [
        (", ".join(f"`{each}`" for each in kind.languages), _RUN[kind.run], kind.compared)
        for kind in TABLE
        if kind.languages
    ]
    rows += [(f"`{name}`", "by another package", "output") for name in outside_languages()]
    yield from _table(("language", "is run", "compared"), rows)
    yield from ("Options of `{snippet} LANGUAGE`, beside those of code-block:", "")
    yield from _table(
        ("option", "what it does", "for"),
        (
            (f"`:{name}:`", text, ", ".join(OPTION_KINDS.get(name, ())) or "every block")
            for name, text in SNIPPET_OPTIONS.items()
        ),
    )
    yield from ("Options of `{output}`, which holds what the block above prints:", "")
    yield from _table(
        ("option", "what it does"),
        ((f"`:{name}:`", text) for name, text in OUTPUT_OPTIONS.items()),
    )
    yield from (
        "`{compare} NAME …` draws a table of what each database answered to the named blocks; its "
        f"options are {', '.join(f'`:{name}:`' for name in sorted(reader.COMPARE_OPTIONS))}.",
        "",
        "Directives that draw from the results of all pages:",
        "",
    )
    yield from _table(("directive", "what it draws"), OF_ALL_PAGES)


def ledgers() -> Iterator[str]:
    yield from ("## Ledger", "", f"JSON of schema {ledger.SCHEMA}:", "")
    yield from _table(("field", "what it is"), ((f"`{k}`", v) for k, v in LEDGER.items()))
    yield from ("A result:", "")
    fields = [field.name for field in dataclasses.fields(Result)]
    yield from _table(("field", "what it is"), ((f"`{name}`", RESULT[name]) for name in fields))


#: Directives that draw from the results of all pages, and what each draws.
OF_ALL_PAGES = (
    (
        "`{matrix}`",
        "the blocks of each page by database, with a filter, and the versions that ran them",
    ),
    ("`{excuses}`", "the blocks that were not run, with the reasons"),
    (
        "`{differences NAME}`",
        "every compared block whose result on this database differs from another one, by page",
    ),
    (
        "`{differences NAME@SERIES NAME@SERIES}`",
        "the blocks whose results differ between two versions, or between two databases",
    ),
    ("`{heatmap}`", "how many results of each database differ, by page, with links to them"),
    (
        "`{hero PAGE/BLOCK}`",
        "one compared block with its results; `:caption:` and the body are its text",
    ),
)

#: The parts, by the name that a person asks for.
PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "configuration": configuration,
    "commands": commands,
    "blocks": blocks,
    "ledger": ledgers,
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of Markdown."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
