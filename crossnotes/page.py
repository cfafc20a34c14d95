"""Page: one MyST file as its readers see it, with its snippets at their true lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """Something on a page that its author has to mend; it fails the run, at its line."""

    page: str
    line: int
    message: str
    #: What it is about, where that is no single block: see reader.UNLABELLED and reader.LANGUAGE.
    kind: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Tab:
    """One step of a tab path: a label of the tab set that opens on line `tab_set`."""

    tab_set: int
    label: str


@dataclass(frozen=True, slots=True)
class TabSet:
    """A row of tabs as a reader sees it. `synced`: choosing a label chooses it in every such set"""

    line: int
    labels: tuple[str, ...]
    synced: bool


@dataclass(frozen=True, slots=True)
class Output:
    """An expected block. `targets` is empty for the default one; `fence` is the line that opens
    it, `line` the first of its `lines` lines."""

    line: int
    text: str
    targets: tuple[str, ...] = ()
    unordered: bool = False
    ignore: tuple[str, ...] = ()
    fence: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a literalinclude shows: lines (counted from 1) of a file, and what it may leave unrun.

    `elsewhere` maps the source text of a statement to the reason why another tab runs it.
    """

    path: Path
    lines: tuple[int, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snippet:
    """One code block of a page. `line` is the first line of its code (of the directive for a
    literalinclude), `index` its place among the page's snippets, counted from 0."""

    page: str
    line: int
    index: int
    kind: str
    language: str
    code: str
    tabs: tuple[Tab, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    listing: Listing | None = None
    problem: Problem | None = None
    #: The file that an `include` took the block from, and to which `line` then belongs.
    source: str = ""

    @property
    def place(self) -> str:
        """The file in which a person would mend this block."""
        return self.source or self.page

    @property
    def labels(self) -> list[str]:
        """The tab path as a reader would say it."""
        return [tab.label for tab in self.tabs]

    @property
    def name(self) -> str:
        return self.options.get("name", "")

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that this snippet is narrowed to; empty for all."""
        return words(self.options.get("targets", ""))

    @property
    def code_sha256(self) -> str:
        return hashlib.sha256(self.code.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Page:
    """One MyST file: its snippets in reading order, its tab sets, its front matter's settings."""

    path: str
    snippets: tuple[Snippet, ...]
    tab_sets: tuple[TabSet, ...] = ()
    targets: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: The other files that it takes in.
    files: tuple[Path, ...] = ()
    #: The pytest fixtures that its blocks use by name.
    fixtures: tuple[str, ...] = ()
    #: How many blocks of each language are only shown.
    only_shown: Mapping[str, int] = field(default_factory=dict, compare=False)


def words(text: str) -> tuple[str, ...]:
    """The items of a comma-separated option."""
    return tuple(item for item in (part.strip() for part in text.split(",")) if item)
