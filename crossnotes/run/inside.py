"""Runs programs inside this process, where a debugger can stop and pytest's fixtures are.

Nothing stands between a page and this process then: no deadline, no end of what a page breaks. So
only blocks for the interpreter run here; programs with other blocks get their processes as ever.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, TextIO

from crossnotes.child.interpreter import (
    Answer,
    Block,
    BlockFailedError,
    Capture,
    Interpreter,
    set_up_django,
)
from crossnotes.program import Program
from crossnotes.result import Result
from crossnotes.run.supervisor import Supervisor
from crossnotes.run.worker import Worker
from crossnotes.targets import Database

INTERPRETED = ("python", "pycon", "sql")


def problem_of(program: Program) -> tuple[int, str] | None:
    """The line and the reason why a program cannot run inside this process, or None."""
    for snippet in program.snippets:
        if snippet.kind not in INTERPRETED and "skip" not in snippet.options:
            return snippet.line, f"a {snippet.language} block needs a process of its own"
    if program.isolation not in ("rollback", "commit"):
        return 1, f"isolation {program.isolation} needs a process of its own"
    return None


class _Tee:
    """A stream that also remembers what was written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class PrintedInside(Capture):
    """What a block prints by Python; it goes to this process's own output as well."""

    def __init__(self) -> None:
        self._stdout = sys.stdout
        self._tee = _Tee(self._stdout)
        self._listens = False

    def begin(self) -> None:
        self._stdout = sys.stdout
        self._tee = _Tee(self._stdout)
        self._listens = True
        sys.stdout = self._tee

    def end(self) -> str:
        if self._listens:
            self._listens = False
            sys.stdout = self._stdout
        return "".join(self._tee.written)

    def go_on(self) -> None:
        """Listen again: a debugger that a block called has given the output back."""
        if self._listens:
            sys.stdout = self._tee


class InsideInterpreter(Interpreter):
    """An interpreter that shares its process with others. `given` are names that its programs
    find bound; an error of the kinds in `passing` is not a page's failure, and ends the run. With
    `hold`, a program that failed is left open, until its `end`, for a person to look at."""

    #: The target that Django was set up for by us. Django is set up once in a process.
    django_is_on: ClassVar[str] = ""

    def __init__(self, passing: tuple[type[BaseException], ...]) -> None:
        self.given: Mapping[str, Any] = {}
        self.hold = False
        self.passing = passing
        self.error: BaseException | None = None
        self.block: Block = {}
        #: Whether the connection is of others, whose fixtures then isolate programs.
        self.foreign = False
        self.printed = PrintedInside()
        super().__init__(self.printed)

    def fresh_namespace(self) -> None:
        super().fresh_namespace()
        self.namespace.update(self.given)

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        if request["op"] == "setup":
            yield self.guarded(lambda: self.connect(request), line=request["line"])
            return
        if request["op"] in ("run", "programs"):
            self.error = None
            self.surroundings.remember()
        yield from super().answer(request)

    def one(self, block: Block) -> str | None:
        try:
            return super().one(block)
        except BaseException as error:
            self.error, self.block = error, block
            raise

    def atomically(self) -> None:
        if not self.foreign:
            super().atomically()

    def connect(self, request: dict[str, Any]) -> None:
        """Set up Django, or use it as it is."""
        from django.conf import settings

        target = request["target"]
        if not settings.configured:
            InsideInterpreter.django_is_on = target
            set_up_django(request)
        elif not self.django_is_on:
            self.foreign = True
            _check_engine(request["databases"]["default"]["ENGINE"])
        elif self.django_is_on != target:
            raise BlockFailedError(
                request["line"],
                f"Django in this process is on {self.django_is_on} already; run pytest for "
                f"{target} alone",
            )
        else:
            _use_database(request["databases"]["default"]["NAME"], request["migrate"])

    def end(self) -> None:
        if not self.is_held:
            super().end()

    def close(self) -> None:
        """End the program, and the connection if it is ours."""
        self.error = None
        self.end()
        if self.django_is_on:
            from django.db import connections

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
        frames = []
        at = cause.__traceback__ if cause else None
        while at is not None:
            frames.append(at)
            at = at.tb_next
        ours = [n for n, at in enumerate(frames) if _file_of(at) == self.block["page"]]
        found = None
        for at in reversed(frames[ours[0] : ours[-1] + 1] if ours else []):
            found = TracebackType(found, at.tb_frame, at.tb_lasti, at.tb_lineno)
        return found


def _file_of(frame: TracebackType) -> str:
    return frame.tb_frame.f_code.co_filename


def _check_engine(wanted: str) -> None:
    """A page that connects elsewhere would be green for the wrong database."""
    from django.db import connection

    have = connection.settings_dict["ENGINE"]
    if have != wanted:
        message = "Django was set up by the test suite, and is on another database"
        raise BlockFailedError(0, message, expected=wanted, got=have)


def _use_database(name: str, migrate: bool) -> None:
    from django.core.management import call_command
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name
    if migrate:
        call_command("migrate", verbosity=0, interactive=False)


class Inside(Worker):
    """Answers as a child process would, and is none. `root` is what paths of pages are relative
    to, `folder` where programs run."""

    def __init__(
        self, interpreter: InsideInterpreter, root: Path, folder: Callable[[], Path | None]
    ) -> None:
        self.interpreter = interpreter
        self.root = root
        self.folder = folder

    def request(
        self, operation: str, timeouts: Sequence[float], **fields: Any
    ) -> Iterator[dict[str, Any]]:
        for program in (fields, *fields.get("programs", ())):
            for block in program.get("blocks", ()):
                block["page"] = os.path.join(self.root, block["page"])
        with left_as_it_was(self.folder()):
            answers = list(self.interpreter.answer({"op": operation, **fields}))
        if (error := self.interpreter.passing_error) is not None:
            self.interpreter.error = None
            raise error
        yield from answers

    def stop(self) -> None:
        if not self.interpreter.is_held:
            self.interpreter.close()

    def end_group(self) -> None:
        """Nothing of this process ends before the rest of it."""

    def kill(self) -> None:
        with contextlib.suppress(Exception):  # of a connection that the page left broken
            self.interpreter.close()


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


class InsideSupervisor(Supervisor):
    """Runs programs of python, pycon and sql blocks inside this process."""

    #: Errors of a page that are not its failures, such as a debugger's `quit`.
    passing: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
    #: Whether programs run in a folder of ours, not in the one that this process is in.
    moves = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._interpreter: InsideInterpreter | None = None
        self._is_inside = False
        self._dropped_later: list[Database] = []

    @property
    def interpreter(self) -> InsideInterpreter:
        if self._interpreter is None:
            with left_as_it_was(None):
                self._interpreter = InsideInterpreter(self.passing)
        return self._interpreter

    def not_for_here(self, program: Program) -> str:
        return ""

    def results(self, program: Program) -> list[Result]:
        self.interpreter.error = None
        self._is_inside = problem_of(program) is None
        return super().results(program)

    def shared_worker(self) -> Worker:
        if self._worker is None:
            self._worker = self._new_inside()
        return self._worker

    def private_worker(self, folder: Path, environment: Mapping[str, str]) -> Worker:
        if not self._is_inside:
            return super().private_worker(folder, environment)
        if self._worker is not None:
            # It has to find its own database again, after this one.
            self._worker.has_django = False
        return self._new_inside()

    def _new_inside(self) -> Inside:
        return Inside(self.interpreter, self.config.root, self._copy)

    def _copy(self) -> Path | None:
        """The one working copy of the project: its modules are imported once in a process."""
        if not self.moves:
            return None
        copy = self.folder / "project"
        if not copy.exists():
            copy.mkdir()
            if self.project is not None:
                self.project.copy_to(copy)
        return copy

    def drop(self, database: Database) -> None:
        """Later: a person may be looking at it."""
        self._dropped_later.append(database)

    def let_go(self) -> None:
        """End what was held, and drop what is no longer needed."""
        if self._interpreter is not None:
            self._interpreter.error = None
            self._interpreter.end()
        while self._dropped_later:
            super().drop(self._dropped_later.pop())

    def close(self) -> None:
        super().close()
        self.let_go()
