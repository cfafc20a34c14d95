"""Expected against printed: when an `{output}` block is right, and how a difference is shown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

SEPARATOR = " | "

#: Lines of each side that a difference shows.
MOST_DIFFERENT = 20


class Expected(NamedTuple):
    """An expected block as it reaches the process that checks it."""

    text: str
    unordered: bool = False
    ignore: tuple[str, ...] = ()


#: What colours a terminal's text; a page shows none of it.
_COLOUR = re.compile(r"\x1b\[[\d;:]*m")
_PLACE = re.compile(r'(File "\.\.\.", line )\d+')


def plain(text: str) -> str:
    """Text as a terminal shows it: without the escape sequences that colour it, and with what a
    carriage return lets the rest of its line be written over."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "\r" in text:
        text = "\n".join(map(_overwritten, text.replace("\r\n", "\n").split("\n")))
    return text


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown


def matches(expected: Expected, got: str) -> bool:
    """Whether `got` is what the block says: `...` stands for anything, colours, blanks at the end
    of a line and blank lines at the end do not count, and the options of `{output}` hold."""
    want_lines, got_lines = _lines(expected.text), _lines(got)
    if expected.ignore:
        want_lines = without_columns(want_lines, expected.ignore)
        got_lines = without_columns(got_lines, expected.ignore)
    if expected.unordered:
        return _match_unordered(want_lines, got_lines)
    return same("\n".join(want_lines), "\n".join(got_lines))


def same(want: str, got: str) -> bool:
    """Equal text, where `...` in `want` stands for anything; the number of a line of a file that
    `want` leaves out goes with it."""
    if want == got:
        return True
    want = _PLACE.sub(r"\1...", want)
    first, *middle = want.split("...")
    if not middle:
        return False
    last = middle.pop()
    if len(got) < len(first) + len(last) or not (got.startswith(first) and got.endswith(last)):
        return False
    rest = got[len(first) : len(got) - len(last)]
    for piece in middle:
        _before, found, rest = rest.partition(piece) if piece else ("", "...", rest)
        if not found:
            return False
    return True


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in plain(text).rstrip().split("\n")]


def _match_unordered(want: list[str], got: list[str]) -> bool:
    """Each line of one side has a partner on the other; a line with `...` takes what is left."""
    rest = list(got)
    for line in sorted(want, key=lambda line: "..." in line):
        partner = next((other for other in rest if same(line, other)), None)
        if partner is None:
            return False
        rest.remove(partner)
    return not rest


def without_columns(lines: Sequence[str], ignore: Sequence[str]) -> list[str]:
    """A printed table without the columns named in `ignore`."""
    if not lines:
        return []
    header = lines[0].split(SEPARATOR)
    keep = [place for place, name in enumerate(header) if name.strip() not in ignore]
    rows = (line.split(SEPARATOR) for line in lines)
    return [SEPARATOR.join(row[place] for place in keep if place < len(row)) for row in rows]


def difference(expected: str, got: str) -> list[str]:
    """The lines of a diff around the first difference, `-` expected and `+` got, without
    headers."""
    import difflib

    want, have = _lines(expected), _lines(got)
    pairs = itertools.zip_longest(want, have)
    first = next((place for place, (one, other) in enumerate(pairs) if one != other), 0)
    begin = max(0, first - 2)
    # ndiff takes the third power of the number of lines, and a person reads a few.
    shown = slice(begin, begin + MOST_DIFFERENT)
    diff = [line for line in difflib.ndiff(want[shown], have[shown]) if not line.startswith("?")]
    before = ["  …"] if begin else []
    after = ["  …"] if max(len(want), len(have)) > shown.stop else []
    return before + diff + after
