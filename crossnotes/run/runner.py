"""A run: pages × targets, the targets side by side, each in a thread that waits for its workers."""

from __future__ import annotations

import platform
import tempfile
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crossnotes.config import Config
from crossnotes.ledger import Ledger, one_per_snippet
from crossnotes.parse import Page
from crossnotes.program import Labels, Program, programs, targets_of
from crossnotes.result import Result
from crossnotes.run.project import Project
from crossnotes.run.supervisor import Supervisor
from crossnotes.targets import Identity, Server, Target, TargetError, every_target


@dataclass(slots=True)
class Selection:
    """Pages to run; `lines` narrows a page to its programs' blocks up to a line."""

    pages: Sequence[Page]
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class TargetRun:
    """What one target did. `problem` says why it could not be had."""

    target: Target
    source: str = ""
    identity: Identity | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    programs: int = 0
    seconds: float = 0.0
    problem: str = ""
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


@dataclass(slots=True)
class Run:
    """One run and its settings. `environment` is where external servers are looked for."""

    config: Config
    project: Project | None
    environment: Mapping[str, str]
    fail_fast: bool = False
    listener: Listener = lambda run, program, results: None
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def labels(self) -> Labels:
        return Labels(self.config.tabs, self.config.elsewhere)

    def on(self, targets: Iterable[Target], selection: Selection) -> list[TargetRun]:
        """Run the selection on each target, side by side; a TargetRun each, in their order."""
        runs = [TargetRun(target) for target in targets]
        run_name = f"crossnotes_{uuid.uuid4().hex[:10]}"
        with tempfile.TemporaryDirectory(prefix="crossnotes-", ignore_cleanup_errors=True) as name:
            # Servers that drop root's rights have to reach their own folder in it.
            Path(name).chmod(0o755)
            threads = [
                threading.Thread(
                    target=self._one_target,
                    args=(run, selection, run_name, Path(name, run.target.name)),
                    name=run.target.name,
                )
                for run in runs
            ]
            if len(threads) == 1:
                threads[0].run()
            else:
                self._together(threads)
        return runs

    def _together(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop.set()
            for thread in threads:
                thread.join()
            raise

    def _one_target(
        self, run: TargetRun, selection: Selection, run_name: str, folder: Path
    ) -> None:
        started = time.perf_counter()
        chosen = self.chosen_programs(run.target, selection)
        try:
            if chosen:
                self._with_server(run, chosen, run_name, folder)
        except Exception as error:
            run.problem = _our_mistake(error)
        run.seconds = time.perf_counter() - started
        run.finished = datetime.now(UTC)

    def chosen_programs(self, target: Target, selection: Selection) -> list[Program]:
        """The programs of the selection on one target."""
        names = list(every_target())
        return [
            _up_to(program, selection.lines.get(page.path))
            for page in selection.pages
            if target.name in targets_of(page, self.labels, names)
            for program in programs(page, target.name, self.labels)
            if program.snippets or program.excused
        ]

    def _with_server(
        self, run: TargetRun, chosen: Sequence[Program], run_name: str, folder: Path
    ) -> None:
        server_folder = folder / "server"
        server_folder.mkdir(parents=True)
        try:
            offer = run.target.look(self.environment)
            if offer.start is None:
                run.problem = offer.problem
                return
            server = offer.start(server_folder)
        except TargetError as error:
            run.problem = str(error)
            return
        try:
            run.source = offer.source
            run.identity = server.identity
            run.versions = versions_of(run.target)
            self._run_programs(run, server, chosen, run_name, folder)
        finally:
            server.close()

    def _run_programs(
        self,
        run: TargetRun,
        server: Server,
        chosen: Sequence[Program],
        run_name: str,
        folder: Path,
    ) -> None:
        supervisor = Supervisor(run.target, server, self.config, self.project, run_name, folder)
        try:
            for program in chosen:
                if self._stop.is_set():
                    return
                results = supervisor.results(program)
                run.programs += 1
                run.results += results
                self.listener(run, program, results)
                if self.fail_fast and any(result.status == "failed" for result in results):
                    self._stop.set()
        finally:
            supervisor.close()


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
