"""Book: a project's configuration, dialect, tab labels, targets and pages, each read once.

Every edge begins with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from crossnotes import config as configuration
from crossnotes import dialects, reader
from crossnotes.config import Config
from crossnotes.markdown import Myst
from crossnotes.page import Page, Problem
from crossnotes.program import Labels, Program, programs, tab_problems, targets_of
from crossnotes.ranges import Version
from crossnotes.reader import Dialect
from crossnotes.targets import Target, every_target, releases, requests

PAGE = ".md"


class BookError(Exception):
    """Pages that are not there or that nobody can read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page that is to be read: where it is, what results call it, and how it is read. `up_to` is
    a line of it, where only the blocks to that line are wanted."""

    path: Path
    shown_as: str
    dialect: Dialect
    up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as it was read, and what its author has to mend. It is not kept: a run may have
    thousands."""

    source: Source
    page: Page
    problems: tuple[Problem, ...]


@dataclass
class Book:
    """The settings and pages of a project."""

    config: Config
    _dialects: dict[Path | None, Dialect] = field(default_factory=dict)
    #: By the folder of pages: where links lead, and how its pages are written.
    _folders: dict[Path, tuple[Path, Dialect]] = field(default_factory=dict)

    @cached_property
    def labels(self) -> Labels:
        return Labels(self.config.tabs, self.config.elsewhere)

    @cached_property
    def targets(self) -> list[str]:
        """The names of the targets that a page is for whose tabs and front matter name none."""
        return targets_of_project(self.config)

    def check(self) -> None:
        """Raise BookError where the settings name a target that there is not."""
        for name in self.config.targets:
            try:
                requests.parse(name)
            except requests.RequestError as error:
                file = self.config.root / configuration.FILE
                raise BookError(f"{file}: targets in [tool.crossnotes]: {error}") from error
        for label, target in self.config.tabs.items():
            if target not in every_target():
                raise BookError(
                    f"{self.config.root / configuration.FILE}: tab {label!r} names {target!r}; "
                    f"known targets are: {', '.join(every_target())}"
                )

    # -- finding pages ---------------------------------------------------------------------------

    def sources(self, paths: Sequence[str]) -> list[Source]:
        """The pages that paths name: files, folders, or `docs/a.md:12` for the blocks up to a
        line. Raises BookError for a path that is not there, for what is no page, and for a line on
        which no block stands."""
        found: dict[Path, Source] = {}
        for text in paths:
            path, line = _path_and_line(text)
            if not os.path.lexists(path):
                raise BookError(f"{text}: no such file or folder")
            for file in self._files(path, text):
                source = self.source(file)
                if line is not None:
                    source = self._up_to(source, line)
                found[source.path] = source
        return list(found.values())

    def _files(self, path: Path, text: str) -> Sequence[Path]:
        if not path.is_dir():
            if path.suffix == ".rst":
                raise BookError(f"{text}: {_NO_RST}")
            if path.suffix.lower() not in (PAGE, ".markdown"):
                raise BookError(f"{text}: not a page; pages are MyST Markdown (*{PAGE})")
            return [path]
        files = sorted(filter(_is_a_persons(path), path.rglob(f"*{PAGE}")))
        if not files and any(path.rglob("*.rst")):
            raise BookError(f"{text}: no pages (*{PAGE}) in it, but *.rst; {_NO_RST}")
        if not files:
            raise BookError(f"no pages (*{PAGE}) below {text}")
        return files

    def source(self, file: Path) -> Source:
        """A page. Raises BookError where its project's conf.py cannot be loaded."""
        if file.parent not in self._folders:
            folder = Path(os.path.realpath(file.parent))
            self._folders[file.parent] = folder, self.dialect(file.parent)
        folder, dialect = self._folders[file.parent]
        # A link to itself leads nowhere, which reading it tells.
        resolved = folder / file.name
        path = Path(os.path.realpath(file)) if file.is_symlink() else resolved
        return Source(path, self.shown_as(file, resolved), dialect)

    def shown_as(self, file: Path, resolved: Path) -> str:
        """A page's path from the repository's root, or as it was given outside of it."""
        root = self.config.root
        return str(resolved.relative_to(root) if resolved.is_relative_to(root) else file)

    def dialect(self, folder: Path) -> Dialect:
        """How the pages of a folder are written. Raises BookError."""
        conf = dialects.conf_folder(folder, self.config.root)
        if conf not in self._dialects:
            try:
                myst = dialects.myst_of(conf)
            except dialects.ConfError as error:
                raise BookError(str(error)) from error
            self._dialects[conf] = dialect_of(self.config, myst)
        return self._dialects[conf]

    def _up_to(self, source: Source, line: int) -> Source:
        """The source up to the block that `line` is in (or of its fence)."""
        page = self.read(source).page
        for snippet in page.snippets:
            last = snippet.line + snippet.code.count("\n") + 1
            if snippet.listing is not None:
                last = snippet.line
            if snippet.line - 1 <= line <= last:
                return Source(source.path, source.shown_as, source.dialect, snippet.line)
        known = ", ".join(str(snippet.line) for snippet in page.snippets) or "none"
        raise BookError(f"{page.path}:{line}: no block on that line; blocks begin on lines {known}")

    # -- reading them ----------------------------------------------------------------------------

    def read(self, source: Source) -> Reading:
        page = reader.read(source.path, source.shown_as, source.dialect)
        return Reading(source, page, (*page.problems, *tab_problems(page, self.labels)))

    def targets_of(self, page: Page) -> list[Target]:
        """The databases that a page is for."""
        return [every_target()[name] for name in targets_of(page, self.labels, self.targets)]

    def programs(
        self, reading: Reading, target: str, version: Version | None = None
    ) -> list[Program]:
        """The programs of a page on one target; for the version of its server, once it is known."""
        if target not in targets_of(reading.page, self.labels, self.targets):
            return []
        return [
            _up_to(program, reading.source.up_to)
            for program in programs(reading.page, target, self.labels, version)
            if program.snippets or program.excused
        ]


def targets_of_project(config: Config) -> list[str]:
    """The names of the targets that a project is for: those of its settings, else all there are."""
    named = dict.fromkeys(name.partition("@")[0] for name in config.targets)
    return list(named) or list(every_target())


def dialect_of(config: Config, myst: Myst) -> Dialect:
    """How the pages of a project are read."""
    return Dialect(
        config.show_only,
        frozenset(every_target()),
        myst,
        releases(),
        shows_unlabelled=config.unlabelled == "show",
    )


def _is_a_persons(folder: Path) -> Callable[[Path], bool]:
    """Whether a file below a folder is a page: what begins with a dot is an editor's."""
    return lambda page: not any(part.startswith(".") for part in page.relative_to(folder).parts)


_NO_RST = (
    "reStructuredText is not read; turn it into MyST Markdown (rst-to-myst does that) and run "
    "the .md"
)


def _path_and_line(text: str) -> tuple[Path, int | None]:
    name, colon, line = text.rpartition(":")
    if colon and line.isdecimal() and not Path(text).exists():
        return Path(name), int(line)
    return Path(text), None


def _up_to(program: Program, line: int | None) -> Program:
    """The program up to the block that stands on `line` of its page."""
    if line is None:
        return program
    kept = tuple(snippet for snippet in program.snippets if snippet.line <= line)
    return Program(program.page, program.target, kept, program.labels, version=program.version)
