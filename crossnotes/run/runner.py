"""A run: pages × targets, the targets side by side, each in a thread that waits for its workers."""

from __future__ import annotations

import contextlib
import platform
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crossnotes import config, reader
from crossnotes.config import Config
from crossnotes.ledger import Ledger, one_per_snippet
from crossnotes.page import Page, Problem
from crossnotes.program import Labels, Program, programs, tab_problems, targets_of
from crossnotes.reader import Dialect
from crossnotes.result import Result
from crossnotes.run.project import Project
from crossnotes.run.registration import PREFIX, Lifetime
from crossnotes.run.reuse import Reuse, own_digest
from crossnotes.run.supervisor import Supervisor
from crossnotes.run.together import AHEAD, weight
from crossnotes.targets import Identity, Offer, Server, Target, TargetError, every_target
from crossnotes.targets.given import GivenDatabase


@dataclass(frozen=True, slots=True)
class Source:
    """A page that is to be run: where it is, what results call it, and how it is read. `up_to` is
    a line of it, where only the blocks to that line are wanted."""

    path: Path
    shown_as: str
    dialect: Dialect
    up_to: int | None = None

    def page(self) -> Page:
        """Read it. It is not kept: a run may have thousands."""
        return reader.read(self.path, self.shown_as, self.dialect)


@dataclass(frozen=True, slots=True)
class _Read:
    """A page that was read and is to be run, and its programs on the target."""

    source: Source
    page: Page
    programs: Sequence[Program]


@dataclass(slots=True)
class TargetRun:
    """What one target did. `problem` says why it could not be had, `no_server` why there was only a
    compiler, `kept` what was left on purpose, `lost` what the server said when it was gone,
    `reused` how many of the results are of an earlier run."""

    target: Target
    source: str = ""
    identity: Identity | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    programs: int = 0
    reused: int = 0
    seconds: float = 0.0
    problem: str = ""
    no_server: str = ""
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    finished: datetime = field(default_factory=lambda: datetime.now(UTC))

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)

    @property
    def failed(self) -> bool:
        return bool(self.problem) or self.count("failed") > 0

    def ledger(self) -> Ledger | None:
        """None where there was no server to say what it is."""
        if self.identity is None:
            return None
        results = one_per_snippet(self.results)
        return Ledger(self.target.name, self.finished, self.identity, self.versions, results)


#: Called with each finished program's results, from the thread of its target.
Listener = Callable[[TargetRun, Program, list[Result]], None]

#: Called before each page, with the number of pages that are done and of all.
Progress = Callable[[TargetRun, int, int], None]


@dataclass(slots=True)
class Run:
    """One run and its settings. `environment` is where external servers are looked for."""

    config: Config
    project: Project | None
    environment: Mapping[str, str]
    fail_fast: bool = False
    keep_db: bool = False
    update: bool = False
    reuse: bool = False
    #: A database of an external server that is given to the run, instead of the right to make some.
    database: str = ""
    listener: Listener = lambda run, program, results: None
    progress: Progress = lambda run, done, of: None
    #: What the authors of pages have to mend, by page; and how many snippets were read.
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    snippets_seen: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lifetime: Lifetime = field(init=False)
    _supervisors: list[Supervisor] = field(default_factory=list)

    @property
    def labels(self) -> Labels:
        return Labels(self.config.tabs, self.config.elsewhere)

    def on(self, targets: Iterable[Target], sources: Sequence[Source]) -> list[TargetRun]:
        """Run the pages on each target, side by side; a TargetRun each, in their order."""
        runs = [TargetRun(target) for target in targets]
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Servers that drop root's rights have to reach their own folder in it.
        folder.chmod(0o755)
        self._lifetime = Lifetime(folder)
        try:
            threads = [
                threading.Thread(
                    target=self._one_target,
                    args=(run, sources, folder / run.target.name),
                    name=run.target.name,
                )
                for run in runs
            ]
            if len(threads) == 1:
                threads[0].run()
            else:
                self._together(threads)
        finally:
            if not self.keep_db:
                shutil.rmtree(folder, ignore_errors=True)
            self._lifetime.end(left=any(run.lost for run in runs))
        return runs

    def _together(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop.set()
            for supervisor in self._supervisors:
                supervisor.interrupt()
            for thread in threads:
                thread.join()
            raise

    def _one_target(self, run: TargetRun, sources: Sequence[Source], folder: Path) -> None:
        started = time.perf_counter()
        try:
            self._run_pages(run, sources, folder)
            run.problem = run.problem or next(iter(run.lost), "")
        except TargetError as error:
            run.problem = str(error)
        except Exception as error:
            run.problem = _our_mistake(error)
        run.seconds = time.perf_counter() - started
        run.finished = datetime.now(UTC)

    def _run_pages(self, run: TargetRun, sources: Sequence[Source], folder: Path) -> None:
        """Run page after page. The server is started for the first that needs it."""
        with contextlib.ExitStack() as stack:
            supervisor: Supervisor | None = None
            kept = self._kept(run, run.target.built_in)
            ahead: list[_Read] = []
            blocks = 0
            for number, source in enumerate(sources):
                if self._stop.is_set() or run.lost:
                    break
                self.progress(run, number, len(sources))
                if self._take_over(run, kept, source):
                    continue
                page = self.read(source)
                chosen = self.chosen_programs(run.target, source, page)
                if not chosen:
                    continue
                if supervisor is None:
                    supervisor = self._open(run, folder, stack)
                    if supervisor is None:
                        return
                    kept = kept or self._kept(run, run.identity)
                    if self._take_over(run, kept, source):
                        continue
                if not any(_has_work(supervisor, program) for program in chosen):
                    continue
                ahead.append(_Read(source, page, chosen))
                blocks += sum(map(weight, chosen))
                if self.fail_fast or blocks >= AHEAD:
                    self._run_read(run, supervisor, ahead, kept)
                    ahead, blocks = [], 0
            if supervisor is not None:
                self._run_read(run, supervisor, ahead, kept)
            if kept is not None:
                kept.save()
            if run.no_server and not run.results:
                run.identity, run.problem = None, run.no_server
            if supervisor is None and run.target.built_in is None:
                # No page is for it; whether it can be had is told all the same.
                run.problem = run.target.look(self.environment).problem

    def _kept(self, run: TargetRun, identity: Identity | None) -> Reuse | None:
        """The results of earlier runs on the same server with the same everything, if they are
        wanted and the server is known."""
        if not self.reuse or identity is None:
            return None
        run.identity = identity
        run.versions = versions_of(run.target)
        return Reuse(
            run.target.name,
            {
                "identity": [identity.version, identity.tidb_version],
                "versions": run.versions,
                "project": self.project.digest if self.project else "",
                "config": config.as_text(self.config),
                "crossnotes": own_digest(),
            },
        )

    def _take_over(self, run: TargetRun, kept: Reuse | None, source: Source) -> bool:
        """Take the results of a page that did not change, if there are any."""
        results = kept.known(source.path) if kept and source.up_to is None else None
        if results is None:
            return False
        run.results += results
        run.reused += len(results)
        return True

    def read(self, source: Source) -> Page:
        """Read a page, and note what its author has to mend."""
        page = source.page()
        problems = [*page.problems, *tab_problems(page, self.labels)]
        if problems:
            self.problems[page.path] = problems
        self.snippets_seen += len(page.snippets)
        return page

    def chosen_programs(self, target: Target, source: Source, page: Page) -> list[Program]:
        """The programs of a page on one target."""
        if target.name not in targets_of(page, self.labels, list(every_target())):
            return []
        return [
            _up_to(program, source.up_to)
            for program in programs(page, target.name, self.labels)
            if program.snippets or program.excused
        ]

    def _open(self, run: TargetRun, folder: Path, stack: contextlib.ExitStack) -> Supervisor | None:
        """A supervisor on the target's server, or None, with the reason in `run.problem`."""
        server_folder = folder / "server"
        server_folder.mkdir(parents=True)
        try:
            offer = run.target.look(self.environment)
            if offer.start is not None:
                server = self._as_given(offer, offer.start(server_folder))
            elif offer.compiler is not None:
                server = offer.compiler()
                run.no_server = offer.problem
            else:
                run.problem = offer.problem
                return None
        except TargetError as error:
            run.problem = str(error)
            return None
        stack.callback(server.close)
        self._lifetime.uses(run.target, offer, server)
        run.source = offer.source
        run.identity = server.identity
        run.versions = versions_of(run.target)
        supervisor = Supervisor(
            run.target, server, self.config, self.project, self._lifetime.name, folder
        )
        supervisor.update, supervisor.keep, supervisor.kept = self.update, self.keep_db, run.kept
        supervisor.lost = run.lost
        supervisor.compiling = bool(run.no_server)
        stack.callback(supervisor.close)
        self._supervisors.append(supervisor)
        return supervisor

    def _as_given(self, offer: Offer, server: Server) -> Server:
        """The server, with the database that was given, if one was. Raises TargetError."""
        if not self.database:
            return server
        try:
            if offer.source != "external":
                raise TargetError(
                    f"--database {self.database} is for an external server, and this is one of "
                    "the run's own; take it away"
                )
            return GivenDatabase(server, self.database)
        except TargetError:
            server.close()
            raise

    def _run_read(
        self,
        run: TargetRun,
        supervisor: Supervisor,
        pages: Sequence[_Read],
        kept: Reuse | None,
    ) -> None:
        """Run the programs of some pages, and remember what became of those that are whole."""
        programs = [program for read in pages for program in read.programs]
        found = supervisor.results_of(programs)
        if self.fail_fast:
            found = (supervisor.results(program) for program in programs)
        for read in pages:
            of_page: list[Result] = []
            for program in read.programs:
                results = None if self._stop.is_set() else next(found, None)
                if results is None:  # it was interrupted
                    return
                run.programs += 1
                run.results += results
                of_page += results
                self.listener(run, program, results)
                if self.fail_fast and any(result.status == "failed" for result in results):
                    self._stop.set()
            if kept is not None and read.source.up_to is None:
                kept.remember(read.source.path, read.page, of_page)


def _has_work(supervisor: Supervisor, program: Program) -> bool:
    """Whether a program has a block that does something here: without a server, most have none."""
    return not all(supervisor.needs_server(snippet) for snippet in program.snippets)


def _our_mistake(error: Exception) -> str:
    """Said in one line, so that the other targets' results stand beside it."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a mistake in crossnotes itself, please report it: {type(error).__name__}: {error} "
        f"({Path(where.filename).name}:{where.lineno})"
    )


def _up_to(program: Program, line: int | None) -> Program:
    """The program up to the block that stands on `line` of its page."""
    if line is None:
        return program
    kept = tuple(snippet for snippet in program.snippets if snippet.line <= line)
    return Program(program.page, program.target, kept, program.labels)


def versions_of(target: Target) -> dict[str, str]:
    """Versions of what stands between a program and its server."""
    import importlib.metadata

    names = {"django": "Django"}
    if target.driver:
        names[target.driver] = target.driver
    if target.engine == "django_tidb":
        names["django-tidb"] = "django-tidb"
    found = {"python": platform.python_version()}
    for name, distribution in names.items():
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
