"""Page + choice of tabs → Program: what one reader would read, in reading order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crossnotes.parse import Output, Page, Problem, Snippet, TabSet


@dataclass(frozen=True, slots=True)
class Program:
    """A page as read under one choice of tabs, on one target. `labels` are those chosen in sets
    that name no target; `excused` are the snippets of the page that nobody can run here, each
    with its reason."""

    page: Page
    target: str
    snippets: tuple[Snippet, ...]
    labels: tuple[str, ...] = ()
    excused: tuple[tuple[Snippet, str], ...] = ()

    @property
    def isolation(self) -> str:
        return self.page.isolation


@dataclass(frozen=True, slots=True)
class Labels:
    """What tab labels mean to a project: the target of a label, or why it is not for here."""

    targets: Mapping[str, str]
    elsewhere: Mapping[str, str]

    def target_of(self, label: str) -> str | None:
        return self.targets.get(label)


def tab_problems(page: Page, labels: Labels) -> list[Problem]:
    """Tab sets that mix labels of targets with other labels: nobody could say what such a choice
    means for the other sets of the page."""
    found = []
    for tab_set in page.tab_sets:
        named = [label for label in tab_set.labels if labels.target_of(label)]
        others = [label for label in tab_set.labels if not labels.target_of(label)]
        if named and others:
            found.append(
                Problem(
                    page.path,
                    tab_set.line,
                    f"a tab set that mixes targets ({', '.join(named)}) with other labels "
                    f"({', '.join(others)}); put them into two sets, or tie the label to a target "
                    "in [tool.crossnotes.tabs]",
                )
            )
    return found


def targets_of(page: Page, labels: Labels, every_target: Sequence[str]) -> list[str]:
    """The targets that a page is for: those its tabs name, else those its front matter allows,
    else every one."""
    allowed = page.targets or tuple(every_target)
    named = {
        target
        for tab_set in page.tab_sets
        for label in tab_set.labels
        if (target := labels.target_of(label))
    }
    return [target for target in allowed if not named or target in named]


def programs(page: Page, target: str, labels: Labels) -> Iterator[Program]:
    """The programs of `page` on `target`: one, or one a label of the tab sets that name no
    target, the other sets at their first label."""
    free = [t for t in page.tab_sets if not any(labels.target_of(label) for label in t.labels)]
    usable = {t.line: [x for x in t.labels if x not in labels.elsewhere] for t in free}
    first = {line: names[0] for line, names in usable.items() if names}
    choices = [first]
    for tab_set in free:
        for label in usable[tab_set.line]:
            choice = _choose(label, tab_set, free, first)
            if choice not in choices:
                choices.append(choice)
    excused = tuple(_not_for_here(page, labels))
    for number, choice in enumerate(choices):
        yield Program(
            page,
            target,
            tuple(s for s in page.snippets if _is_read(s, target, choice, page, labels)),
            tuple(dict.fromkeys(choice.values())),
            excused if number == 0 else (),
        )


def _choose(
    label: str, tab_set: TabSet, free: Iterable[TabSet], first: Mapping[int, str]
) -> dict[int, str]:
    """Choosing a label in one set chooses it in every set that syncs with it, as on the page."""
    choice = dict(first)
    for other in free:
        synced = tab_set.synced and other.synced and label in other.labels
        if other is tab_set or synced:
            choice[other.line] = label
    return choice


def _is_read(
    snippet: Snippet, target: str, choice: Mapping[int, str], page: Page, labels: Labels
) -> bool:
    if snippet.targets and target not in snippet.targets:
        return False
    for tab in snippet.tabs:
        named = labels.target_of(tab.label)
        if named is not None and named != target:
            return False
        if named is None and choice.get(tab.tab_set) != tab.label:
            return False
    return True


def _not_for_here(page: Page, labels: Labels) -> Iterator[tuple[Snippet, str]]:
    for snippet in page.snippets:
        for tab in snippet.tabs:
            if tab.label in labels.elsewhere:
                yield snippet, f"{tab.label}: {labels.elsewhere[tab.label]}"
                break


def expected_of(snippet: Snippet, target: str) -> Output | None:
    """The expected block that holds on `target`, or None where anything goes."""
    default = None
    for output in snippet.outputs:
        if target in output.targets:
            return output
        if not output.targets:
            default = output
    return default


def hashes(program: Program, project: str) -> dict[int, str]:
    """The `program_sha256` of each snippet, by its index: what it, the program before it, and
    the Django project (by its own digest) were when it ran."""
    digest = hashlib.sha256(f"{program.target}\0{program.isolation}\0{project}".encode())
    found = {}
    for snippet in program.snippets:
        options = {k: v for k, v in snippet.options.items() if k not in ("caption", "class")}
        expected = expected_of(snippet, program.target)
        text = (expected.text, expected.unordered, expected.ignore) if expected else None
        elsewhere = dict(snippet.listing.elsewhere) if snippet.listing else None
        part = [snippet.kind, snippet.language, snippet.code, options, text, elsewhere]
        digest.update(json.dumps(part, sort_keys=True).encode())
        found[snippet.index] = digest.hexdigest()
    return found
