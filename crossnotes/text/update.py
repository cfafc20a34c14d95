"""Writes what blocks really printed into a page's expected blocks; text in, text out.

What a page shows and what was printed are compared as a run compares them, so a block that holds
(its ellipses included) stays as it is, and a second update changes nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossnotes import ranges
from crossnotes.kinds import OF_NAME
from crossnotes.page import Output, Page, Problem, Snippet
from crossnotes.program import expected_of
from crossnotes.ranges import FAMILIES, Version
from crossnotes.result import Result
from crossnotes.targets import every_target
from crossnotes.text import pycon, tracebacks, transcript
from crossnotes.text.matching import Expected, matches, plain


@dataclass(frozen=True, slots=True)
class Printed:
    """What a snippet printed on one target, in the server's version where that is known: as a
    whole, and by example or command."""

    target: str
    whole: str
    parts: tuple[str, ...] = ()
    version: Version | None = None

    @property
    def name(self) -> str:
        """The target, with its version where that is known."""
        return f"{self.target} {'.'.join(map(str, self.version))}" if self.version else self.target


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `first` to `last` (from 1; `last` less than `first` inserts before `first`) become
    `text`, each of its lines behind `prefix`."""

    first: int
    last: int
    text: Sequence[str]
    prefix: str = ""


def updated(text: str, edits: Iterable[Edit]) -> str:
    """The file with the edits done."""
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    for edit in sorted(edits, key=lambda edit: (edit.first, edit.last), reverse=True):
        new = [f"{edit.prefix}{line}".rstrip() for line in edit.text]
        lines[edit.first - 1 : edit.last] = new
    return ending.join(lines)


#: What each target's blocks printed, by page and index.
Answers = Mapping[tuple[str, int], Sequence[Printed]]


def answers(
    results: Mapping[tuple[str, Version | None], Iterable[Result]],
) -> Answers:
    """What the blocks that passed printed, of a run's Results by target and version, which are one
    a block."""
    found: dict[tuple[str, int], list[Printed]] = {}
    for (target, version), of_target in results.items():
        for result in of_target:
            if result.status == "passed":
                printed = Printed(target, result.output, result.parts, version)
                found.setdefault((result.page, result.index), []).append(printed)
    return found


def by_file(
    page: Page, printed: Answers, root: Path
) -> tuple[dict[Path, list[Edit]], list[Problem]]:
    """The edits that a run asks for, by the file that they belong to; and what cannot be written,
    for the targets different result where the page has one place for all of them."""
    found: dict[Path, list[Edit]] = {}
    problems: list[Problem] = []
    texts: dict[Path, str] = {}
    for snippet in page.snippets:
        path = root / snippet.place
        if path not in texts:
            texts[path] = path.read_bytes().decode("utf-8")
        for change in edits(snippet, printed.get((page.path, snippet.index), ()), texts[path]):
            if isinstance(change, Edit):
                found.setdefault(path, []).append(change)
            else:
                problems.append(change)
    return found, problems


def edits(snippet: Snippet, printed: Sequence[Printed], text: str) -> Iterator[Edit | Problem]:
    """What has to change in the file `text` for `snippet` to show what it printed on the targets
    that ran. Nothing for a block that stands in a substitution."""
    if not printed:
        return
    lines = text.splitlines()
    if not _stands_at(snippet, lines):
        return
    updated = "output" if snippet.outputs else OF_NAME[snippet.kind].updated
    if write := _UPDATES.get(updated):
        yield from write(snippet, printed, lines)


def _stands_at(snippet: Snippet, lines: Sequence[str]) -> bool:
    first = snippet.code.split("\n")[0]
    return snippet.line <= len(lines) and lines[snippet.line - 1].endswith(first)


def _prefix(line: str, content: str) -> str:
    """What stands before a block's content on its lines: the indent of a list, `> ` of a quote."""
    return line[: len(line) - len(content)] if line.endswith(content) else ""


# -- {output} -------------------------------------------------------------------------------------


def _outputs(snippet: Snippet, printed: Sequence[Printed], lines: list[str]) -> Iterator[Edit]:
    by_output: dict[int, list[Printed]] = {}
    for one in printed:
        output = expected_of(snippet, one.target, one.version)
        if output is not None:
            by_output.setdefault(output.line, []).append(one)
    for output in snippet.outputs:
        yield from _one_output(output, by_output.get(output.line, []), printed, lines)


def _one_output(
    output: Output, printed: Sequence[Printed], every: Sequence[Printed], lines: list[str]
) -> Iterator[Edit]:
    """The block keeps the targets and versions that it is right for; if there are none, it takes
    what the first of the others printed. Each other answer gets a block of its own, for its targets
    and versions. `every` is what all printed, whichever block they have."""
    expected = Expected(output.text, output.unordered, output.ignore)
    wrong = [one for one in printed if not matches(expected, one.whole)]
    if not wrong:
        return
    prefix = _prefix(lines[output.fence - 1], lines[output.fence - 1].lstrip("> \t"))
    answers = _by_answer(wrong)
    stay = [one for one in printed if one not in wrong]
    if not stay:
        first, *rest = answers
        stay = answers[first]
        last = output.line + output.lines - 1
        yield Edit(output.line, last, first.split("\n"), prefix)
        answers = {answer: answers[answer] for answer in rest}
    marker = lines[output.fence - 1].strip("> \t").partition("{")[0]
    for answer, of_answer in answers.items():
        beside = printed if output.targets else every
        items = ", ".join(_bounded(items_of(of_answer, beside), output.targets))
        block = [f"{marker}{{output}}", f":targets: {items}", *answer.split("\n")]
        after = output.line + output.lines + 1
        yield Edit(after, after - 1, [*block, marker], prefix)
    if output.targets and answers:
        moved = [one for of_answer in answers.values() for one in of_answer]
        kept = ", ".join(_kept_items(output.targets, stay, moved))
        for number in range(output.fence, output.line):
            if ":targets:" in lines[number - 1]:
                yield Edit(number, number, [f":targets: {kept}"], prefix)


def items_of(of_answer: Sequence[Printed], every: Sequence[Printed]) -> list[str]:
    """The items of `:targets:` for those that gave one answer: a target alone where all its
    versions did, else ranges that leave out the versions that different result."""
    found: list[str] = []
    for target in dict.fromkeys(one.target for one in of_answer):
        versions = sorted({one.version for one in every if one.target == target and one.version})
        mine = {one.version for one in of_answer if one.target == target}
        found += [target] if mine >= set(versions) else _ranges(target, versions, mine)
    for family, members in FAMILIES.items():
        if set(members) <= set(found):
            place = min(found.index(member) for member in members)
            found[place] = family
            found = [item for item in found if item not in members]
    return found


def _ranges(
    target: str, versions: Sequence[Version], mine: Collection[Version | None]
) -> Iterator[str]:
    """The stretches of versions, in their order, that are all of `mine`."""
    numbers = every_target()[target].series_numbers
    bounds = ["", *(_bound(*pair, numbers) for pair in itertools.pairwise(versions)), ""]
    begin = 0
    for is_mine, stretch in itertools.groupby(versions, lambda version: version in mine):
        end = begin + len(list(stretch))
        if is_mine:
            low = f">={bounds[begin]}" if bounds[begin] else ""
            high = f"<{bounds[end]}" if bounds[end] else ""
            yield f"{target}{low}{high}"
        begin = end


def _bound(before: Version, after: Version, numbers: int) -> str:
    """As few numbers of a version as tell it from the one before, but a whole series."""
    length = numbers
    while before[:length] == after[:length]:
        length += 1
    return ".".join(map(str, after[:length]))


def _kept_items(
    items: Iterable[str], stay: Sequence[Printed], moved: Sequence[Printed]
) -> Iterator[str]:
    """The items of a block for which it is still right."""
    for item in items:
        targets = ranges.names([item])
        if not {one.target for one in moved} & set(targets):
            yield item
            continue
        others = [name for name in targets if name not in {one.target for one in (*stay, *moved)}]
        yield from others
        right = items_of([one for one in stay if one.target in targets], [*stay, *moved])
        yield from _bounded(right, [item])


def _bounded(items: Iterable[str], before: Sequence[str]) -> Iterator[str]:
    """Items with the bounds that a block had before, so that they hold for nothing that it did not
    hold for."""
    for item in items:
        found = ranges.parse(item)
        for earlier in ranges.readable(before):
            if set(earlier.targets) & set(found.targets):
                new = item.removeprefix(found.name)
                bounds = re.findall(r"[<>=@]+\s*[^<>=@]+", earlier.text)
                kept = (b.strip() for b in bounds if not (b[0] in "<>" and b[0] in new))
                item = f"{found.name}{''.join(kept)}{new}"
        yield item


def _by_answer(printed: Iterable[Printed]) -> Mapping[str, list[Printed]]:
    answers: dict[str, list[Printed]] = {}
    for one in printed:
        text = "\n".join(line.rstrip() for line in plain(one.whole).rstrip().split("\n"))
        answers.setdefault(text, []).append(one)
    return answers


# -- what has one place for all targets -----------------------------------------------------------


def _for_all(
    snippet: Snippet,
    line: int,
    answers: Mapping[str, str],
    fits: Callable[[str | None, str], bool],
) -> str | Problem | None:
    """What to show instead: nothing else where what is shown fits what each target answered, and a
    Problem where no answer fits them all. `fits` asks whether a text, None for what is shown, would
    be right for an answer."""
    wrong = [answer for answer in answers.values() if not fits(None, answer)]
    if not wrong:
        return None
    if all(fits(wrong[0], answer) for answer in answers.values()):
        return wrong[0]
    said = ", ".join(f"{target} {_in_short(answer)}" for target, answer in answers.items())
    return Problem(
        snippet.place,
        line,
        f"the databases print different results ({said}): write the block as a {{snippet}} with an "
        "{output} for each result",
    )


def _in_short(answer: str) -> str:
    first, *more = answer.strip().splitlines() or ["nothing"]
    return f"{first} …" if more else first


def _examples(
    snippet: Snippet, printed: Sequence[Printed], lines: list[str]
) -> Iterator[Edit | Problem]:
    """The lines below each example, as far as they are not what it printed."""
    for number, example in enumerate(pycon.examples(snippet.code)):

        def fits(shown: str | None, got: str, example: pycon.Example = example) -> bool:
            if shown is not None:
                example = replace(example, shown=tuple(_as_want(shown)))
            return pycon.is_shown(example, got, snippet.page)

        at = snippet.line + example.offset
        new = _for_all(snippet, at, _answers(printed, number), fits)
        if isinstance(new, Problem):
            yield new
        elif new is not None:
            prompt = lines[at - 1]
            prefix = prompt[: prompt.index("In [" if example.number else ">>>")]
            first = snippet.line + example.below
            last = first + len(example.shown) - 1
            if not _is_read_back(example, _as_want(new)):
                message = "what this prints looks like a session; show it in an {output} below"
                yield Problem(snippet.place, at, message)
                continue
            yield Edit(first, last, _as_want(new), prefix)


def _is_read_back(example: pycon.Example, below: Sequence[str]) -> bool:
    """Whether what is written below an example will be read as its output."""
    prompts = ("In [1]: ", "   ...: ") if example.number else (">>> ", "... ")
    typed = prompts[0] + example.source.replace("\n", f"\n{prompts[1]}")
    try:
        found = pycon.examples("\n".join([typed, *below]))
    except pycon.SessionError:
        return False
    return [one.shown for one in found] == [tuple(below)]


def _answers(printed: Sequence[Printed], number: int) -> dict[str, str]:
    """What each target answered to one example or command."""
    return {one.name: one.parts[number] for one in printed if number < len(one.parts)}


def _as_want(got: str) -> list[str]:
    return tracebacks.elided(got.rstrip("\n")) if got.strip("\n") else []


def _commands(
    snippet: Snippet, printed: Sequence[Printed], lines: list[str]
) -> Iterator[Edit | Problem]:
    """The lines below each command that shows any, as far as they are not what it printed."""

    found = transcript.commands(snippet.code, snippet.language)
    number = 0
    while number < len(found):
        answers = _answers(printed, number)
        for answer in answers.values():
            transcript.told_apart(found, number, answer)
        yield from _below(snippet, found[number], answers, lines)
        number += 1


def _below(
    snippet: Snippet, command: transcript.Command, answers: Mapping[str, str], lines: list[str]
) -> Iterator[Edit | Problem]:
    if not command.shown:
        return

    def fits(shown: str | None, got: str) -> bool:
        if shown is not None:
            return matches(Expected(shown), got)
        right, got = transcript.compared(command, got)
        return matches(Expected(right), got)

    at = snippet.line + command.offset
    new = _for_all(snippet, at, answers, fits)
    if isinstance(new, Problem):
        yield new
    elif new is not None:
        first = at + 1 + command.text.count("\n")
        last = first + len(command.shown) - 1
        prefix = _prefix(lines[first - 1], command.shown[0])
        yield Edit(first, last, plain(new).rstrip().split("\n"), prefix)


_UPDATES: Mapping[
    str, Callable[[Snippet, Sequence[Printed], list[str]], Iterator[Edit | Problem]]
] = {"output": _outputs, "examples": _examples, "commands": _commands}
