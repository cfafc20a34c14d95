"""What a person reads of a run: failures at their lines, and a table at the end."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from crossnotes.page import Page, Problem
from crossnotes.result import Result
from crossnotes.text.matching import difference

#: Lines that a failure may take, all told.
MOST_LINES = 12
#: Characters that are shown of a line; an output may be one line of a million.
LONGEST_LINE = 500


def failure_lines(result: Result, code: str, code_line: int, target: str) -> list[str]:
    """A failed Result: `docs/a.md:12: [target] what went wrong`, the code at that line, then
    expected and got. `target` is its name and version."""
    failure = result.failure
    if failure is None:
        return [f"{result.page}:{result.line}: [{target}] {result.reason}"]
    lines = [f"{failure.page or result.page}:{failure.line}: [{target}] {failure.message}"]
    at = failure.line - code_line
    source = code.split("\n")
    if 0 <= at < len(source) and source[at].strip():
        lines.append(f"    {source[at].strip()}")
    if failure.expected or failure.got:
        lines += [f"    {line}" for line in _expected_and_got(failure.expected, failure.got)]
    lines += [f"    {line}" for line in failure.details]
    return shortened([cut(line) for line in lines])


def cut(line: str) -> str:
    """At most LONGEST_LINE characters of a line."""
    left = len(line) - LONGEST_LINE
    return line if left <= 0 else f"{line[:LONGEST_LINE]} … {left:,} more characters"


def _expected_and_got(expected: str, got: str) -> list[str]:
    one_line = "\n" not in expected.strip("\n") and "\n" not in got.strip("\n")
    if one_line:
        return [
            f"expected: {expected.strip() or 'nothing'}",
            f"     got: {got.strip() or 'nothing'}",
        ]
    return ["expected (-) and got (+):", *difference(expected, got)]


def shortened(lines: Sequence[str]) -> list[str]:
    """At most MOST_LINES lines, the cut said in the last."""
    if len(lines) <= MOST_LINES:
        return list(lines)
    left = len(lines) - MOST_LINES + 1
    return [*lines[: MOST_LINES - 1], f"    … {left} more lines"]


def annotation(page: str, line: int, title: str, message: str) -> str:
    """What GitHub Actions shows at a line of a file; of the run as a whole, where `page` is ""."""
    place = f"file={_escaped(page, ':,')},line={line}," if page else ""
    return f"::error {place}title={_escaped(title, ':,')}::{_escaped(message)}"


def on_github() -> bool:
    """Whether GitHub Actions reads what we print, and shows failures at their lines."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotation_of(message: str) -> str:
    """The annotation of a message that may begin with its place: `docs/a.md:12: …`."""
    place = re.match(r"(?P<file>[^\s:][^:\n]*):(?P<line>\d+): (?P<message>.*)", message, re.DOTALL)
    if place is None:
        return annotation("", 0, "crossnotes", message)
    file = os.path.relpath(place["file"])
    return annotation(file, int(place["line"]), "crossnotes", place["message"])


def _escaped(text: str, more: str = "") -> str:
    """Text as a workflow command takes it."""
    for letter in f"%\r\n{more}":
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def problem_line(problem: Problem) -> str:
    return f"{problem.page}:{problem.line}: {problem.message}"


def snippet_of(page: Page, result: Result) -> tuple[str, int]:
    """The code of a Result's snippet and the line where it begins."""
    snippet = page.snippets[result.index]
    if snippet.listing is not None:
        return "", snippet.line
    return snippet.code, snippet.line


def table(rows: Iterable[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Columns as wide as they need to be; figures to the right."""
    body = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in body) for column in range(len(header))]
    numeric = [
        all(row[column].replace(".", "").isdigit() for row in body[1:])
        for column in range(len(header))
    ]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in body
    ]
