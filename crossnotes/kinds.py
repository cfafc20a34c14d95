"""The kinds of block, in one table: how each is written, run, compared, downloaded and updated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of block.

    `languages` are those of its fences (none: an option or a directive makes it one). `run` says
    where: in the program's Python, in its shell, as a file of the working copy, or by the proof
    that its lines ran. `compared` is what of it is held against the page: the whole output below
    an `{output}`, each example of a session, each command's output; `updated` what `--update` may
    rewrite; `downloaded` what a reader's file gets of it. `options` are those of `{snippet}` that
    mean something for this kind only.
    """

    name: str
    languages: tuple[str, ...]
    run: Literal["python", "shell", "copy", "proof"]
    compared: Literal["output", "examples", "commands", "never"]
    updated: Literal["output", "examples", "commands", "never"]
    downloaded: Literal[
        "code", "examples", "statements", "commands", "env", "file", "foreign", "note"
    ]
    options: tuple[str, ...] = ()

    @property
    def prints(self) -> bool:
        """Whether an `{output}` below it could be checked."""
        return self.compared != "never"


TABLE = (
    Kind(
        "python",
        ("python", "python3", "py"),
        "python",
        "output",
        "output",
        "code",
        ("compiled", "raises", "timeout"),
    ),
    Kind(
        "pycon", ("pycon",), "python", "examples", "examples", "examples", ("compiled", "timeout")
    ),
    Kind("sql", ("sql",), "python", "output", "output", "statements", ("raises", "timeout")),
    Kind(
        "console",
        ("console", "shell", "bash", "sh"),
        "shell",
        "commands",
        "commands",
        "commands",
        ("background", "raises", "timeout"),
    ),
    Kind("dotenv", ("dotenv",), "copy", "never", "never", "env"),
    Kind("file", (), "copy", "never", "never", "file"),
    # Of a language that another package runs; see outside_languages.
    Kind("outside", (), "python", "output", "output", "foreign", ("raises", "timeout")),
    Kind("listing", (), "proof", "never", "never", "note"),
)

#: Each kind by its name.
OF_NAME: Mapping[str, Kind] = {kind.name: kind for kind in TABLE}

#: What is executed, by the language that an author writes.
KINDS: Mapping[str, str] = {language: kind.name for kind in TABLE for language in kind.languages}

#: Where packages of others name, for a language, a function that runs its blocks: it takes the code
#: and the page's namespace, and returns what the block answers, or None where it printed that.
ENTRY_POINTS = "crossnotes.blocks"


@cache
def outside_languages() -> Mapping[str, EntryPoint]:
    """The languages that other packages run. To ask for them takes a moment, so nothing does for a
    language that is ours."""
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    return {name: point for name, point in found.items() if name not in KINDS}


def kind_of(language: str) -> str | None:
    """The kind of a block in a language; None of a language that nobody runs."""
    if language in KINDS:
        return KINDS[language]
    return "outside" if language in outside_languages() else None


#: Kinds that run in the program's Python, one after the other in one request.
INTERPRETED = tuple(kind.name for kind in TABLE if kind.run == "python")

#: Kinds of block that print nothing, so that an `{output}` below would never be checked.
SILENT = tuple(kind.name for kind in TABLE if not kind.prints)

#: Options that mean something for some kinds of block only.
OPTION_KINDS: Mapping[str, tuple[str, ...]] = {
    option: tuple(kind.name for kind in TABLE if option in kind.options)
    for option in sorted({option for kind in TABLE for option in kind.options})
}
