"""Changes one character of what a page shows: `changes(text, page)` yields every place and kind.

Outputs and prompts are changed, not what is typed: that is run again, and is right or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crossnotes.page import Page, Snippet
from crossnotes.program import expected_of
from crossnotes.text import pycon, transcript
from crossnotes.text.matching import same
from crossnotes.text.update import Printed, edits

#: What a character becomes, or what is put before it.
OTHER = "x"


@dataclass(frozen=True)
class Change:
    """A page with one character changed on `line` (from 1), which said `before` and says `after`.
    `index` is the snippet's."""

    text: str
    line: int
    before: str
    after: str
    index: int


def changes(text: str, page: Page, target: str) -> Iterator[Change]:
    """A page with another character, with one less, and with one more, at every place."""
    lines = text.split("\n")
    for snippet in page.snippets:
        if snippet.source or snippet.listing or "skip" in snippet.options:
            continue
        for number, start in _shown(snippet, target, lines):
            line = lines[number - 1]
            for at in range(start, len(line)):
                other = OTHER if line[at] != OTHER else "y"
                for after in (
                    line[:at] + other + line[at + 1 :],
                    line[:at] + line[at + 1 :],
                    line[:at] + other + line[at:],
                    line[:at] + " " + line[at:],
                ):
                    changed = "\n".join([*lines[: number - 1], after, *lines[number:]])
                    yield Change(changed, number, line, after, snippet.index)


def _shown(snippet: Snippet, target: str, lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The lines of a block's output, and its prompts, as they stand in the page; each with the
    column in which it begins."""

    def place(number: int, content: str) -> tuple[int, int]:
        return number, len(lines[number - 1]) - len(content)

    output = expected_of(snippet, target)
    if output is not None:
        for offset, content in enumerate(output.text.split("\n")):
            yield place(output.line + offset, content)
    code = snippet.code.split("\n")
    if snippet.kind == "pycon":
        for example in pycon.examples(snippet.code):
            for offset in range(example.below, example.below + len(example.shown)):
                yield place(snippet.line + offset, code[offset])
    if snippet.kind == "console":
        for command in transcript.commands(snippet.code, snippet.language):
            first = command.offset + 1 + command.text.count("\n")
            for offset in range(first, first + len(command.shown)):
                yield place(snippet.line + offset, code[offset])


def fails(change: Change, was: Page, now: Page, printed: Sequence[Printed]) -> bool:
    """Whether the changed page is refused, or does not show what its block printed."""
    if now.problems or any(snippet.problem for snippet in now.snippets):
        return True
    if [_typed(snippet) for snippet in now.snippets] != [
        _typed(snippet) for snippet in was.snippets
    ]:
        return True  # other code, which is run
    return any(True for _ in edits(now.snippets[change.index], printed, change.text))


def _typed(snippet: Snippet) -> Sequence[str]:
    if snippet.kind == "pycon":
        return [example.source for example in pycon.examples(snippet.code)]
    if snippet.kind == "console":
        return [command.text for command in transcript.commands(snippet.code, snippet.language)]
    return [snippet.code]


def excuse(change: Change, printed: Sequence[Printed]) -> str:
    """Why a changed page is right, or no reader sees the change; "" where it is a fault."""
    before, after = change.before.rstrip(), change.after.rstrip()
    if before == after:
        return "blanks at the end of a line"
    if "..." in after and _indent(before) == _indent(after):
        real = [line.strip() for one in printed for line in one.whole.split("\n")]
        if any(same(after.strip(), line) for line in (before.strip(), *real)):
            return "`...` stands for what was there, or was printed"
    if before.strip() == "..." and set(after.strip()) <= {".", " "}:
        return "the `...` of a stack, in another column"
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
