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
    "background": "The URL of the server that the command starts. It runs until the page ends.",
    "compiled": "Without a server, Django compiles the SQL, and the run compares it.",
    "file": "The block becomes this file of the project.",
    "raises": "The exception that the block has to raise: its name, or part of its message.",
    "skip": "Why the block is not run. Readers see the reason.",
    "targets": "The databases of the block, such as `mysql>=8.0.16, tidb`.",
    "timeout": "How many seconds the block may take.",
    "xfail": "Why the block has to fail. The page fails when it does not.",
}
OUTPUT_OPTIONS: Mapping[str, str] = {
    "class": "A class for CSS.",
    "ignore": "Columns of a table that are not compared.",
    "name": "A name for links.",
    "targets": "The databases that print this.",
    "unordered": "The order of the lines is not compared.",
}
#: What each of our directives is for.
DIRECTIVES: Mapping[str, str] = {
    "snippet": "A code block with options.",
    "output": "What the block above prints.",
    "literalinclude": (
        "Lines of a file of the project. Each of them has to run, or `:elsewhere:` says where the "
        "reader gets the file."
    ),
    "compare": "A table of what each database returned for the named blocks.",
    "sequence": "A drawing of who does what, from a table. It has a `:caption:`.",
    "matrix": "A table of all pages and databases.",
    "excuses": "A list of the blocks that were not run, with the reasons.",
    "differences": (
        "Every compared block whose result on a database, `{differences mysql}`, differs from "
        "another one; or on two of them, `{differences mysql@8.0 mysql@9.7}`."
    ),
    "heatmap": "How many results of each database differ, page by page, with links to them.",
    "hero": (
        "One compared block with its results, `{hero PAGE/BLOCK}`. The `:caption:` is its "
        "question, and the body its text."
    ),
}
#: What a page may say in its front matter, and of `crossnotes:` there.
FRONT_MATTER: Mapping[str, str] = {
    "summary": "One sentence for search engines and previews. It is translated.",
    "title": "The title. It has to be the same as the first heading.",
    "aliases": "Old addresses of the page, which redirect to it.",
    "crossnotes.targets": "The databases of the page, such as `[sqlite, mysql>=8]`.",
    "crossnotes.fixtures": "Fixtures of pytest that the blocks use by name, under pytest.",
}
#: What our extensions read from a conf.py.
CONF: Mapping[str, str] = {
    "crossnotes_languages": "The languages, instead of those in pyproject.toml.",
    "crossnotes_base_url": "The address of the site, for canonical links and the sitemap.",
    "crossnotes_repository_url": "The address of the repository, for links that edit a page.",
    "crossnotes_publish": "Refuse addresses of examples, as `crossnotes html --publish` does.",
    "crossnotes_ledgers": "The folder of the results, instead of `ledger` in pyproject.toml.",
    "crossnotes_django": "The Django project, instead of `django` in pyproject.toml.",
}

#: What the reference calls the kinds that have no language of ours.
_OTHER = {"outside": "those of other packages"}
#: How a kind of block is run, for a person.
_RUN: Mapping[str, str] = {
    "python": "in the Python process of the page",
    "shell": "in the shell of the page",
    "copy": "as a file of the project",
    "proof": "each line has to run",
}
#: What of it is compared with the page.
_COMPARED: Mapping[str, str] = {
    "output": "what it prints, with the `{output}` below",
    "examples": "the result of each example",
    "commands": "the output of each command",
    "never": "nothing",
}

#: What the fields of a Result mean.
RESULT: Mapping[str, str] = {
    "page": "The path of the page.",
    "line": "The first line of the code.",
    "index": "The number of the block on its page, from 0.",
    "name": "The `:name:` of the block.",
    "language": "The language of the block.",
    "tab": "The labels of the tabs around the block.",
    "code_sha256": "A hash of the code.",
    "program_sha256": "A hash of all that the block depends on: earlier blocks, project, database.",
    "status": "`passed`, `failed` or `excused`.",
    "reason": "Why the block failed or was not run.",
    "seconds": "How long the block took.",
    "output": "What the block printed.",
    "failure": "Line, message, expected and actual output. It is not written to the file.",
    "parts": "The output of each example or command. It is not written to the file.",
    "when": "The day of the first run with this result.",
    "answer": "What a failed block printed.",
    "on": "The versions with this result, if not those of the ledger.",
}
LEDGER: Mapping[str, str] = {
    "target": "The database.",
    "finished": "When the run ended, in UTC.",
    "server": "The version of the server, and how the run reached it.",
    "versions": "The versions of Python, Django and the driver.",
    "results": "A list of results, one for each block.",
}


def configuration() -> Iterator[str]:
    yield from _heading("configuration", "Configuration")
    yield from ("`[tool.crossnotes]` in `pyproject.toml` has these keys:", "")
    yield from _table(
        ("Key", "Value", "What it does", "Default"),
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
    yield from ("A `conf.py` of Sphinx may set:", "")
    yield from _described("Setting", CONF)


def commands() -> Iterator[str]:
    from crossnotes.cli import main

    yield from _heading("commands", "Command line")
    for name, command in sorted(main.commands.items()):
        if name != command.name:  # a name that it once had
            continue
        context = click.Context(command, info_name=f"crossnotes {name}")
        usage = " ".join([name, *command.collect_usage_pieces(context)[1:]])
        yield from (f"### `crossnotes {usage}`", "", " ".join((command.help or "").split()), "")
        options = [each for each in command.params if isinstance(each, click.Option)]
        if options:
            yield from _table(
                ("Option", "What it does"),
                ((f"`{_written(each, context)}`", each.help or "") for each in options),
            )


def _written(option: click.Option, context: click.Context) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return f"{', '.join(option.opts)}{value}"


def blocks() -> Iterator[str]:
    yield from _heading("blocks", "Blocks and directives")
    rows = [
        (
            ", ".join(f"`{each}`" for each in kind.languages),
            _RUN[kind.run],
            _COMPARED[kind.compared],
        )
        for kind in TABLE
        if kind.languages
    ]
    rows += [
        (f"`{name}`", "by another package", _COMPARED["output"]) for name in outside_languages()
    ]
    yield from _table(("Language", "How it runs", "What is compared"), rows)
    yield from ("The directives are:", "")
    yield from _described("Directive", {f"{{{name}}}": text for name, text in DIRECTIVES.items()})
    yield from ("`{snippet} LANGUAGE` has these options, beside those of `code-block`:", "")
    yield from _table(
        ("Option", "What it does", "Kinds of block"),
        (
            (
                f"`:{name}:`",
                text,
                ", ".join(_OTHER.get(kind, f"`{kind}`") for kind in OPTION_KINDS.get(name, ()))
                or "all",
            )
            for name, text in SNIPPET_OPTIONS.items()
        ),
    )
    yield from ("`{output}` has these options:", "")
    yield from _described("Option", {f":{name}:": text for name, text in OUTPUT_OPTIONS.items()})
    options = " and ".join(f"`:{name}:`" for name in sorted(reader.COMPARE_OPTIONS))
    yield from (f"`{{compare}} NAME …` has the options {options}.", "")


def front_matter() -> Iterator[str]:
    yield from _heading("front-matter", "Front matter")
    yield from _described("Key", FRONT_MATTER)


def ledgers() -> Iterator[str]:
    yield from _heading("ledger", "Ledger")
    yield from (f"A ledger is a JSON file (schema {ledger.SCHEMA}) with these fields:", "")
    yield from _described("Field", LEDGER)
    yield from ("A result has these fields:", "")
    fields = [field.name for field in dataclasses.fields(Result)]
    yield from _described("Field", {name: RESULT[name] for name in fields})


#: The parts, by the name that a person asks for.
PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "configuration": configuration,
    "commands": commands,
    "blocks": blocks,
    "front-matter": front_matter,
    "ledger": ledgers,
}


def _heading(label: str, title: str) -> Iterator[str]:
    yield from (f"(reference-{label})=", f"## {title}", "")


def _described(what: str, texts: Mapping[str, str]) -> Iterator[str]:
    return _table((what, "What it is"), ((f"`{name}`", text) for name, text in texts.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of Markdown."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""
