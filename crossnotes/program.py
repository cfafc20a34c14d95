"""Page + choice of tabs → Program: what one reader would read, in reading order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crossnotes import ranges
from crossnotes.page import Output, Page, Problem, Snippet, Tab, TabSet


@dataclass(frozen=True, slots=True)
class Program:
    """A page as read under one choice of tabs, on one target. `labels` are those chosen in sets
    that name no target; `excused` are the snippets of the page that nobody can run here, each
    with its reason; `version` is the server's, None while it is not known."""

    page: Page
    target: str
    snippets: tuple[Snippet, ...]
    labels: tuple[str, ...] = ()
    excused: tuple[tuple[Snippet, str], ...] = ()
    version: ranges.Version | None = None


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


def at(program: Program, version: ranges.Version | None) -> Program:
    """The program as it is for one version of its target."""
    if version is None or program.version is not None:
        return program
    if program.page.targets and not ranges.holds(program.page.targets, program.target, version):
        return replace(program, snippets=(), excused=(), version=version)
    snippets = tuple(
        snippet
        for snippet in program.snippets
        if snippet.problem is not None
        or not snippet.targets
        or ranges.holds(snippet.targets, program.target, version)
    )
    return replace(program, snippets=snippets, version=version)


def targets_of(page: Page, labels: Labels, every_target: Sequence[str]) -> list[str]:
    """The targets that a page is for, in any of their versions: those its tabs name, else those
    its front matter allows, else every one."""
    allowed = ranges.names(page.targets) or tuple(every_target)
    named = {
        target
        for tab_set in page.tab_sets
        for label in tab_set.labels
        if (target := labels.target_of(label))
    }
    return [target for target in allowed if not named or target in named]


def programs(
    page: Page, target: str, labels: Labels, version: ranges.Version | None = None
) -> Iterator[Program]:
    """The programs of `page` on `target`: one, or one a label of the tab sets that name no
    target, the other sets at their first label. With `version`, what is for that version; there
    is nothing where the page is not for it."""
    if page.targets and not ranges.may_hold(page.targets, target, version):
        return
    free = [t for t in page.tab_sets if not any(labels.target_of(label) for label in t.labels)]
    above = _above(page)
    usable = {
        t.line: [x for x in t.labels if x not in labels.elsewhere]
        for t in free
        if not any(tab.label in labels.elsewhere for tab in above.get(t.line, ()))
    }
    first = {line: names[0] for line, names in usable.items() if names}
    choices = [first]
    for tab_set in free:
        for label in usable.get(tab_set.line, ()):
            wanted = [*above.get(tab_set.line, ()), Tab(tab_set.line, label)]
            choice = _choose(wanted, free, first)
            if choice not in choices:
                choices.append(choice)
    excused = tuple(_not_for_here(page, target, labels, version))
    seen: set[tuple[int, ...]] = set()
    for number, choice in enumerate(choices):
        snippets = tuple(s for s in page.snippets if _is_read(s, target, choice, labels, version))
        read = tuple(snippet.index for snippet in snippets)
        if read in seen:
            continue
        seen.add(read)
        chosen = tuple(dict.fromkeys(choice.values()))
        yield Program(page, target, snippets, chosen, excused if number == 0 else (), version)


def _above(page: Page) -> dict[int, tuple[Tab, ...]]:
    """The tabs that a tab set stands in, by its line."""
    return {
        tab.tab_set: snippet.tabs[:depth]
        for snippet in page.snippets
        for depth, tab in enumerate(snippet.tabs)
    }


def _choose(
    wanted: Iterable[Tab], free: Iterable[TabSet], first: Mapping[int, str]
) -> dict[int, str]:
    """Choosing a label in one set chooses it in every set that syncs with it, as on the page;
    to see a set inside of a tab, a reader chooses that tab before."""
    choice = dict(first)
    sets = {tab_set.line: tab_set for tab_set in free}
    for tab in wanted:
        chosen = sets.get(tab.tab_set)
        for other in sets.values():
            synced = chosen and chosen.synced and other.synced and tab.label in other.labels
            if other is chosen or synced:
                choice[other.line] = tab.label
    return choice


def _is_read(
    snippet: Snippet,
    target: str,
    choice: Mapping[int, str],
    labels: Labels,
    version: ranges.Version | None,
) -> bool:
    if not _is_for(snippet, target, labels, version):
        return False
    return all(
        labels.target_of(tab.label) is not None or choice.get(tab.tab_set) == tab.label
        for tab in snippet.tabs
    )


def _is_for(snippet: Snippet, target: str, labels: Labels, version: ranges.Version | None) -> bool:
    # One that is written wrongly fails wherever its page is run, for its targets may be what is
    # wrong.
    narrowed = snippet.targets if snippet.problem is None else ()
    if narrowed and not ranges.may_hold(narrowed, target, version):
        return False
    named = (labels.target_of(tab.label) for tab in snippet.tabs)
    return all(name in (None, target) for name in named)


def _not_for_here(
    page: Page, target: str, labels: Labels, version: ranges.Version | None
) -> Iterator[tuple[Snippet, str]]:
    for snippet in page.snippets:
        for tab in snippet.tabs:
            if tab.label in labels.elsewhere and _is_for(snippet, target, labels, version):
                yield snippet, f"{tab.label}: {labels.elsewhere[tab.label]}"
                break


def expected_of(
    snippet: Snippet, target: str, version: ranges.Version | None = None
) -> Output | None:
    """The expected block that holds on `target` in this version, or None where anything goes.
    Without the version, blocks for some versions hold nowhere."""
    default = None
    for output in snippet.outputs:
        if not output.targets:
            default = output
        elif ranges.holds(output.targets, target, version):
            return output
    return default


def hashes(program: Program, project: str) -> dict[int, str]:
    """The `program_sha256` of each snippet, by its index: what it, the program before it, and
    the Django project (by its own digest) were when it ran."""
    digest = hashlib.sha256(f"{program.target}\0{project}".encode())
    encode = json.JSONEncoder(sort_keys=True).encode
    found = {}
    for snippet in program.snippets:
        options = {k: v for k, v in snippet.options.items() if k not in ("caption", "class")}
        expected = expected_of(snippet, program.target, program.version)
        text = (expected.text, expected.unordered, expected.ignore) if expected else None
        elsewhere = dict(snippet.listing.elsewhere) if snippet.listing else None
        part = [snippet.kind, snippet.language, snippet.code, options, text, elsewhere]
        digest.update(encode(part).encode())
        found[snippet.index] = digest.hexdigest()
    return found
