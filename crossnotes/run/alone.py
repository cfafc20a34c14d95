"""Runs a program that has a working copy of the project, a process and often a database of its
own: one that shows files and commands, or whose isolation is more than a rollback."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossnotes.page import Listing, Snippet
from crossnotes.program import Program
from crossnotes.result import Failure
from crossnotes.run import dotenv, shell
from crossnotes.run import project as projects
from crossnotes.run.record import (
    INTERPRETED,
    TIMEOUT,
    BlockError,
    Record,
    demand,
    timeout_of,
    trouble_of_worker,
)
from crossnotes.run.trace import Trace
from crossnotes.run.worker import Worker, WorkerDiedError, WorkerTimeoutError
from crossnotes.targets import Database, TargetError
from crossnotes.text import transcript
from crossnotes.text.matching import Expected, matches, same

if TYPE_CHECKING:
    from crossnotes.run.supervisor import Supervisor


class Alone:
    """One such program while it runs."""

    def __init__(self, supervisor: Supervisor, program: Program, record: Record) -> None:
        self.supervisor = supervisor
        self.program = program
        self.record = record
        self.project = supervisor.project
        self.isolation = program.isolation
        self.worker: Worker | None = None
        self.has_django = False
        #: Whether the next blocks are to begin with an empty namespace.
        self.fresh = True
        self.opened = False
        self.shell: shell.Shell | None = None
        self.trace: Trace | None = None
        self.database: Database | None = None
        self.folder = Path()
        self.copy = Path()
        self.environment: dict[str, str] = {}
        #: What each command of the last console block printed.
        self.parts: list[str] = []

    # -- the life of a program -------------------------------------------------------------------

    def run(self, snippets: Sequence[Snippet]) -> None:
        """Run the snippets in order; the first failure ends the program."""
        with contextlib.ExitStack() as stack:
            stack.push(self._interrupted)
            for group in _groups(snippets):
                if self.record.stopped_by is None:
                    self._run_group(group, stack)
            if self.record.stopped_by is None and self._has_own_settings():
                self._check_connected(snippets[-1])
            # What ran is known when the processes have ended, and the files are still there.
            self._end_processes()
            self._prove_listings(snippets)
            self.record.not_reached(snippets)

    def interrupt(self) -> None:
        """End the processes of the program, which then fails."""
        if self.worker is not None:
            self.worker.end_group()
        if self.shell is not None:
            self.shell.end_groups()

    def _interrupted(self, kind: type[BaseException] | None, *_: object) -> None:
        """After Ctrl-C nobody waits for a block to end."""
        if kind is not None:
            self.interrupt()

    def _run_group(self, group: list[Snippet], stack: contextlib.ExitStack) -> None:
        current = group[0]
        try:
            if not self.opened:
                self._open(stack)
            if current.kind in INTERPRETED and current.problem is None:
                self._interpret(group)
                return
            self.parts = []
            output, seconds = self._one(current)
        except BlockError as error:
            self.record.failed(current, error)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            self.record.failed(current, trouble_of_worker(error, current))
        except (TargetError, OSError) as error:
            self.record.failed(current, BlockError(Failure(current.line, str(error))))
        else:
            if current.kind != "listing":
                self.record.passed(current, output, seconds, self.parts)

    # -- opening and closing ---------------------------------------------------------------------

    def _open(self, stack: contextlib.ExitStack) -> None:
        self.opened = True
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
        self.shell = shell.Shell(self.copy, self.environment, self.folder / "shell")

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

    def _interpret(self, group: Sequence[Snippet]) -> None:
        """Send a run of blocks in one request."""
        needs_django = self.project is not None or any(s.kind == "sql" for s in group)
        timeouts = [timeout_of(snippet) for snippet in group]
        worker = self._ready_worker(group[0], needs_django)
        waiting = iter(group)
        blocks = [self.record.block(snippet) for snippet in group]
        try:
            # To the end, which comes at once after a failure, or the next request would read it.
            for answer in worker.request("run", timeouts, blocks=blocks, fresh=self._is_fresh()):
                self.record.answered(next(waiting), answer)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            current = next(waiting, group[-1])
            self.worker = None
            self.record.failed(current, trouble_of_worker(error, current))

    def _is_fresh(self) -> bool:
        """Whether the next request begins with an empty namespace."""
        fresh, self.fresh = self.fresh, False
        return fresh

    def _ready_worker(self, snippet: Snippet, needs_django: bool) -> Worker:
        """The interpreter, begun for this program, with Django set up if it is needed."""
        if self.worker is None:
            assert self.shell is not None
            # A reader starts a new session in the folder and with the variables of the shell.
            self.worker = self.supervisor.private_worker(self.shell.folder, self.shell.environment)
            self.has_django = False
            self.fresh = True
        if needs_django and not self.has_django:
            if not self.worker.has_django:
                self._set_up(self.worker, snippet)
            if self.isolation == "rollback":
                demand(self.worker.ask("atomic", TIMEOUT), snippet)
            self.has_django = True
        return self.worker

    def _set_up(self, worker: Worker, snippet: Snippet) -> None:
        database = self._own_database()
        wanted = self._wanted(database) if self._has_own_settings() else None
        self.supervisor.set_up(worker, database, snippet, wanted)

    def _has_own_settings(self) -> bool:
        """Whether the project's own settings lead to the database, if there is one."""
        return self.isolation == "project" and not self.supervisor.compiling

    def _wanted(self, database: Database) -> dict[str, Any]:
        """What the project's own settings have to lead to."""
        engine = self.supervisor.target.engine
        if self.supervisor.target.name == "sqlite":
            # The settings place it; anywhere in the working copy is right.
            return {"engine": engine, "name": str(self.copy), "prefix": True, "encrypted": False}
        return {
            "engine": engine,
            "name": database.django["NAME"],
            "prefix": False,
            "encrypted": database.encrypted,
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
        expected = self.record.expected(snippet)
        printed: list[str] = []
        for command in transcript.commands(snippet.code):
            line = snippet.line + command.offset
            count = -1
            if command.sql:
                output, count = self._sql_command(snippet, command, line)
            else:
                output = self._shell_command(snippet, command, line)
            printed.append(output)
            if command.shown and not self.record.update:
                right, got = "\n".join(command.shown), output
                if command.sql:
                    right = transcript.shown_rows(command.shown)
                    got = transcript.as_shown(output, command.shown)
                if not matches(Expected(right), got):
                    raise BlockError(
                        Failure(
                            line + 1 + command.text.count("\n"),
                            "the output is not what the page shows",
                            right,
                            output,
                        ),
                        output,
                    )
                _check_count(command, count, line)
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

    def _sql_command(
        self, snippet: Snippet, command: transcript.Command, line: int
    ) -> tuple[str, int]:
        """What a statement gave, and how many rows it gave or changed, or -1."""
        worker = self._ready_worker(snippet, needs_django=True)
        block = self.record.block(snippet) | {
            "kind": "sql",
            "code": command.text,
            "line": line,
            "expected": None,
        }
        answer = worker.ask("run", timeout_of(snippet), blocks=[block], fresh=self._is_fresh())
        demand(answer, snippet)
        return str(answer["output"]), int([-1, *answer["counts"]][-1])

    def _shell_command(self, snippet: Snippet, command: transcript.Command, line: int) -> str:
        assert self.shell is not None
        timeout = timeout_of(snippet)
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
    def _raised(raises: str, outcome: shell.Outcome) -> bool:
        if not outcome.status:
            return False
        return raises == str(outcome.status) or any(
            raises in line or same(raises, line) for line in outcome.output.splitlines()
        )

    def _serve(
        self, snippet: Snippet, command: transcript.Command, line: int, url: str, timeout: float
    ) -> str:
        assert self.shell is not None
        try:
            self.shell.serve(command.text, url, timeout)
        except shell.PortTakenError as error:
            raise BlockError(Failure(line, str(error))) from error
        except shell.ServerNotUpError as error:
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
            self.record.failed(last, error)

    def _prove_listings(self, snippets: Sequence[Snippet]) -> None:
        """Pass those whose lines ran; where a block has failed, the others were not reached."""
        stopped = self.record.stopped_by is not None
        for snippet in snippets:
            listing = snippet.listing
            if not listing or snippet.kind != "listing" or snippet.index in self.record.results:
                continue
            missing = ["nothing of this program ran"]
            if self.trace is not None:
                missing = self.trace.not_run(listing, self._in_copy(listing))
            if not missing:
                self.record.passed(snippet, "", 0.0)
            elif not stopped:
                self.record.failed(snippet, BlockError(_unproved(snippet, missing)))

    def _in_copy(self, listing: Listing) -> Path:
        if self.project is not None and listing.path.is_relative_to(self.project.folder):
            return self.copy / listing.path.relative_to(self.project.folder)
        return listing.path


def _groups(snippets: Sequence[Snippet]) -> Iterator[list[Snippet]]:
    """Runs of blocks for the interpreter together, every other block alone."""
    group: list[Snippet] = []
    for snippet in snippets:
        if snippet.kind in INTERPRETED and snippet.problem is None:
            group.append(snippet)
            continue
        if group:
            yield group
        group = []
        yield [snippet]
    if group:
        yield group


def _check_count(command: transcript.Command, count: int, line: int) -> None:
    """Raise BlockError where a client would tell another number of rows than the page does.

    mysql says how many rows an UPDATE changed; Django asks the driver how many it found, which
    are more where some were so already. Some drivers do not know (-1), nor does a shell.
    """
    told = transcript.told_count(command.shown)
    if told is None or count < 0:
        return
    number, place = told
    found_more = command.text.upper().startswith("UPDATE") and number < count
    if number != count and not found_more:
        at = line + 1 + command.text.count("\n") + place
        message = "the statement gave or changed another number of rows than the page says"
        rows = "1 row" if count == 1 else f"{count} rows"
        raise BlockError(Failure(at, message, command.shown[place], rows))


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
