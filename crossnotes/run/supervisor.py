"""Feeds programs to workers on one server, and turns what happens into Results.

A worker that died, hung or was left dirty is one failed Result; the next program gets a new one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crossnotes.config import Config
from crossnotes.parse import KINDS, Listing, Output, Snippet
from crossnotes.program import Program, expected_of, hashes
from crossnotes.result import (
    EXPECTED_TO_FAIL,
    NEEDS_PYTEST,
    NOT_REACHED,
    ONLY_SHOWN,
    Failure,
    Result,
    Status,
)
from crossnotes.run import console, dotenv
from crossnotes.run import project as projects
from crossnotes.run.compare import Expected, matches, same
from crossnotes.run.project import Project
from crossnotes.run.trace import Trace
from crossnotes.run.worker import Worker, WorkerDiedError, WorkerTimeoutError
from crossnotes.targets import Database, Server, Target, TargetError

#: Seconds that one block may take, unless its `:timeout:` says otherwise.
TIMEOUT = 120.0

_INTERPRETED = ("python", "pycon", "sql")
_NEEDS_FILES = ("console", "dotenv", "file", "listing")


class BlockError(Exception):
    """A block that failed; carries what its author is told."""

    def __init__(self, failure: Failure, output: str = "") -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.output = output


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
    #: What the server said when a database could not be dropped: most likely it is gone.
    lost: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _worker: Worker | None = None
    _shared: Database | None = None
    _session: _Session | None = None

    def results(self, program: Program) -> list[Result]:
        """Run one program; a Result for each of its snippets, in reading order."""
        digest = self.project.digest if self.project else ""
        found = _Recorder(program, hashes(program, digest), self.server.secrets)
        program = replace(program, snippets=tuple(map(self._as_run, program.snippets)))
        for snippet, reason in program.excused:
            found.add(snippet, "excused", reason)
        for snippet in filter(self._only_shows, program.snippets):
            found.excuse_unless_wrong(snippet, ONLY_SHOWN)
        runnable = [
            s
            for s in program.snippets
            if s.index not in found.results and not found.excuse_or_fail(s)
        ]
        if reason := self.not_for_here(program):
            for snippet in runnable:
                found.excuse_unless_wrong(snippet, reason)
            return found.in_order()
        if runnable:
            self._session = _Session(self, program, found)
            self._session.run(runnable)
        return found.in_order()

    def interrupt(self) -> None:
        """End what runs now, at once; for another thread, when the person has had enough."""
        if self._session is not None:
            self._session.interrupt()

    def not_for_here(self, program: Program) -> str:
        """Why no block of a program is run by this supervisor; "" where they are."""
        return NEEDS_PYTEST if program.page.fixtures else ""

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

    def private_worker(self, folder: Path, environment: Mapping[str, str]) -> Worker:
        """An interpreter for one program alone."""
        return Worker(folder, environment)

    def discard_shared_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None


def _forms(secret: str) -> list[str]:
    """A secret as it is, and as Python, JSON, a URL and a `.env` write it; the longest first."""
    quoted = secret.replace("\\", "\\\\").replace("'", "\\'")
    forms = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quoted}
    forms |= {urllib.parse.quote(secret), urllib.parse.quote_plus(secret)}
    return sorted(forms, key=len, reverse=True)


class _Recorder:
    """Collects Results of one program."""

    def __init__(
        self, program: Program, program_hashes: Mapping[int, str], secrets: Sequence[str]
    ) -> None:
        self.program = program
        self.hashes = program_hashes
        self.secrets = [form for secret in secrets if secret for form in _forms(secret)]
        self.results: dict[int, Result] = {}

    def add(
        self,
        snippet: Snippet,
        status: Status,
        reason: str = "",
        seconds: float = 0.0,
        output: str = "",
        failure: Failure | None = None,
        parts: Sequence[str] = (),
    ) -> None:
        self.results[snippet.index] = Result(
            snippet.page,
            snippet.line,
            snippet.index,
            snippet.name,
            snippet.language,
            tuple(snippet.labels),
            snippet.code_sha256,
            self.hashes.get(snippet.index, ""),
            status,
            self.masked(reason),
            round(seconds, 4),
            self.masked(output),
            self._masked_failure(failure, snippet.source) if failure else None,
            tuple(self.masked(part) for part in parts),
        )

    def fail(
        self, snippet: Snippet, failure: Failure, seconds: float = 0.0, output: str = ""
    ) -> None:
        self.add(snippet, "failed", failure.message, seconds, output, failure)

    def excuse_or_fail(self, snippet: Snippet) -> bool:
        """Record what needs no running: an excuse. True if it was one."""
        if snippet.problem is None and "skip" in snippet.options:
            self.add(snippet, "excused", snippet.options["skip"])
            return True
        return False

    def excuse_unless_wrong(self, snippet: Snippet, reason: str) -> None:
        """Record an excuse, which a block that is written wrongly does not get."""
        if snippet.problem is None:
            self.add(snippet, "excused", reason)
        else:
            self.fail(snippet, Failure(snippet.problem.line, snippet.problem.message))

    def in_order(self) -> list[Result]:
        return [self.results[index] for index in sorted(self.results)]

    def masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "********")
        return text

    def _masked_failure(self, failure: Failure, source: str) -> Failure:
        return Failure(
            failure.line,
            self.masked(failure.message),
            self.masked(failure.expected),
            self.masked(failure.got),
            tuple(self.masked(line) for line in failure.details),
            source,
        )


class _Session:
    """One program while it runs."""

    def __init__(self, supervisor: Supervisor, program: Program, found: _Recorder) -> None:
        self.supervisor = supervisor
        self.program = program
        self.found = found
        self.project = supervisor.project
        self.isolation = program.isolation
        kinds = {snippet.kind for snippet in program.snippets}
        self.has_files = bool(kinds.intersection(_NEEDS_FILES))
        self.private = self.has_files or self.isolation != "rollback"
        self.worker: Worker | None = None
        self.has_django = False
        #: Whether the next blocks are to begin with an empty namespace.
        self.fresh = True
        self.opened = False
        #: Whether a block left the interpreter so that no other program may use it.
        self.dirty = False
        self.shell: console.Shell | None = None
        self.trace: Trace | None = None
        self.database: Database | None = None
        self.folder = Path()
        self.copy = Path()
        self.environment: dict[str, str] = {}

    # -- the life of a program -------------------------------------------------------------------

    def run(self, snippets: Sequence[Snippet]) -> None:
        """Run the snippets in order; the first failure ends the program."""
        stopped_by: Snippet | None = None
        with contextlib.ExitStack() as stack:
            stack.callback(self._close)
            stack.push(self._interrupted)
            for group in _groups(snippets):
                if stopped_by is None:
                    stopped_by = self._run_group(group, stack)
                self._not_reached(group, stopped_by)
            if stopped_by is None and self.isolation == "project":
                self._check_connected(snippets[-1])
            # What ran is known when the processes have ended, and the files are still there.
            self._end_processes()
            self._prove_listings(snippets, stopped_by)

    def interrupt(self) -> None:
        """End the processes of the program, which then fails."""
        self.dirty = True
        if self.worker is not None:
            self.worker.end_group()
        if self.shell is not None:
            self.shell.end_groups()

    def _interrupted(self, kind: type[BaseException] | None, *_: object) -> None:
        """After Ctrl-C nobody waits for a block to end."""
        if kind is not None:
            self.interrupt()

    def _run_group(self, group: list[Snippet], stack: contextlib.ExitStack) -> Snippet | None:
        """Run a group; the snippet that failed, or None."""
        current = group[0]
        try:
            if not self.opened:
                self._open(stack)
            if current.kind in _INTERPRETED and current.problem is None:
                return self._interpret(group)
            self.parts: list[str] = []
            output, seconds = self._one(current)
        except BlockError as error:
            return self._failed(current, error)
        except Exception as error:
            failure = _trouble(error, current)
            if failure is None:
                raise
            return self._failed(current, BlockError(failure))
        if current.kind == "listing":
            return None
        return self._passed(current, output, seconds, self.parts)

    def _passed(
        self, snippet: Snippet, output: str, seconds: float, parts: Sequence[str] = ()
    ) -> Snippet | None:
        if "xfail" in snippet.options:
            failure = Failure(
                snippet.line,
                f"passes, though marked :xfail: {snippet.options['xfail']}; take the mark away",
            )
            self.found.fail(snippet, failure, seconds, output)
            return snippet
        self.found.add(snippet, "passed", "", seconds, output, parts=parts)
        return None

    def _failed(self, snippet: Snippet, error: BlockError, seconds: float = 0) -> Snippet | None:
        if "xfail" in snippet.options:
            reason = f"{EXPECTED_TO_FAIL}{snippet.options['xfail']}"
            self.found.add(snippet, "excused", reason, seconds, error.output)
            return None
        self.found.fail(snippet, error.failure, seconds, error.output)
        return snippet

    def _not_reached(self, group: Sequence[Snippet], stopped_by: Snippet | None) -> None:
        if stopped_by is None:
            return
        failure = self.found.results[stopped_by.index].failure
        line = failure.line if failure else stopped_by.line
        for snippet in group:
            if snippet.index not in self.found.results and snippet.kind != "listing":
                self.found.add(snippet, "excused", f"{NOT_REACHED}{snippet.page}:{line} failed")

    # -- opening and closing ---------------------------------------------------------------------

    def _open(self, stack: contextlib.ExitStack) -> None:
        self.opened = True
        if not self.private:
            return
        supervisor = self.supervisor
        self.folder = Path(tempfile.mkdtemp(dir=supervisor.folder, prefix="program-"))
        stack.callback(self._remove_folder)
        stack.callback(self._drop_database)
        if self.project is None and self.isolation == "project":
            raise BlockError(
                Failure(
                    self.program.snippets[0].line,
                    "isolation project needs a Django project; name it with --django DIR",
                )
            )
        self.copy = self.folder / "project"
        self.copy.mkdir()
        if self.project is not None:
            self.project.copy_to(self.copy)
        self.environment = projects.environment(self.folder, Path(sys.executable))
        if self.isolation != "project" and self._uses_database():
            facts = self._own_database().facts
            self.environment |= projects.connection_environment(supervisor.config.connection, facts)
        stack.callback(self._end_processes)
        listings = [s.listing for s in self.program.snippets if s.listing and s.kind == "listing"]
        if listings:
            self.trace = Trace(self.folder / "trace", [self._in_copy(x) for x in listings])
            self.environment |= self.trace.environment()
        self.shell = console.Shell(self.copy, self.environment, self.folder / "shell")

    def _uses_database(self) -> bool:
        if self.project is not None:
            return True
        return any(s.kind in ("sql", "console") for s in self.program.snippets)

    def _own_database(self) -> Database:
        if self.database is None:
            shared = self.isolation == "rollback"
            supervisor = self.supervisor
            self.database = supervisor.shared_database() if shared else supervisor.new_database()
        return self.database

    def _remove_folder(self) -> None:
        if self.supervisor.keep:
            self.supervisor.kept.append(f"{self.program.page.path}: working copy {self.copy}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _drop_database(self) -> None:
        if self.database is not None and self.isolation != "rollback":
            self.supervisor.drop(self.database)

    def _close(self) -> None:
        """Give the shared worker back."""
        worker = self.worker
        if worker is None or self.private:
            return
        if self.dirty:
            self.supervisor.discard_shared_worker()
            return
        if not self.has_django:
            return
        try:
            clean = worker.ask("end", TIMEOUT)["ok"]
        except (WorkerDiedError, WorkerTimeoutError):
            clean = False
        if not clean:
            self.supervisor.discard_shared_worker()

    def _end_processes(self) -> None:
        if self.shell is None:
            return
        self.shell.close()
        self.shell = None
        if self.worker is not None:
            self.worker.stop()
            self.worker = None
        if self.trace is not None:
            self.trace.finish()

    # -- python, pycon, sql ----------------------------------------------------------------------

    def _interpret(self, group: Sequence[Snippet]) -> Snippet | None:
        """Send a run of blocks in one request."""
        needs_django = self.project is not None or any(s.kind == "sql" for s in group)
        timeouts = [_timeout(snippet) for snippet in group]
        worker = self._ready_worker(group[0], needs_django)
        waiting = iter(group)
        current = group[0]
        try:
            blocks = [self._block(snippet) for snippet in group]
            failed = None
            # To the end, which comes at once after a failure, or the next request would read it.
            for answer in worker.request("run", timeouts, blocks=blocks, **self._state()):
                current = next(waiting)
                failed = failed or self._answered(current, answer)
            return failed
        except (WorkerDiedError, WorkerTimeoutError) as error:
            current = next(waiting, current)
            if not self.private:
                self.supervisor.discard_shared_worker()
            self.worker = None
            return self._failed(current, BlockError(_trouble_of_worker(error, current)))

    def _state(self) -> dict[str, bool]:
        """What the interpreter has to know of the program besides its blocks."""
        fresh, self.fresh = self.fresh, False
        return {"fresh": fresh, "shared": not self.private}

    def _answered(self, snippet: Snippet, answer: Mapping[str, Any]) -> Snippet | None:
        self.dirty = self.dirty or answer.get("dirty", False)
        if answer["ok"]:
            return self._passed(snippet, answer["output"], answer["seconds"], answer["parts"])
        failure = Failure(
            answer["line"] or snippet.line, answer["message"], answer["expected"], answer["got"]
        )
        if snippet.listing is not None:
            shown = (f"{snippet.listing.path.name}:{failure.line}",)
            failure = replace(failure, line=snippet.line, details=shown)
        return self._failed(snippet, BlockError(failure, answer["output"]), answer["seconds"])

    def _ready_worker(self, snippet: Snippet, needs_django: bool) -> Worker:
        """The interpreter, begun for this program, with Django set up if it is needed."""
        if self.worker is None:
            if self.shell is not None:
                # A reader starts a new session in the folder and with the variables of the shell.
                self.worker = self.supervisor.private_worker(
                    self.shell.folder, self.shell.environment
                )
            else:
                self.worker = self.supervisor.shared_worker()
            self.has_django = False
            self.fresh = True
        if needs_django and not self.has_django:
            if not self.worker.has_django:
                self._set_up(self.worker, snippet)
            if self.isolation == "rollback":
                self._demand(self.worker.ask("atomic", TIMEOUT), snippet)
            self.has_django = True
        return self.worker

    def _set_up(self, worker: Worker, snippet: Snippet) -> None:
        database = self._own_database()
        own_settings = self.isolation == "project"
        answer = worker.ask(
            "setup",
            TIMEOUT * 5,
            line=snippet.line,
            settings=self.project.settings if self.project else "",
            databases=None if own_settings else {"default": dict(database.django)},
            wanted=self._wanted(database) if own_settings else None,
            target=self.supervisor.target.name,
            migrate=self.project is not None and not own_settings,
        )
        self._demand(answer, snippet)
        worker.has_django = True

    def _wanted(self, database: Database) -> dict[str, Any]:
        """What the project's own settings have to lead to."""
        engine = self.supervisor.target.engine
        if self.supervisor.target.name == "sqlite":
            # The settings place it; anywhere in the working copy is right.
            return {"engine": engine, "name": str(self.copy), "prefix": True, "encrypted": False}
        return {
            "engine": engine,
            "name": database.name,
            "prefix": False,
            "encrypted": database.encrypted,
        }

    def _demand(self, answer: Mapping[str, Any], snippet: Snippet) -> None:
        if not answer["ok"]:
            raise BlockError(
                Failure(
                    answer["line"] or snippet.line,
                    answer["message"],
                    answer["expected"],
                    answer["got"],
                )
            )

    def _expected(self, snippet: Snippet) -> Output | None:
        return None if self.supervisor.update else expected_of(snippet, self.program.target)

    def _update(self, snippet: Snippet) -> str:
        """What a run that writes the outputs into the page takes from this block."""
        if not self.supervisor.update:
            return ""
        return "output" if snippet.outputs else "examples"

    def _block(self, snippet: Snippet) -> dict[str, Any]:
        expected = self._expected(snippet)
        return {
            "kind": snippet.kind,
            "code": snippet.code,
            "line": snippet.listing.lines[0] if snippet.listing else snippet.line,
            "page": str(snippet.listing.path) if snippet.listing else snippet.place,
            "update": self._update(snippet),
            "raises": snippet.options.get("raises"),
            "xfail": "xfail" in snippet.options,
            "expected_line": expected.line if expected else 0,
            "expected": {
                "text": expected.text,
                "unordered": expected.unordered,
                "ignore": expected.ignore,
            }
            if expected
            else None,
        }

    # -- the other kinds -------------------------------------------------------------------------

    def _one(self, snippet: Snippet) -> tuple[str, float]:
        """Run a block that is not for the interpreter: its output and its seconds."""
        if snippet.problem is not None:
            raise BlockError(Failure(snippet.problem.line, snippet.problem.message))
        kinds = {
            "console": self._console,
            "dotenv": self._dotenv,
            "file": self._file,
            "listing": self._listing,
        }
        started = os.times().elapsed
        output = kinds[snippet.kind](snippet)
        return output, os.times().elapsed - started

    def _listing(self, snippet: Snippet) -> str:
        """Proved when the program has ended."""
        return ""

    def _file(self, snippet: Snippet) -> str:
        path = (self.copy / snippet.options["file"]).resolve()
        if not path.is_relative_to(self.copy.resolve()):
            raise BlockError(Failure(snippet.line, ":file: leads out of the project"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.code + "\n", encoding="utf-8")
        self._refresh(path)
        return ""

    def _dotenv(self, snippet: Snippet) -> str:
        config = self.supervisor.config
        facts = self._own_database().facts
        try:
            text = dotenv.live(snippet.code, snippet.line, config.connection, config.dotenv, facts)
        except dotenv.DotenvError as error:
            raise BlockError(error.failure) from error
        path = self.copy / ".env"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        self._refresh(path)
        if self.project is not None:
            self._ready_worker(snippet, needs_django=True)
        return ""

    def _refresh(self, path: Path) -> None:
        """Let the interpreter see a new file; start another where it has seen the old one."""
        if self.worker is None:
            return
        if self.worker.ask("refresh", TIMEOUT, path=str(path.resolve()))["restart"]:
            self.worker.stop()
            self.worker = None

    def _console(self, snippet: Snippet) -> str:
        expected = self._expected(snippet)
        printed: list[str] = []
        for command in console.commands(snippet.code):
            line = snippet.line + command.offset
            if command.sql:
                output = self._sql_command(snippet, command, line)
            else:
                output = self._shell_command(snippet, command, line)
            printed.append(output)
            if command.shown and not self.supervisor.update:
                shown = "\n".join(command.shown)
                right = console.shown_rows(command.shown) if command.sql else shown
                if not matches(Expected(right), output):
                    raise BlockError(
                        Failure(
                            line + 1 + command.text.count("\n"),
                            "the output is not what the page shows",
                            right,
                            output,
                        ),
                        output,
                    )
        text = "\n".join(part.rstrip("\n") for part in printed if part)
        if expected is not None:
            wanted = Expected(expected.text, expected.unordered, expected.ignore)
            if not matches(wanted, text):
                raise BlockError(
                    Failure(
                        expected.line, "the output is not what the page shows", expected.text, text
                    ),
                    text,
                )
        self.parts = printed
        return text

    def _sql_command(self, snippet: Snippet, command: console.Command, line: int) -> str:
        worker = self._ready_worker(snippet, needs_django=True)
        block = self._block(snippet) | {
            "kind": "sql",
            "code": command.text,
            "line": line,
            "expected": None,
        }
        answer = worker.ask("run", _timeout(snippet), blocks=[block], **self._state())
        self._demand(answer, snippet)
        return str(answer["output"])

    def _shell_command(self, snippet: Snippet, command: console.Command, line: int) -> str:
        assert self.shell is not None
        timeout = _timeout(snippet)
        if url := snippet.options.get("background"):
            return self._serve(snippet, command, line, url, timeout)
        outcome = self.shell.run(command.text, timeout)
        line += outcome.line - 1
        what = f"`{[*command.text.splitlines(), ''][outcome.line - 1].strip()}`"
        if outcome.timed_out:
            raise BlockError(Failure(line, f"{what} took longer than {timeout:g} s"))
        if outcome.too_much:
            raise BlockError(Failure(line, f"{what} printed more than 1,000,000 bytes"))
        raises = snippet.options.get("raises")
        if outcome.status and raises is None:
            raise BlockError(
                Failure(
                    line,
                    f"{what} ended with status {outcome.status}",
                    details=_last_lines(outcome.output),
                ),
                outcome.output,
            )
        if raises is not None and not self._raised(raises, outcome):
            raise BlockError(
                Failure(line, f"{what} did not fail as the page says", raises, outcome.output),
                outcome.output,
            )
        return outcome.output

    @staticmethod
    def _raised(raises: str, outcome: console.Outcome) -> bool:
        if not outcome.status:
            return False
        return raises == str(outcome.status) or any(
            raises in line or same(raises, line) for line in outcome.output.splitlines()
        )

    def _serve(
        self, snippet: Snippet, command: console.Command, line: int, url: str, timeout: float
    ) -> str:
        assert self.shell is not None
        try:
            self.shell.serve(command.text, url, timeout)
        except console.PortTakenError as error:
            raise BlockError(Failure(line, str(error))) from error
        except console.ServerNotUpError as error:
            raise BlockError(
                Failure(line, str(error), details=_last_lines(error.output)), error.output
            ) from error
        return ""

    # -- at the end ------------------------------------------------------------------------------

    def _check_connected(self, last: Snippet) -> None:
        """A program of commands alone has to have used its target's database, too."""
        if self.project is None or self.supervisor.target.name == "sqlite":
            return
        try:
            self._ready_worker(last, needs_django=True)
        except BlockError as error:
            self._failed(last, error)

    def _prove_listings(self, snippets: Sequence[Snippet], stopped_by: Snippet | None) -> None:
        for snippet in snippets:
            listing = snippet.listing
            if not listing or snippet.kind != "listing" or snippet.index in self.found.results:
                continue
            missing = ["nothing of this program ran"]
            if self.trace is not None:
                missing = self.trace.not_run(listing, self._in_copy(listing))
            if not missing:
                self._passed(snippet, "", 0.0)
            elif stopped_by is not None:
                self._not_reached_listing(snippet, stopped_by)
            else:
                self._failed(snippet, BlockError(_unproved(snippet, missing)))

    def _not_reached_listing(self, snippet: Snippet, stopped_by: Snippet) -> None:
        failure = self.found.results[stopped_by.index].failure
        line = failure.line if failure else stopped_by.line
        self.found.add(snippet, "excused", f"{NOT_REACHED}{snippet.page}:{line} failed")

    def _in_copy(self, listing: Listing) -> Path:
        if self.project is not None and listing.path.is_relative_to(self.project.folder):
            return self.copy / listing.path.relative_to(self.project.folder)
        return listing.path


def _groups(snippets: Sequence[Snippet]) -> Iterator[list[Snippet]]:
    """Runs of blocks for the interpreter together, every other block alone."""
    group: list[Snippet] = []
    for snippet in snippets:
        if snippet.kind in _INTERPRETED and snippet.problem is None:
            group.append(snippet)
            continue
        if group:
            yield group
        group = []
        yield [snippet]
    if group:
        yield group


def _timeout(snippet: Snippet) -> float:
    try:
        return float(snippet.options.get("timeout", TIMEOUT))
    except ValueError:
        return TIMEOUT


def _last_lines(output: str, most: int = 6) -> tuple[str, ...]:
    return tuple(line for line in output.rstrip().splitlines() if line.strip())[-most:]


def _unproved(snippet: Snippet, missing: Sequence[str]) -> Failure:
    count = len(missing)
    word = "line" if count == 1 else "lines"
    return Failure(
        snippet.line,
        f"{count} {word} of this listing did not run in this page's program",
        details=tuple(missing[:6]) + (("…",) if count > 6 else ()),
    )


def _trouble_of_worker(error: Exception, snippet: Snippet) -> Failure:
    if isinstance(error, WorkerTimeoutError):
        return Failure(snippet.line, f"took longer than {_timeout(snippet):g} s and was ended")
    return Failure(snippet.line, f"ended the interpreter: {error}")


def _trouble(error: Exception, snippet: Snippet) -> Failure | None:
    """What a page's author is told of an error that is not the block's own doing; None for a
    mistake of ours."""
    if isinstance(error, WorkerDiedError | WorkerTimeoutError):
        return _trouble_of_worker(error, snippet)
    if isinstance(error, TargetError | OSError):
        return Failure(snippet.line, str(error))
    return None
