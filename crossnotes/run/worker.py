"""A worker runs one program at a time, in a folder and under warmed processes of its own."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crossnotes.child.protocol import Connect, Open, Setup, Wanted
from crossnotes.result import BlockFailedError, Failure
from crossnotes.run import project as projects
from crossnotes.run.folder import Folder
from crossnotes.run.interpreter import (
    Interpreter,
    InterpreterDiedError,
    InterpreterTimeoutError,
    demand,
    failure_of,
)
from crossnotes.run.project import Project
from crossnotes.run.warmed import DJANGO, PLAIN, Process, Warmed, WarmedError
from crossnotes.targets import Database, Target

#: Seconds that Django may take to load a project, and to make its tables.
TIMEOUT = 600.0


class Worker:
    """`path` is a folder that does not exist yet."""

    def __init__(
        self, path: Path, project: Project | None, target: Target, compiling: bool
    ) -> None:
        self.folder = Folder(path, project)
        self.project = project
        self.target = target
        self.compiling = compiling
        self.environment = projects.environment(
            self.folder.home, self.folder.temporary, Path(sys.executable)
        )
        #: What interpreters write their answers, and their blocks all that they print, to.
        self._answers = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the worker)
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115
        self._plain: Warmed | None = None
        self._django: Warmed | None = None
        self._is_rehearsed = False

    # -- what programs run in --------------------------------------------------------------------

    def interpreter(
        self, needs_django: bool, own_database: Callable[[], Database] | None = None
    ) -> Interpreter:
        """A fork of what is warm, on the program's own database where it has one. Raises
        BlockFailedError where the project cannot be loaded, InterpreterDiedError, and what
        `own_database` raises."""
        warmed = self._with_django() if needs_django else self._warmed()
        databases: dict[str, Mapping[str, Any]] = {}
        if own_database is not None and not self.compiling:
            database = own_database()
            databases["default"] = dict(database.django)
            self._rehearse(warmed, database)
        files = self._answers, self._printed
        interpreter = Interpreter(warmed, self.folder.copy, *files, databases=databases)
        interpreter.has_django = needs_django
        return interpreter

    def own_interpreter(self, folder: Path, environment: Mapping[str, str]) -> Interpreter:
        """A new Python, with an environment of its own. Raises InterpreterDiedError."""
        warmed = self._warmed()
        return Interpreter(warmed, folder, self._answers, self._printed, environment)

    def start(
        self,
        program: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        printed: int,
    ) -> Process:
        """A program of this machine. Raises InterpreterDiedError."""
        try:
            return self._warmed().start(program, arguments, folder, environment, printed)
        except WarmedError as error:
            raise InterpreterDiedError(str(error)) from error

    def _warmed(self) -> Warmed:
        if self._plain is None:
            modules: tuple[str, ...] = PLAIN
            if self.project is None and self.target.dbapi:
                modules = (*PLAIN, "sqlparse", self.target.dbapi)
            self._plain = Warmed(self.folder.copy, self.environment, modules)
        return self._plain

    def _with_django(self) -> Warmed:
        if self._django is not None:
            return self._django
        warmed = Warmed(self.folder.copy, self.environment, DJANGO)
        try:
            # The program's own database takes its place; the engine is the same.
            entry = {"ENGINE": self.target.engine, "NAME": ""}
            answer = warmed.set_up(self._setup(entry), TIMEOUT)
        except WarmedError as error:
            warmed.kill()
            message = f"Django could not be loaded: {error}"
            raise BlockFailedError(Failure(0, message)) from error
        if answer["failure"] is not None:
            warmed.close()
            raise BlockFailedError(failure_of(answer["failure"]), answer["output"])
        self._django = warmed
        return warmed

    def set_up(self, interpreter: Interpreter, database: Database | None) -> None:
        """Load Django in an interpreter that began without it: with this database in place of the
        project's own, if one is given. Raises BlockFailedError."""
        demand(interpreter, self._setup(database.django if database else None), TIMEOUT)
        interpreter.has_django = True

    def _setup(self, entry: Mapping[str, Any] | None) -> Setup:
        return {
            "op": "setup",
            "settings": self.project.settings if self.project else "",
            "databases": None if entry is None else {"default": dict(entry)},
        }

    # -- databases -------------------------------------------------------------------------------

    def migrate(self, database: Database) -> None:
        """Make the project's tables. Raises BlockFailedError."""
        if self.project is None or self.compiling:
            return
        try:
            interpreter = self.interpreter(needs_django=True)
            try:
                self.connect(interpreter, database, migrate=True)
            finally:
                interpreter.kill()
        except (InterpreterDiedError, InterpreterTimeoutError) as error:
            raise BlockFailedError(Failure(0, f"migrate did not end: {error}")) from error

    def connect(
        self,
        interpreter: Interpreter,
        database: Database | None,
        *,
        wanted: Wanted | None = None,
        migrate: bool = False,
    ) -> None:
        """Lead Django to a database, or, without one, prove that the project's own settings lead
        to what is wanted. Raises BlockFailedError."""
        request: Connect = {
            "op": "connect",
            "target": self.target.name,
            "databases": {"default": dict(database.django)} if database else None,
            "wanted": wanted,
            "migrate": migrate,
            "compile_only": self.compiling,
        }
        demand(interpreter, request, TIMEOUT)
        interpreter.is_connected = True

    def _rehearse(self, warmed: Warmed, database: Database) -> None:
        """Connect to a server before the first program does; SQLite has nothing to load."""
        if self._is_rehearsed or self.target.built_in is not None:
            return
        self._is_rehearsed = True
        # One that has ended is missed by the program.
        with contextlib.suppress(WarmedError):
            warmed.rehearse(dict(database.django))

    def open(
        self, interpreter: Interpreter, database: Database, environment: Mapping[str, str]
    ) -> None:
        """Lead a page without Django to its database, which the environment names. Raises
        BlockFailedError."""
        request: Open = {
            "op": "open",
            "dbapi": self.target.dbapi,
            "entry": dict(database.django),
            "environment": dict(environment),
        }
        demand(interpreter, request, TIMEOUT)
        interpreter.is_connected = True

    # -- between programs ------------------------------------------------------------------------

    def clean(self) -> None:
        """End whatever the last program left running, and make the folder as it was."""
        for name in ("_plain", "_django"):
            warmed: Warmed | None = getattr(self, name)
            if warmed is None:
                continue
            try:
                warmed.end_all()
            except WarmedError:
                # The program has ended it; the next one begins another.
                warmed.kill()
                setattr(self, name, None)
                self._is_rehearsed = False
        self.folder.clean()

    def interrupt(self) -> None:
        """End all that runs now; for another thread."""
        for warmed in (self._plain, self._django):
            if warmed is not None:
                warmed.interrupt()

    def close(self) -> None:
        for warmed in (self._plain, self._django):
            if warmed is not None:
                warmed.close()
        self._answers.close()
        self._printed.close()
