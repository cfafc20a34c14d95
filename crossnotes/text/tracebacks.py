"""Tracebacks as text: chains and groups of errors, and whether one is what the page shows.

An error's own lines are compared as they are. Of the lines between, the stack, a page may leave
out what it likes, and paths are those of the person who wrote it; the lines of code that were
typed are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

HEADS = (
    "Traceback (most recent call last):",
    "Traceback (innermost last):",
    "Exception Group Traceback (most recent call last):",
)
_GROUPED = re.compile(r" *[|+](?: |$)")
_FRAME = re.compile(r'File "(?P<file>.*)", line (?P<line>[\d.]+)(?:, in (?P<name>.*))?$')
_CARETS = re.compile(r"[~^ ]+")
_TYPED_WARNING = re.compile(r"<stdin>:\d+: ")
_TYPED_FRAME = re.compile(r'\s*File "<stdin>", line ')

#: Whether one text is what another shows.
Same = Callable[[str, str], bool]


@dataclass(slots=True)
class Frame:
    """A line of a stack that names a place, and the code that is shown below it."""

    file: str
    line: str
    name: str | None
    code: list[str] = field(default_factory=list)

    @property
    def is_of_library(self) -> bool:
        """Whether the place depends on which version is installed."""
        parts = PurePath(self.file.replace("\\", "/")).parts
        return "site-packages" in parts or "dist-packages" in parts or "lib" in parts


@dataclass(slots=True)
class Part:
    """One error of a chain: the stack, and then what is said of the error."""

    head: str
    stack: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def elides(self) -> bool:
        """Whether it leaves out what comes before it."""
        return not self.stack or any(_bare(line).strip() == "..." for line in self.stack)


def heads(lines: Sequence[str]) -> Iterator[int]:
    """The places at which a traceback may begin: at its first line, or, of a SyntaxError of what
    was typed, at the place."""
    for place, line in enumerate(lines):
        if _bare(line).rstrip() in HEADS or (line.startswith("  ") and _FRAME.match(line.strip())):
            yield place


def _bare(line: str) -> str:
    """A line without what groups of errors are drawn with."""
    match = _GROUPED.match(line)
    return line[match.end() :] if match else line


def parts(lines: Sequence[str]) -> list[Part]:
    """The errors of a traceback, in the order in which they are shown."""
    found = [Part("")]
    in_stack = True
    for line in lines:
        bare = _bare(line)
        if bare.rstrip() in HEADS:
            found.append(Part(line.rstrip()))
            in_stack = True
        elif in_stack and (bare[:1] in ("", " ") or bare.startswith("...")):
            found[-1].stack.append(line)
        else:
            in_stack = False
            found[-1].told.append(line)
    return found if found[0].stack or found[0].told else found[1:]


def fits(
    shown: Sequence[str], real: Sequence[str], own: frozenset[str], same: Same, exact: bool
) -> bool:
    """Whether a page shows the traceback `real`. `own` are the files that code of the page is said
    to be in; not `exact`, only the kinds of the errors are compared."""
    want, got = parts(shown), parts(real)
    if got[0].head == "" and want[0].head:
        want[0].head = ""  # Python shows no stack of what it could not compile
    if len(want) < len(got) and want[0].elides:
        got = got[-len(want) :]
    return len(want) == len(got) and all(
        one.head in (other.head, other.head.replace("most recent call", "innermost"))
        and _is_told(one, other, same, exact)
        and _is_stack(one, other, own, same)
        for one, other in zip(want, got, strict=True)
    )


def _is_told(want: Part, got: Part, same: Same, exact: bool) -> bool:
    if exact:
        return same("\n".join(want.told), "\n".join(got.told))
    kinds = [part.told[0].partition(":")[0].rpartition(".")[2] for part in (want, got)]
    return kinds[0] == kinds[1]


def _is_stack(want: Part, got: Part, own: frozenset[str], same: Same) -> bool:
    frames = list(_frames(got.stack))
    current: Frame | None = None
    for line in want.stack:
        bare = _bare(line).strip()
        if bare in ("...", "") or bare.startswith("[Previous line repeated"):
            continue
        if match := _FRAME.match(bare):
            shown = Frame(match["file"], match["line"], match["name"])
            current = next((f for f in frames if _is_frame(shown, f, own, same)), None)
            if current is None:
                return False
            frames = frames[frames.index(current) + 1 :]
        elif current is None:
            return False
        elif current.name is None:
            # The place of a mistake in the grammar is all that there is to see.
            if line.rstrip() not in got.stack:
                return False
        elif _CARETS.fullmatch(bare) or current.is_of_library or not current.code:
            continue
        elif not any(same(bare, code) for code in current.code):
            return False
    return True


def _frames(stack: Sequence[str]) -> Iterator[Frame]:
    current: Frame | None = None
    for line in stack:
        bare = _bare(line).strip()
        if match := _FRAME.match(bare):
            if current is not None:
                yield current
            current = Frame(match["file"], match["line"], match["name"])
        elif current is not None and not _CARETS.fullmatch(bare):
            current.code.append(bare)
    if current is not None:
        yield current


def _is_frame(shown: Frame, real: Frame, own: frozenset[str], same: Same) -> bool:
    if shown.name is None or real.name is None:
        # That of a mistake in the grammar has no name.
        names = shown.name is None and real.name is None
    else:
        names = same(shown.name, real.name)
    if real.file in own and not same(shown.file, real.file):
        # The person who wrote the page had the code in a file, or in another terminal.
        return names and (shown.file in own or shown.file.endswith(".py"))
    if shown.file == "...":
        return names
    if real.file in own:
        return names and same(shown.line, real.line)
    files = [frame.file.replace("\\", "/").rpartition("/")[2] for frame in (shown, real)]
    return names and same(*files) and (real.is_of_library or same(shown.line, real.line))


# -- as other versions of Python say it -----------------------------------------------------------


def in_other_words(printed: str) -> Iterator[str]:
    """What was printed; and what Python before 3.13 prints, which does not show the code that was
    typed."""
    yield printed
    if "<stdin>" in printed:
        without = "\n".join(_without_typed(printed.split("\n")))
        if without != printed:
            yield without


def _without_typed(lines: Sequence[str]) -> Iterator[str]:
    inside = ""
    for line in lines:
        if inside and line.startswith(inside) and not _TYPED_FRAME.match(line):
            continue
        inside = ""
        if _TYPED_FRAME.match(line):
            inside = " " * (len(line) - len(line.lstrip()) + 2)
        elif _TYPED_WARNING.match(line):
            inside = "  "
        yield line


def elided(text: str) -> list[str]:
    """The lines of a text, with `...` for the stack of each traceback in it: what a page can show
    of it on any machine."""
    lines: list[str] = []
    in_stack = False
    for line in text.split("\n"):
        bare = _bare(line)
        if in_stack and bare.startswith(" "):
            continue
        in_stack = bare.rstrip() in HEADS
        lines.append(line)
        if in_stack:
            group = line[: len(line) - len(bare)].replace("+", "|")
            lines.append(f"{group}  ...")
    return lines
