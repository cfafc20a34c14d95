"""One program while it runs: its interpreter, its shell, its files, its database."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from crossnotes import config as configuration
from crossnotes.child.capture import OUTPUT_LIMIT
from crossnotes.child.protocol import Block, Refresh, Run, Wanted
from crossnotes.kinds import INTERPRETED
from crossnotes.page import Listing, Snippet
from crossnotes.result import BlockFailedError, Failure
from crossnotes.run import dotenv, shell
from crossnotes.run import project as projects
from crossnotes.run.bench import Bench
from crossnotes.run.interpreter import (
    Interpreter,
    InterpreterDiedError,
    InterpreterTimeoutError,
    demand,
)
from crossnotes.run.record import TIMEOUT, Record, at_block, of_interpreter, timeout_of
from crossnotes.run.trace import Trace
from crossnotes.run.worker import Worker
from crossnotes.targets import Database, TargetError, urls
from crossnotes.text import transcript
from crossnotes.text.matching import Expected, matches, same

#: Kinds of block that show something of the project: the program then has a copy of the project
#: and a Python of its own, as a reader would.
OF_PROJECT = ("dotenv", "file", "listing")

#: Kinds of block that need a database, in whatever program, and how others ask for one.
OF_DATABASE = ("sql", "console", "outside")
URLS = (urls.DATABASE_URL, urls.SQLALCHEMY_URL)


class Execution:
    """Runs the `snippets` of one program on a worker, and records what became of them."""

    def __init__(
        self, bench: Bench, worker: Worker, record: Record, snippets: Sequence[Snippet]
    ) -> None:
        self.bench = bench
        self.worker = worker
        self.record = record
        self.snippets = snippets
        self.project = bench.project
        self.copy = worker.folder.copy
        self.interpreter: Interpreter | None = None
        self.shell: shell.Shell | None = None
        self.trace: Trace | None = None
        self.database: Database | None = None
        self.has_shell = any(map(has_commands, snippets))
        #: Whether Python is started anew, with the project's own files, rather than forked.
        self.is_apart = self.has_shell or any(s.kind in OF_PROJECT for s in snippets)
        #: Whether the page shows where the database is, so that nothing else may say it.
        self.shows_settings = self.project is not None and any(map(_is_settings, snippets))
        self.environment = dict(worker.environment)
        record.hide(worker.folder.names)
        #: What each command of the last console block printed.
        self.parts: list[str] = []

    def run(self) -> None:
        """Run the snippets in order; the first failure ends the program."""
        begun = False
        try:
            for group in _groups(self.snippets):
                if self.record.stopped_by is not None:
                    break
                if not begun:
                    begun = True
                    if not self._open(group[0]):
                        break
                self._run_group(group)
                self._check_floods()
            if begun and self.record.stopped_by is None and self._has_own_settings():
                self._check_connected(self.snippets[-1])
            # What ran is known when the processes have ended, and the files are still there.
            self._end_processes()
            self._prove_listings()
            self.record.not_reached(self.snippets)
        finally:
            self._end_processes()
            if self.database is not None:
                self.bench.databases.take_back(self.database)

    def _open(self, first: Snippet) -> bool:
        """Prepare what the blocks run in; whether that could be done."""
        if not self.is_apart:
            return True
        try:
            if not self.shows_settings and self._uses_database():
                self.environment |= self._told(self._own_database())
        except BlockFailedError as error:
            self._failed(first, error)
        except (TargetError, OSError) as error:
            self._failed(first, BlockFailedError(Failure(first.line, str(error))))
        listings = [s.listing for s in self.snippets if s.listing and s.kind == "listing"]
        state = self.worker.folder.state
        if listings:
            self.trace = Trace(state / "trace", [self._in_copy(each) for each in listings])
            self.environment |= self.trace.environment()
        (state / "shell").mkdir()
        self.shell = shell.Shell(self.worker.start, self.copy, self.environment, state / "shell")
        return self.record.stopped_by is None

    def _run_group(self, group: Sequence[Snippet]) -> None:
        current = group[0]
        printed = ""
        started = time.perf_counter()
        try:
            if current.kind in INTERPRETED and current.problem is None:
                self._interpret(group)
                return
            self.parts = []
            printed = self._one(current)
        except BlockFailedError as error:
            # All of a request fail for what comes before it, such as a project without settings.
            for snippet in group if self.record.keep_going else group[:1]:
                self._failed(snippet, error)
        except (InterpreterDiedError, InterpreterTimeoutError) as error:
            self._lost_interpreter(current, error)
        except (TargetError, OSError) as error:
            self._failed(current, BlockFailedError(Failure(current.line, str(error))))
        else:
            if current.kind != "listing":
                seconds = time.perf_counter() - started
                self.record.passed(current, printed, seconds, self.parts)

    def _check_floods(self) -> None:
        """Fail blocks whose servers and other processes print without end."""
        flooded = self.shell.flooded if self.shell is not None else set()
        for snippet in self.snippets:
            if snippet.index in flooded and self._is_fine(snippet):
                message = f"what it left running printed more than {OUTPUT_LIMIT:,} bytes"
                failure = Failure(snippet.line, f"{message}, and was ended")
                self.record.failed(snippet, BlockFailedError(failure))

    def _is_fine(self, snippet: Snippet) -> bool:
        result = self.record.results.get(snippet.index)
        return result is None or result.failure is None

    def _failed(self, snippet: Snippet, error: BlockFailedError) -> None:
        failure = at_block(error.failure, snippet)
        self.record.failed(snippet, BlockFailedError(failure, error.output))

    def _lost_interpreter(self, snippet: Snippet, error: Exception) -> None:
        printed = ""
        if self.interpreter is not None:
            printed = self.interpreter.printed_so_far()
            self.interpreter.kill()
            self.interpreter = None
        self.record.failed(snippet, of_interpreter(error, snippet, printed))

    # -- the database ----------------------------------------------------------------------------

    def _uses_database(self) -> bool:
        return (
            self.project is not None
            or any(s.kind in OF_DATABASE for s in self.snippets)
            or any(name in code for code in self._codes() for name in URLS)
        )

    def _codes(self) -> Iterator[str]:
        """All that is run of the page."""
        yield self.bench.config.setup
        yield from (snippet.code for snippet in self.snippets)

    def _facts(self, database: Database) -> dict[str, str]:
        """What is known of a database, with its URL."""
        found = urls.environment(database, self.bench.target.driver)
        url = {"url": found[urls.DATABASE_URL]} if found else {}
        return {**database.facts, **url}

    def _told(self, database: Database) -> dict[str, str]:
        """The variables that say to a program where its database is."""
        connection = self.bench.config.connection
        found = projects.connection_environment(connection, self._facts(database))
        if self.bench.is_plain:
            found = {**urls.environment(database, self.bench.target.driver), **found}
        return found

    def _own_database(self) -> Database:
        if self.database is None:
            databases = self.bench.databases
            if self.shows_settings:
                self.database = databases.empty()
            else:
                self.database = databases.clean(self.worker.migrate)
        return self.database

    def _has_own_settings(self) -> bool:
        """Whether the project's own settings lead to the database."""
        return self.shows_settings and not self.bench.compiling

    def _wanted(self, database: Database) -> Wanted:
        """What the project's own settings have to lead to."""
        target = self.bench.target
        if target.name == "sqlite":
            # The settings place it; anywhere in the working copy is right.
            name, prefix = str(self.copy), True
        else:
            name, prefix = str(database.django["NAME"]), False
        return {
            "engine": target.engine,
            "name": name,
            "prefix": prefix,
            "encrypted": database.encrypted,
        }

    # -- python, pycon, sql ----------------------------------------------------------------------

    def _interpret(self, group: Sequence[Snippet]) -> None:
        """Send some blocks in one request."""
        needs_django = not self.bench.is_plain and (
            self.project is not None or any(s.kind == "sql" for s in group)
        )
        interpreter = self._ready_interpreter(needs_django)
        self._set_up(interpreter, group[0])
        waiting = iter(group)
        current = group[0]
        request: Run = {
            "op": "run",
            "blocks": [self.record.block(snippet) for snippet in group],
            "keep_going": self.record.keep_going,
        }
        timeouts = [timeout_of(snippet) for snippet in group]
        try:
            # To the end, which comes at once after a failure, or the next request would read it.
            for answer in interpreter.request(request, timeouts):
                self.record.answered(next(waiting), answer)
            if self.shell is not None:
                interpreter.watch(self.shell, group[-1].index)
        except (InterpreterDiedError, InterpreterTimeoutError) as error:
            current = next(waiting, group[-1])
            self._lost_interpreter(current, error)
            if rest := list(waiting) if self.record.keep_going else []:
                self._run_group(rest)

    def _set_up(self, interpreter: Interpreter, first: Snippet) -> None:
        """Run the `setup` of the settings, once in each interpreter. Raises BlockFailedError."""
        config = self.bench.config
        if not config.setup or interpreter.has_setup:
            return
        interpreter.has_setup = True
        block: Block = {
            "kind": "python",
            "code": config.setup,
            "line": config.setup_line,
            "page": configuration.FILE,
            "update": "",
            "raises": None,
            "xfail": False,
            "expected": None,
        }
        request: Run = {"op": "run", "blocks": [block], "keep_going": False}
        try:
            demand(interpreter, request, TIMEOUT)
        except BlockFailedError as error:
            place = f"{configuration.FILE}:{error.failure.line}"
            message = f"the setup of [tool.crossnotes] failed ({place}): {error.failure.message}"
            failure = Failure(first.line, message, details=error.failure.details)
            raise BlockFailedError(failure, error.output) from error

    def _ready_interpreter(self, needs_django: bool) -> Interpreter:
        """The program's interpreter, with a connection to its database if it needs one."""
        if self.interpreter is None:
            if self.is_apart:
                assert self.shell is not None
                # A reader starts it in the folder and with the variables of the shell.
                self.interpreter = self.worker.own_interpreter(
                    self.shell.folder, self.shell.environment
                )
            else:
                own_database = self._own_database if needs_django else None
                self.interpreter = self.worker.interpreter(needs_django, own_database)
        if needs_django and not self.interpreter.is_connected:
            self._connect(self.interpreter)
        elif self.bench.is_plain and not self.interpreter.is_connected and self._uses_database():
            database = self._own_database()
            self.worker.open(self.interpreter, database, self._told(database))
        return self.interpreter

    def _connect(self, interpreter: Interpreter) -> None:
        database = self._own_database()
        if not interpreter.has_django:
            own = self._has_own_settings()
            self.worker.set_up(interpreter, None if own else database)
        if self._has_own_settings():
            self.worker.connect(interpreter, None, wanted=self._wanted(database))
        else:
            self.worker.connect(interpreter, database)

    # -- the other kinds -------------------------------------------------------------------------

    def _one(self, snippet: Snippet) -> str:
        """Run a block that is not for the interpreter: its output."""
        if snippet.problem is not None:
            raise BlockFailedError(Failure(snippet.problem.line, snippet.problem.message))
        kinds = {
            "console": self._console,
            "dotenv": self._dotenv,
            "file": self._file,
            "listing": self._listing,
        }
        return kinds[snippet.kind](snippet)

    def _listing(self, snippet: Snippet) -> str:
        """Proved when the program has ended."""
        return ""

    def _file(self, snippet: Snippet) -> str:
        path = (self.copy / snippet.options["file"]).resolve()
        if not path.is_relative_to(self.copy.resolve()):
            raise BlockFailedError(Failure(snippet.line, ":file: leads out of the project"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.code + "\n", encoding="utf-8")
        self._refresh(path)
        return ""

    def _dotenv(self, snippet: Snippet) -> str:
        config = self.bench.config
        facts = self._facts(self._own_database())
        try:
            text = dotenv.live(snippet.code, snippet.line, config.connection, config.dotenv, facts)
        except dotenv.DotenvError as error:
            raise BlockFailedError(error.failure) from error
        path = self.copy / ".env"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        self._refresh(path)
        if self.project is not None:
            self._ready_interpreter(needs_django=True)
        return ""

    def _refresh(self, path: Path) -> None:
        """Let the interpreter see a new file; start another where it has seen the old one."""
        if self.interpreter is None:
            return
        request: Refresh = {"op": "refresh", "path": str(path.resolve())}
        if demand(self.interpreter, request, TIMEOUT)["output"]:
            self.interpreter.stop()
            self.interpreter = None

    def _console(self, snippet: Snippet) -> str:
        expected = self.record.expected(snippet)
        printed: list[str] = []
        commands = transcript.commands(snippet.code, snippet.language)
        # One after the other: what a command prints may look like the next.
        while len(printed) < len(commands):
            command = commands[len(printed)]
            line = snippet.line + command.offset
            count = -1
            if command.sql:
                output, count = self._sql_command(snippet, command, line)
            else:
                output = self._shell_command(snippet, command, line)
            transcript.told_apart(commands, len(printed), output)
            printed.append(output)
            if command.shown and not self.record.update:
                _check_shown(command, output, line)
                _check_count(command, count, line)
        text = "\n".join(part.rstrip("\n") for part in printed if part)
        if expected is not None:
            wanted = Expected(expected.text, expected.unordered, expected.ignore)
            if not matches(wanted, text):
                message = "the output is not what the page shows"
                failure = Failure(expected.line, message, expected.text, text)
                raise BlockFailedError(failure, text)
        self.parts = printed
        return text

    def _sql_command(
        self, snippet: Snippet, command: transcript.Command, line: int
    ) -> tuple[str, int]:
        """What a statement gave, and how many rows it gave or changed, or -1."""
        interpreter = self._ready_interpreter(needs_django=not self.bench.is_plain)
        block = self.record.block(snippet)
        block |= {"kind": "sql", "code": command.text, "line": line, "expected": None}
        block["client"] = command.client
        request: Run = {"op": "run", "blocks": [block], "keep_going": False}
        answer = demand(interpreter, request, timeout_of(snippet))
        return answer["output"], [-1, *answer["counts"]][-1]

    def _shell_command(self, snippet: Snippet, command: transcript.Command, line: int) -> str:
        assert self.shell is not None
        timeout = timeout_of(snippet)
        if url := snippet.options.get("background"):
            return self._serve(snippet, command, line, url, timeout)
        outcome = self.shell.run(command.text, timeout, snippet.index)
        line += outcome.line - 1
        what = f"`{[*command.text.splitlines(), ''][outcome.line - 1].strip()}`"
        last = _last_lines(outcome.output)
        if outcome.timed_out:
            failure = Failure(line, f"{what} took longer than {timeout:g} s", details=last)
            raise BlockFailedError(failure, outcome.output)
        if outcome.too_much:
            message = f"{what} printed more than {OUTPUT_LIMIT:,} bytes"
            raise BlockFailedError(Failure(line, message))
        raises = snippet.options.get("raises")
        if outcome.status and raises is None:
            failure = Failure(line, f"{what} ended with status {outcome.status}", details=last)
            raise BlockFailedError(failure, outcome.output)
        if raises is not None and not _raised(raises, outcome):
            message = f"{what} did not fail as the page shows"
            raise BlockFailedError(Failure(line, message, raises, outcome.output), outcome.output)
        return outcome.output

    def _serve(
        self, snippet: Snippet, command: transcript.Command, line: int, url: str, timeout: float
    ) -> str:
        assert self.shell is not None
        try:
            self.shell.serve(command.text, url, timeout, snippet.index)
        except shell.PortTakenError as error:
            raise BlockFailedError(Failure(line, str(error))) from error
        except shell.ServerNotUpError as error:
            failure = Failure(line, str(error), details=_last_lines(error.output))
            raise BlockFailedError(failure, error.output) from error
        return ""

    # -- at the end ------------------------------------------------------------------------------

    def _check_connected(self, last: Snippet) -> None:
        """A program of commands alone has to have used its target's database, too."""
        if self.bench.target.name == "sqlite":
            return
        try:
            self._ready_interpreter(needs_django=True)
        except BlockFailedError as error:
            self._failed(last, error)
        except (InterpreterDiedError, InterpreterTimeoutError) as error:
            self._lost_interpreter(last, error)

    def _end_processes(self) -> None:
        if self.shell is not None:
            self.shell.close()
            self.shell = None
        if self.interpreter is not None:
            self.interpreter.stop()
            self.interpreter = None

    def _prove_listings(self) -> None:
        """Pass those whose lines ran; where a block has failed, the others were not reached."""
        if self.trace is not None:
            self.trace.finish()
        stopped = self.record.stopped_by is not None
        for snippet in self.snippets:
            listing = snippet.listing
            if not listing or snippet.kind != "listing" or snippet.index in self.record.results:
                continue
            missing = ["no block of this program ran"]
            if self.trace is not None:
                missing = self.trace.not_run(listing, self._in_copy(listing))
            if not missing:
                self.record.passed(snippet, "", 0.0)
            elif not stopped:
                self.record.failed(snippet, BlockFailedError(_unproved(snippet, missing)))

    def _in_copy(self, listing: Listing) -> Path:
        if self.project is not None and self.project.holds(listing.path):
            return self.copy / listing.path.relative_to(self.project.folder)
        return listing.path


def has_commands(snippet: Snippet) -> bool:
    """Whether a block has a command for a shell."""
    return (
        snippet.kind == "console"
        and snippet.problem is None
        and any(not command.sql for command in transcript.commands(snippet.code, snippet.language))
    )


def _is_settings(snippet: Snippet) -> bool:
    """Whether a block says where the project's database is."""
    return snippet.kind == "dotenv" or (snippet.kind == "file" and "DATABASES" in snippet.code)


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


def _raised(raises: str, outcome: shell.Outcome) -> bool:
    if not outcome.status:
        return False
    return raises == str(outcome.status) or any(
        raises in line or same(raises, line) for line in outcome.output.splitlines()
    )


def _check_shown(command: transcript.Command, output: str, line: int) -> None:
    """Raise BlockFailedError where a command printed something else than the page shows."""
    right, got = transcript.compared(command, output)
    if not matches(Expected(right), got):
        message = "the output is not what the page shows"
        failure = Failure(line + 1 + command.text.count("\n"), message, right, output)
        raise BlockFailedError(failure, output)


def _check_count(command: transcript.Command, count: int, line: int) -> None:
    """Raise BlockFailedError where a client would tell another number of rows than the page does.

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
        message = "the statement returned or changed a different number of rows than the page shows"
        rows = "1 row" if count == 1 else f"{count} rows"
        raise BlockFailedError(Failure(at, message, command.shown[place], rows))


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
