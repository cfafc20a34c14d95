"""The driver: pages × targets → Results. Command line and pytest plugin are edges of it.

Targets run side by side, each in a thread; programs of one target run side by side on workers.
Results come in reading order, whatever ended first.
"""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from crossnotes import config, files
from crossnotes import ledger as ledgers
from crossnotes.book import Book, Reading, Source
from crossnotes.kinds import kind_of
from crossnotes.ledger import Ledger, one_per_snippet
from crossnotes.page import Listing, Problem, Snippet
from crossnotes.program import Program, at
from crossnotes.ranges import Version
from crossnotes.result import (
    NEEDS_PYTEST,
    NEEDS_SERVER,
    NO_SHELL,
    ONLY_SHOWN,
    BlockFailedError,
    Failure,
    Result,
    is_not_reached,
)
from crossnotes.run import project as projects
from crossnotes.run.bench import Bench
from crossnotes.run.benches import Benches, versions_of
from crossnotes.run.execution import Execution, has_commands
from crossnotes.run.project import Project
from crossnotes.run.record import Record
from crossnotes.run.reuse import Reuse, own_digest
from crossnotes.targets import Identity, Target, TargetError
from crossnotes.targets.requests import Request

# -- one program ----------------------------------------------------------------------------------


def results_of(bench: Bench, program: Program) -> list[Result]:
    """Run one program; a Result for each of its snippets, in reading order. Raises TargetError
    where the server is gone."""
    record, snippets = begin(bench, program)
    while snippets:
        worker = bench.worker()
        before = bench.changes
        try:
            Execution(bench, worker, record, snippets).run()
            # What another program changed meanwhile may be why this one failed.
            disturbed = bench.changes != before and record.stopped_by is not None
            _put_server_back(bench, record, snippets[-1])
        finally:
            bench.done_with(worker, program.page.path)
        if not disturbed:
            break
        record, snippets = begin(bench, program)
    return record.in_order()


def _put_server_back(bench: Bench, record: Record, last: Snippet) -> None:
    """Undo what a program changed on the server itself. What it left is its failure; a server that
    is gone ends its target, and not what is known already."""
    try:
        left = bench.put_server_back()
    except TargetError as error:
        bench.databases.lost.append(str(error))
        return
    if left:
        message = f"this page changed the server, and it could not be put back: {left}"
        record.failed(last, BlockFailedError(Failure(last.line, message)))


def begin(bench: Bench, program: Program) -> tuple[Record, list[Snippet]]:
    """Excuse what is not run here; the snippets that are."""
    program = at(program, bench.server.identity.number or None)
    record = Record(
        program,
        projects.state(bench.project, bench.config.setup),
        bench.masking,
        update=bench.update,
        compiling=bench.compiling,
        keep_going=bench.keep_going,
        confined=not (bench.is_open or bench.compiling),
        printed=bench.printed,
    )
    snippets = [_as_run(snippet, bench.project) for snippet in program.snippets]
    for snippet, reason in program.excused:
        record.excuse(snippet, reason)
    for snippet in snippets:
        if _only_shows(snippet, bench.project):
            record.excuse_unless_wrong(snippet, ONLY_SHOWN)
        elif snippet.problem is None and "skip" in snippet.options:
            record.excuse(snippet, snippet.options["skip"])
        elif not bench.shell and has_commands(snippet):
            record.excuse(snippet, NO_SHELL)
    rest = [snippet for snippet in snippets if snippet.index not in record.results]
    if program.page.fixtures and not bench.has_fixtures:
        for snippet in rest:
            record.excuse_unless_wrong(snippet, NEEDS_PYTEST)
        return record, []
    for snippet in rest:
        if needs_server(bench, snippet):
            record.excuse_unless_wrong(snippet, NEEDS_SERVER)
    return record, [snippet for snippet in rest if not needs_server(bench, snippet)]


def needs_server(bench: Bench, snippet: Snippet) -> bool:
    """Whether a block cannot do anything here, for there is no server."""
    return bench.compiling and "compiled" not in snippet.options


def _as_run(snippet: Snippet, project: Project | None) -> Snippet:
    """A listing of a file that is not the project's is a block like any other."""
    kind = kind_of(snippet.language)
    if snippet.listing is None or kind is None:
        return snippet
    if _is_of_project(snippet.listing, project):
        return snippet
    return replace(snippet, kind=kind)


def _only_shows(snippet: Snippet, project: Project | None) -> bool:
    """Whether it is a listing that no program could load or run."""
    if snippet.listing is None or kind_of(snippet.language):
        return False
    return not _is_of_project(snippet.listing, project)


def _is_of_project(listing: Listing, project: Project | None) -> bool:
    return project is not None and project.holds(listing.path)


# -- a run ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class TargetRun:
    """What one target did. `problem` says why it could not be had, `no_server` why there was only a
    compiler, `kept` what was left on purpose, `reused` how many of the results are of an earlier
    run."""

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
    finished: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: What the person asked for, where it names a version: `mysql@9.7`.
    asked: str = ""

    @property
    def name(self) -> str:
        return self.asked or self.target.name

    def had_by(self, benches: Benches) -> None:
        """Take down what the server is. Raises TargetError where it cannot be had."""
        had = benches.had(self.name)
        self.source, self.no_server = had.offer.source, had.no_server
        self.identity = had.server.identity
        self.versions = versions_of(self.target)

    @property
    def version(self) -> Version | None:
        """The numbers of the server's version, once it is known."""
        return (self.identity.number if self.identity else ()) or None

    def count(self, status: str) -> int:
        """How many results have a status; of those excused, the ones that were reached."""
        return sum(r.status == status and not is_not_reached(r) for r in self.results)

    @property
    def not_reached(self) -> int:
        return sum(map(is_not_reached, self.results))

    @property
    def failed(self) -> bool:
        return bool(self.problem) or self.count("failed") > 0

    def ledger(self) -> Ledger | None:
        """None where there was no server to say what it is."""
        if self.identity is None:
            return None
        results = one_per_snippet(self.results)
        return Ledger(self.target.name, self.finished, self.identity, self.versions, results)


def reuse_of(benches: Benches, run: TargetRun) -> Reuse:
    """The results of earlier runs on the same server with the same everything."""
    assert run.identity is not None
    return Reuse(
        run.target.name,
        {
            "identity": [run.identity.version, run.identity.tidb_version],
            "versions": run.versions,
            "project": benches.project.digest if benches.project else "",
            "config": config.as_text(benches.config),
            "shell": benches.options.shell,
            "crossnotes": own_digest(),
        },
    )


def write_ledgers(
    runs: Iterable[TargetRun], folder: Path, whole_pages: Collection[str]
) -> list[str]:
    """Beside the earlier results of other pages, and of blocks that this run did not take. What
    could not be written is told."""
    unwritten = []
    for run in runs:
        ledger = run.ledger()
        if ledger is None:
            continue
        path = ledgers.path_of(folder, run.name)
        try:
            earlier = ledgers.read_if_there(path)
        except ledgers.LedgerError as error:
            earlier = None
            print(f"{error}; it is kept as {ledgers.set_aside(path)}, and replaced")
        if earlier is not None and earlier.server.version and not ledger.server.version:
            continue  # what a server did says more than what was compiled without one
        try:
            ledgers.write(ledger.merged_into(earlier, whole_pages), path)
        except OSError as error:
            unwritten.append(f"cannot write {path}: {error.strerror}; what was there is as it was")
    return unwritten


#: Called with each finished program's results, from the thread of its target, in reading order.
Listener = Callable[[TargetRun, Program, list[Result]], None]

#: Called before each page, with the number of pages that are done and of all.
Progress = Callable[[TargetRun, int, int], None]


@dataclass(slots=True)
class _Place:
    """A page's place in the results: known ones, or programs that run or will."""

    source: Source
    reading: Reading | None = None
    programs: Sequence[Program] = ()
    futures: list[Future[list[Result]]] = field(default_factory=list)
    known: list[Result] | None = None

    @property
    def is_done(self) -> bool:
        return all(future.done() for future in self.futures)


@dataclass(slots=True)
class Driver:
    """Runs pages. `jobs` is how many programs run side by side, all targets together."""

    book: Book
    benches: Benches
    jobs: int = 1
    fail_fast: bool = False
    reuse: bool = False
    listener: Listener = lambda run, program, results: None
    progress: Progress = lambda run, done, of: None
    #: What the authors of pages have to mend, by page; and how many snippets were read.
    problems: dict[str, Sequence[Problem]] = field(default_factory=dict)
    snippets_seen: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def on(self, targets: Sequence[Target | Request], sources: Sequence[Source]) -> list[TargetRun]:
        """Run the pages on each target, side by side; a TargetRun each, in their order."""
        asked = [each if isinstance(each, Request) else Request(each) for each in targets]
        runs = [TargetRun(request.target, asked=request.name) for request in asked]
        workers = max(1, -(-self.jobs // max(1, len(targets))))
        if self.fail_fast or self.benches.options.database:
            workers = 1
        # Not join(): after Ctrl-C in one, Python 3.11 and 3.12 take the thread for ended.
        ended = [threading.Event() for _ in runs]
        threads = [
            threading.Thread(
                target=self._one_target, args=(run, sources, workers, end), name=run.name
            )
            for run, end in zip(runs, ended, strict=True)
        ]
        # Thousands of results are kept, and none of them is ever garbage.
        gc.freeze()
        for thread in threads:
            thread.start()
        try:
            for end in ended:
                end.wait()
        except KeyboardInterrupt:
            self._stop.set()
            self.benches.interrupt()
            for end in ended:
                end.wait()
            raise
        return runs

    def read(self, source: Source) -> Reading:
        """Read a page, and note what its author has to mend."""
        reading = self.book.read(source)
        if reading.problems:
            self.problems[reading.page.path] = reading.problems
        self.snippets_seen += len(reading.page.snippets)
        return reading

    def _one_target(
        self, run: TargetRun, sources: Sequence[Source], workers: int, ended: threading.Event
    ) -> None:
        started = time.perf_counter()
        try:
            with ThreadPoolExecutor(workers, thread_name_prefix=run.name) as pool:
                _OneTarget(self, run, sources, pool, workers).run()
        except TargetError as error:
            run.problem = str(error)
        except Exception as error:
            run.problem = _our_mistake(error)
        finally:
            run.seconds = time.perf_counter() - started
            run.finished = datetime.now(UTC)
            ended.set()


@dataclass(slots=True)
class _OneTarget:
    """The run of all pages on one target."""

    driver: Driver
    run_: TargetRun
    sources: Sequence[Source]
    pool: ThreadPoolExecutor
    workers: int
    bench: Bench | None = None
    kept: Reuse | None = None
    places: list[_Place] = field(default_factory=list)
    told: int = 0

    def run(self) -> None:
        """Run page after page. The server is started for the first that needs it."""
        self.places = [_Place(source) for source in self.sources]
        if self.driver.reuse and self.run_.target.built_in is not None:
            self.run_.identity = self.run_.target.built_in
            self.run_.versions = versions_of(self.run_.target)
            self.kept = reuse_of(self.driver.benches, self.run_)
        free = threading.Semaphore(2 * self.workers)
        for number, place in enumerate(sorted(self.places, key=_takes_long)):
            if self._is_over():
                break
            self.driver.progress(self.run_, number, len(self.sources))
            self._begin(place, free)
            self._tell()
        self._tell(to_the_end=True)
        self._close()

    def _is_over(self) -> bool:
        lost = self.bench is not None and self.bench.databases.lost
        return self.driver._stop.is_set() or bool(lost)

    def _begin(self, place: _Place, free: threading.Semaphore) -> None:
        """Take what is known of a page, or let its programs run when workers are free."""
        if self._take_over(place):
            return
        place.reading = self.driver.read(place.source)
        programs = self.driver.book.programs(place.reading, self.run_.target.name)
        if not programs:
            return
        if self.bench is None:
            self._open()
            if self._take_over(place):
                return
        programs = self.driver.book.programs(
            place.reading, self.run_.target.name, self.run_.version
        )
        bench = self.bench
        assert bench is not None
        if all(needs_server(bench, s) for program in programs for s in program.snippets):
            return
        place.programs = programs
        for program in programs:
            free.acquire()
            future = self.pool.submit(self._results, bench, program)
            future.add_done_callback(lambda _: free.release())
            place.futures.append(future)
            if self.driver.fail_fast:
                future.exception()

    def _results(self, bench: Bench, program: Program) -> list[Result]:
        if self._is_over():
            return []
        results = results_of(bench, program)
        if self.driver.fail_fast and any(result.status == "failed" for result in results):
            self.driver._stop.set()
        return results

    def _open(self) -> None:
        """Begin to use the target's server. Raises TargetError."""
        self.run_.had_by(self.driver.benches)
        self.bench = self.driver.benches.bench(self.run_.name)
        if self.kept is None and self.driver.reuse:
            self.kept = reuse_of(self.driver.benches, self.run_)

    # -- results ---------------------------------------------------------------------------------

    def _take_over(self, place: _Place) -> bool:
        """Take the results of a page that did not change, if there are any."""
        if self.kept is None or place.source.up_to is not None:
            return False
        place.known = self.kept.known(place.source.path)
        return place.known is not None

    def _tell(self, to_the_end: bool = False) -> None:
        """Take the results of the pages that come next, as far as they are there."""
        while self.told < len(self.places):
            place = self.places[self.told]
            begun = place.known is not None or place.reading is not None
            if not to_the_end and not (begun and place.is_done):
                return
            self.told += 1
            self._take(place)
            # A run may have thousands of pages.
            place.reading, place.programs, place.futures = None, (), []

    def _take(self, place: _Place) -> None:
        run = self.run_
        if place.known is not None:
            run.results += place.known
            run.reused += len(place.known)
            return
        of_page: list[Result] = []
        for program, future in zip(place.programs, place.futures, strict=False):
            results = future.result()
            if not results:  # it was interrupted
                return
            run.programs += 1
            run.results += results
            of_page += results
            self.driver.listener(run, program, results)
        if self.kept is not None and place.reading and place.source.up_to is None and of_page:
            self.kept.remember(place.source.path, place.reading.page, of_page)

    def _close(self) -> None:
        run = self.run_
        if self.kept is not None:
            self.kept.save()
        if self.bench is not None:
            run.kept = self.bench.databases.kept
            run.problem = run.problem or next(iter(self.bench.databases.lost), "")
        elif run.target.built_in is None and not self._is_over():
            # No page is for it; whether it can be had is told all the same.
            run.problem = self.driver.benches.look(run.name).problem
        if run.no_server and not run.results:
            run.identity, run.problem = None, run.no_server


def _takes_long(place: _Place) -> bool:
    """Pages with commands take the longest by far, and so begin first; False sorts before True."""
    try:
        text = files.read(place.source.path)
        return not any(word in text for word in _COMMANDS)
    except OSError:
        return True


_COMMANDS = (b"```console", b"```bash", b"```shell", b"```dotenv", b"} console", b"} bash")


def _our_mistake(error: Exception) -> str:
    """Said in one line, so that the other targets' results stand beside it."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a mistake in crossnotes itself, please report it: {type(error).__name__}: {error} "
        f"({Path(where.filename).name}:{where.lineno})"
    )
