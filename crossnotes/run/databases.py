"""The databases of a run on one server: clean ones for programs that use the project's tables,
empty ones for programs that make them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from crossnotes.targets import Caretaker, Database, Server, TargetError

#: Makes the tables of the project in a new database. Raises BlockFailedError.
Migrate = Callable[[Database], None]


@dataclass(slots=True)
class _Kept:
    """A migrated database and what it looked like when it was new."""

    database: Database
    caretaker: Caretaker
    schema: str
    rows: Mapping[str, str]
    things: Mapping[str, str]

    def clean(self) -> bool:
        """Whether it is as it was when it was new, now that what a program wrote is removed."""
        self.caretaker.end_sessions()
        if self.caretaker.schema() != self.schema and not self._without_new_things():
            return False
        now = self.caretaker.rows()
        written = [name for name in {*now, *self.rows} if now.get(name) != self.rows.get(name)]
        if not written:
            return True
        self.caretaker.empty(written)
        return self.caretaker.rows() == self.rows

    def _without_new_things(self) -> bool:
        """Drop the tables and others that a program made; whether all the rest is as it was."""
        new = {w: drop for w, drop in self.caretaker.things().items() if w not in self.things}
        if not new:
            return False
        self.caretaker.drop(new.values())
        return self.caretaker.schema() == self.schema


@dataclass(slots=True)
class Databases:
    """Each is given to one program at a time. `run_name` begins their names; what cannot be
    dropped is told in `lost`, what is `keep`-ed in `kept`."""

    server: Server
    run_name: str
    keep: bool = False
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    #: Whether there is but one, which was given to the run.
    only_one: bool = False
    _idle: list[_Kept] = field(default_factory=list)
    _given: dict[str, _Kept | None] = field(default_factory=dict)
    _pattern: Database | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _remover: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="remover")
    )

    def clean(self, migrate: Migrate) -> Database:
        """A database with the project's tables, as new. Raises TargetError, BlockFailedError."""
        with self._lock:
            if self._idle:
                return self._give(self._idle.pop())
        return self._copy_of_pattern(migrate) or self._migrated(migrate)

    def empty(self) -> Database:
        """A database with nothing in it. Raises TargetError."""
        if self.only_one:
            while self._idle:
                self._remove(self._idle.pop()).result()
        database = self.server.create_database(self._name())
        self._given[database.name] = None
        return database

    def take_back(self, database: Database) -> None:
        """After a program: a clean database serves the next one, another is dropped."""
        if database.name not in self._given:  # it went with its server
            return
        kept = self._given.pop(database.name)
        if self.keep:
            self.kept.append(f"database {database.name}")
        elif kept is None:
            self._drop(database)
        elif _is_clean(kept):
            with self._lock:
                self._idle.append(kept)
        else:
            self._remove(kept)

    def forget(self) -> None:
        """The server is replaced, and all databases go with it."""
        with self._lock:
            for kept in self._idle:
                with suppress(TargetError):
                    kept.caretaker.close()
            self._idle.clear()
            self._given.clear()
            self._pattern = None

    def close(self) -> None:
        """Drop all that is left."""
        for kept in self._idle:
            self._remove(kept)
        self._idle.clear()
        for name, given in list(self._given.items()):
            self.take_back(given.database if given else Database(name, {}))
        if self._pattern is not None:
            self._drop(self._pattern)
            self._pattern = None
        self._remover.shutdown()

    # -- making ----------------------------------------------------------------------------------

    def _name(self) -> str:
        return f"{self.run_name}_{next(self._numbers)}"

    def _copy_of_pattern(self, migrate: Migrate) -> Database | None:
        """A copy of a database that no program ever used, where copies are made in no time."""
        with self._lock:
            if self._pattern is None:
                if not self.server.copies or self.only_one:
                    return None
                self._pattern = self._new(migrate)
            copy = self.server.copy(self._pattern, self._name())
        caretaker = self.server.caretaker(copy)
        if caretaker is None:
            self._given[copy.name] = None
            return copy
        return self._give(self._seen(copy, caretaker))

    def _migrated(self, migrate: Migrate) -> Database:
        database = self._new(migrate)
        caretaker = self.server.caretaker(database)
        if caretaker is None:
            self._given[database.name] = None
            return database
        return self._give(self._seen(database, caretaker))

    def _new(self, migrate: Migrate) -> Database:
        database = self.server.create_database(self._name())
        try:
            migrate(database)
        except BaseException:
            self._drop(database)
            raise
        return database

    @staticmethod
    def _seen(database: Database, caretaker: Caretaker) -> _Kept:
        return _Kept(
            database, caretaker, caretaker.schema(), caretaker.rows(), dict(caretaker.things())
        )

    def _give(self, kept: _Kept) -> Database:
        self._given[kept.database.name] = kept
        return kept.database

    # -- after a program -------------------------------------------------------------------------

    def _remove(self, kept: _Kept) -> Future[None]:
        """Drop a database beside the run."""
        return self._remover.submit(self._remove_now, kept)

    def _remove_now(self, kept: _Kept) -> None:
        with suppress(TargetError):
            kept.caretaker.close()
        self._drop(kept.database)

    def _drop(self, database: Database) -> None:
        try:
            self.server.drop_database(database)
        except TargetError as error:
            self.lost.append(str(error))


def _is_clean(kept: _Kept) -> bool:
    """Where the server refuses, it is not; dropping it then tells why."""
    try:
        return kept.clean()
    except TargetError:
        return False
