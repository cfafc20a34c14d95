"""Feeds programs to workers on one server, and turns what happens into Results.

A worker that died, hung or was left dirty is one failed Result; the next program gets a new one.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossnotes.config import Config
from crossnotes.page import Listing, Snippet
from crossnotes.program import Program
from crossnotes.reader import KINDS
from crossnotes.result import NEEDS_PYTEST, NEEDS_SERVER, ONLY_SHOWN, Result
from crossnotes.run import project as projects
from crossnotes.run import together
from crossnotes.run.project import Project
from crossnotes.run.record import TIMEOUT, Record, demand
from crossnotes.run.worker import Worker
from crossnotes.targets import Database, Server, Target, TargetError
from crossnotes.targets.given import GivenDatabase

if TYPE_CHECKING:
    from crossnotes.run.alone import Alone


@dataclass(slots=True)
class Supervisor:
    """Runs programs on one server. `run_name` begins the name of each database it makes."""

    target: Target
    server: Server
    config: Config
    project: Project | None
    run_name: str
    folder: Path
    #: Whether the outputs are to be written into the pages, and so are not compared.
    update: bool = False
    #: Whether to leave databases and working copies; then `kept` says where they are.
    keep: bool = False
    kept: list[str] = field(default_factory=list)
    #: Whether there is no server, so that only blocks marked `:compiled:` do something.
    compiling: bool = False
    #: What the server said when a database could not be dropped: most likely it is gone.
    lost: list[str] = field(default_factory=list)
    #: Whether the person has had enough: no other program begins.
    interrupted: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _worker: Worker | None = None
    _shared: Database | None = None
    _alone: Alone | None = None

    def results(self, program: Program) -> list[Result]:
        """Run one program; a Result for each of its snippets, in reading order."""
        (results,) = self.results_of([program])
        return results

    def results_of(self, programs: Iterable[Program]) -> Iterator[list[Result]]:
        """Run programs in turn; the Results of each. Fewer if they were interrupted."""
        begun = [self._begun(program) for program in programs]
        for light, some in itertools.groupby(begun, key=_is_light):
            if light:
                turns = [
                    together.Turn(record, rest, self.project is not None) for record, rest in some
                ]
                yield from together.run(self, turns)
                continue
            # Only here, for most pages need neither a shell nor a `.env`.
            from crossnotes.run.alone import Alone

            for record, snippets in some:
                if self.interrupted:
                    return
                self._alone = Alone(self, record.program, record)
                self._alone.run(snippets)
                yield record.in_order()

    def _begun(self, program: Program) -> tuple[Record, list[Snippet]]:
        """Excuse what is not run; the snippets that are."""
        digest = self.project.digest if self.project else ""
        record = Record(program, digest, self.server.secrets, self.update, self.compiling)
        snippets = [self._as_run(snippet) for snippet in program.snippets]
        for snippet, reason in program.excused:
            record.excuse(snippet, reason)
        for snippet in filter(self._only_shows, snippets):
            record.excuse_unless_wrong(snippet, ONLY_SHOWN)
        for snippet in snippets:
            if snippet.problem is None and "skip" in snippet.options:
                record.excuse(snippet, snippet.options["skip"])
        rest = [snippet for snippet in snippets if snippet.index not in record.results]
        if reason := self.not_for_here(program):
            for snippet in rest:
                record.excuse_unless_wrong(snippet, reason)
            rest = []
        for snippet in filter(self.needs_server, rest):
            record.excuse_unless_wrong(snippet, NEEDS_SERVER)
        return record, [snippet for snippet in rest if not self.needs_server(snippet)]

    def interrupt(self) -> None:
        """End what runs now, at once; for another thread, when the person has had enough."""
        self.interrupted = True
        if self._worker is not None:
            self._worker.end_group()
        if self._alone is not None:
            self._alone.interrupt()

    def not_for_here(self, program: Program) -> str:
        """Why no block of a program is run by this supervisor; "" where they are."""
        return NEEDS_PYTEST if program.page.fixtures else ""

    def needs_server(self, snippet: Snippet) -> bool:
        """Whether a block cannot do anything here, for there is none."""
        return self.compiling and "compiled" not in snippet.options

    def _as_run(self, snippet: Snippet) -> Snippet:
        """A listing of a file that is not the project's is a block like any other."""
        if snippet.listing is None or snippet.language not in KINDS:
            return snippet
        if self._is_of_project(snippet.listing):
            return snippet
        return replace(snippet, kind=KINDS[snippet.language])

    def _only_shows(self, snippet: Snippet) -> bool:
        """Whether it is a listing that no program could load or run."""
        if snippet.listing is None or snippet.language in KINDS:
            return False
        return not self._is_of_project(snippet.listing)

    def _is_of_project(self, listing: Listing) -> bool:
        return self.project is not None and listing.path.is_relative_to(self.project.folder)

    def close(self) -> None:
        """End the worker, and drop what was made."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._shared is not None:
            self.drop(self._shared)
            self._shared = None

    def drop(self, database: Database) -> None:
        """Drop a database of the run, unless a person wants to look at it."""
        if self.keep:
            self.kept.append(f"database {database.name}")
            return
        try:
            self.server.drop_database(database)
        except TargetError as error:
            self.lost.append(str(error))

    # -- what sessions use -----------------------------------------------------------------------

    def new_database(self) -> Database:
        if isinstance(self.server, GivenDatabase) and self._shared is not None:
            # There is one database for all.
            self.close()
        return self.server.create_database(f"{self.run_name}_{next(self._numbers)}")

    def shared_database(self) -> Database:
        """The database that programs under rollback share; migrated by the first that needs it."""
        if self._shared is None:
            self._shared = self.new_database()
        return self._shared

    def shared_worker(self) -> Worker:
        if self._worker is None:
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix="worker-"))
            copy = folder / "project"
            copy.mkdir()
            if self.project is not None:
                self.project.copy_to(copy)
            environment = projects.environment(folder, Path(sys.executable))
            self._worker = Worker(copy, environment)
        return self._worker

    def set_up(
        self,
        worker: Worker,
        database: Database,
        snippet: Snippet,
        wanted: Mapping[str, Any] | None = None,
    ) -> None:
        """Set up Django in a worker, for a program whose block `snippet` needs it: with the
        database in place of the project's own, or, where `wanted` says what the project's own
        settings have to lead to, with those. Raises BlockError."""
        answer = worker.ask(
            "setup",
            TIMEOUT * 5,
            line=snippet.line,
            settings=self.project.settings if self.project else "",
            databases=None if wanted else {"default": dict(database.django)},
            wanted=wanted,
            target=self.target.name,
            migrate=self.project is not None and not wanted and not self.compiling,
            compile_only=self.compiling,
        )
        demand(answer, snippet)
        worker.has_django = True

    def private_worker(self, folder: Path, environment: Mapping[str, str]) -> Worker:
        """An interpreter for one program alone."""
        return Worker(folder, environment)

    def discard_shared_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None


def _is_light(begun: tuple[Record, Sequence[Snippet]]) -> bool:
    record, snippets = begun
    return together.is_light(record.program.isolation, snippets)
