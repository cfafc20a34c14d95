"""Runs programs inside this process, where a debugger can stop and pytest's fixtures are.

Nothing stands between a page and this process then: no deadline, no end of what a page breaks. So
only blocks for the interpreter run here; programs with other blocks get their processes as ever.
"""

from __future__ import annotations

import contextlib
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, TextIO

from crossnotes.child import blocks, django
from crossnotes.child.capture import OUTPUT_LIMIT, Capture
from crossnotes.child.interpreter import Interpreter as Session
from crossnotes.child.protocol import Answer, Block, Connect, Request, Setup
from crossnotes.kinds import INTERPRETED
from crossnotes.program import Program
from crossnotes.result import BlockFailedError, Failure
from crossnotes.run.bench import Bench
from crossnotes.run.databases import Databases, Migrate
from crossnotes.run.interpreter import Interpreter
from crossnotes.run.worker import Worker
from crossnotes.targets import Database


def problem_of(program: Program) -> tuple[int, str] | None:
    """The line and the reason why a program cannot run inside this process, or None."""
    for snippet in program.snippets:
        if snippet.kind not in INTERPRETED and "skip" not in snippet.options:
            return snippet.line, f"a {snippet.language} block needs a process of its own"
    return None


class _Tee:
    """A stream that also remembers what was written, beside what was written to the other; it
    stays the same from block to block, whatever keeps it."""

    def __init__(self, written: list[tuple[str, bool]], is_error: bool) -> None:
        self.stream: TextIO = sys.stderr if is_error else sys.stdout
        self._written = written
        self._is_error = is_error

    def write(self, text: str) -> int:
        self._written.append((text, self._is_error))
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class PrintedInside(Capture):
    """What a block prints by Python; it goes to this process's own output as well."""

    def __init__(self) -> None:
        self._written: list[tuple[str, bool]] = []
        self._tees = _Tee(self._written, is_error=False), _Tee(self._written, is_error=True)
        self._taken = 0
        self._listens = False
        self.lost = ""

    def begin(self) -> None:
        for tee, stream in zip(self._tees, (sys.stdout, sys.stderr), strict=True):
            if stream is not tee:
                tee.stream = stream
        self._written.clear()
        self._left = OUTPUT_LIMIT
        self._taken = 0
        self._listens = True
        self.go_on()

    def take(self) -> str:
        text = "".join(text for text, _is_error in self._written[self._taken :])
        self._taken = len(self._written)
        return text

    def end(self) -> str:
        if self._listens:
            self._listens = False
            sys.stdout, sys.stderr = (tee.stream for tee in self._tees)
        return "".join(text for text, _is_error in self._written)

    def output(self) -> str:
        return "".join(text for text, is_error in self._written if not is_error)

    def go_on(self) -> None:
        """Listen again: a debugger that a block called has given the output back."""
        if self._listens:
            sys.stdout, sys.stderr = self._tees


class InsideSession(Session):
    """A session that shares its process with others. `given` are names that its programs find
    bound; an error of the kinds in `passing` is not a page's failure, and ends the run. With
    `hold`, a program that failed is left open, until it is let go, for a person to look at."""

    #: The target that Django was set up for by us. Django is set up once in a process.
    django_is_on: ClassVar[str] = ""

    def __init__(self, target: str) -> None:
        self.target = target
        self.given: Mapping[str, Any] = {}
        self.hold = False
        self.passing: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
        self.error: BaseException | None = None
        self.block: Block | None = None
        self.printed = PrintedInside()
        super().__init__(self.printed)

    def begin(self) -> None:
        """A new program: no name is bound but those that are given."""
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        module.__dict__.update(self.given)
        self.session = blocks.Session(module.__dict__, self.printed)
        self.error = self.block = None

    @property
    def namespace(self) -> dict[str, Any]:
        return self.session.namespace

    @property
    def is_foreign(self) -> bool:
        """Whether Django is set up by others, whose fixtures then isolate programs."""
        conf = sys.modules.get("django.conf")
        return bool(conf and conf.settings.configured) and not self.django_is_on

    def answer(self, request: Request) -> Iterator[Answer]:
        match request["op"]:
            case "setup":
                yield self.guarded(lambda: self._set_up(request))
            case "connect":
                yield self.guarded(lambda: self._connect(request))
            case _:
                # Between two requests this process has its own environment.
                os.environ.update(self.session.environment)
                yield from super().answer(request)

    def guarded(self, action: Callable[[], str | None], block: Block | None = None) -> Answer:
        def noted() -> str | None:
            try:
                return action()
            except BaseException as error:
                self.error, self.block = error, block
                raise

        return super().guarded(noted, block)

    def _set_up(self, request: Setup) -> None:
        if self.is_foreign or self.django_is_on:
            return
        InsideSession.django_is_on = self.target
        django.set_up(request)

    def _connect(self, request: Connect) -> None:
        """Lead Django to the program's database, or use it as others have set it up."""
        from django.db import connections

        (entry,) = (request["databases"] or {}).values()
        if self.is_foreign:
            _check_engine(str(entry["ENGINE"]))
            return
        if self.django_is_on != self.target:
            message = (
                f"Django in this process is on {self.django_is_on} already; run pytest for "
                f"{self.target} alone"
            )
            raise BlockFailedError(Failure(0, message))
        connections.close_all()
        django.connect(request)

    def close(self) -> None:
        """End the program, and the connection if it is ours."""
        self.error = None
        if self.django_is_on == self.target:
            from django.db import connections

            with contextlib.suppress(Exception):  # of a connection that the page left broken
                connections.close_all()

    @property
    def is_held(self) -> bool:
        return self.hold and self.error is not None

    @property
    def passing_error(self) -> BaseException | None:
        """The error of the last program that is not a failure of its page."""
        error = self.error
        if isinstance(error, BlockFailedError):
            error = error.__cause__
        return error if isinstance(error, self.passing) else None

    def page_frames(self) -> TracebackType | None:
        """The traceback of the last error from the page's first frame to its deepest."""
        cause = self.error.__cause__ if self.error else None
        page = self.block["page"] if self.block else ""
        frames = []
        at = cause.__traceback__ if cause else None
        while at is not None:
            frames.append(at)
            at = at.tb_next
        ours = [n for n, at in enumerate(frames) if at.tb_frame.f_code.co_filename == page]
        found = None
        for at in reversed(frames[ours[0] : ours[-1] + 1] if ours else []):
            found = TracebackType(found, at.tb_frame, at.tb_lasti, at.tb_lineno)
        return found


def _check_engine(wanted: str) -> None:
    """A page that connects elsewhere would be green for the wrong database."""
    from django.db import connection

    have = connection.settings_dict["ENGINE"]
    if have != wanted:
        message = "Django was set up by the test suite, and is on another database"
        raise BlockFailedError(Failure(0, message, wanted, have))


class InsideInterpreter(Interpreter):
    """Answers as a process of its own would, and is none. `root` is what paths of pages are
    relative to, `folder` where programs run."""

    def __init__(self, session: InsideSession, root: Path, folder: Path | None) -> None:
        self.session = session
        self.root = root
        self.folder = folder

    def request(self, request: Request, timeouts: Sequence[float]) -> Iterator[Answer]:
        for block in request["blocks"] if request["op"] == "run" else ():
            block["page"] = os.path.join(self.root, block["page"])
        with left_as_it_was(self.folder):
            answers = list(self.session.answer(request))
        if (error := self.session.passing_error) is not None:
            self.session.error = None
            raise error
        yield from answers

    def printed_so_far(self) -> str:
        return ""

    def stop(self) -> None:
        if not self.session.is_held:
            self.session.close()

    def kill(self) -> None:
        self.stop()


@contextlib.contextmanager
def left_as_it_was(folder: Path | None) -> Iterator[None]:
    """Be in `folder` as a new Python session would, and leave the process as it was before."""
    was, environment, main, path = os.getcwd(), dict(os.environ), sys.modules["__main__"], sys.path
    if folder is not None:
        os.chdir(folder)
    sys.path = ["", *path]
    try:
        yield
    finally:
        sys.path = path
        sys.modules["__main__"] = main
        os.chdir(was)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)


class InsideWorker(Worker):
    """A worker whose interpreter is this process."""

    session: InsideSession
    root: Path
    #: Whether programs run in a folder of ours, not in the one that this process is in.
    moves = True

    def interpreter(
        self, needs_django: bool, own_database: Callable[[], Database] | None = None
    ) -> Interpreter:
        """This process; it is led to the database when it is asked to connect."""
        with left_as_it_was(None):
            self.session.begin()
        return InsideInterpreter(self.session, self.root, self.folder.copy if self.moves else None)

    def migrate(self, database: Database) -> None:
        if self.project is None or self.compiling:
            return
        interpreter = InsideInterpreter(self.session, self.root, self.folder.copy)
        self.set_up(interpreter, database)
        self.connect(interpreter, database, migrate=True)

    def clean(self) -> None:
        """The folder stays: its modules are imported once in a process."""


class _HeldDatabases(Databases):
    """Databases that are taken back when nobody looks at them any more."""

    session: InsideSession
    later: list[Database]

    def clean(self, migrate: Migrate) -> Database:
        if self.session.is_foreign:
            from django.conf import settings

            return Database("", settings.DATABASES["default"])
        return super().clean(migrate)

    def take_back(self, database: Database) -> None:
        self.later.append(database)

    def take_back_now(self) -> None:
        while self.later:
            database = self.later.pop()
            if database.name:
                super().take_back(database)


class InsideBench(Bench):
    """Runs programs of python, pycon and sql blocks inside this process."""

    databases: _HeldDatabases

    @property
    def is_plain(self) -> bool:
        return super().is_plain and not self.session.is_foreign

    def __post_init__(self) -> None:
        super().__post_init__()
        self.has_fixtures = True
        with left_as_it_was(None):
            self.session = InsideSession(self.target.name)
        self.databases = _HeldDatabases(self.server, self.run_name, self.keep)
        self.databases.session, self.databases.later = self.session, []
        self._worker: InsideWorker | None = None
        self.moves = True

    def worker(self) -> Worker:
        if self._worker is None:
            path = self.folder / "worker"
            self._worker = InsideWorker(path, self.project, self.target, self.compiling)
            self._worker.session, self._worker.root = self.session, self.config.root
        self._worker.moves = self.moves
        return self._worker

    def done_with(self, worker: Worker, page: str) -> None:
        """It is the only one."""

    def let_go(self) -> None:
        """End what was held, and take back what is no longer needed."""
        self.session.close()
        self.databases.take_back_now()

    def close(self) -> None:
        self.let_go()
        super().close()
        if self._worker is not None:
            self._worker.close()
