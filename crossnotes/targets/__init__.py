"""Databases to run on. One module here for each, holding all that is known of it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol


class TargetError(Exception):
    """A target that cannot be had, or a server that refused; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database that the run made. `facts` are what a reader would write into `.env` (host, port,
    user, password, database, ca, and engine where the project has to be told), `django` is the
    entry for DATABASES, and `encrypted` says whether the deployment's contract wants a session to
    be."""

    name: str
    django: Mapping[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says of itself, in its own words."""

    version: str
    tidb_version: str | None = None
    #: The port that it says it answers on, which behind a tunnel or in a container is not the one
    #: that was asked; 0 where it does not say.
    port: int = field(default=0, compare=False)

    @property
    def short(self) -> str:
        """The version as a reader would say it: TiDB's own, not the MySQL one it answers as."""
        if self.tidb_version:
            match = re.search(r"Release Version:\s*(\S+)", self.tidb_version)
            if match:
                return match[1]
        # The number among the words, such as those of PostgreSQL 15.18 (Debian …).
        number = next((w for w in self.version.split() if w[0].isdigit() and "." in w), None)
        return (number or self.version).partition("-MariaDB")[0]


class Caretaker(Protocol):
    """Looks after one database that a run made: says what is in it, and empties its tables. It may
    keep a connection; every method raises TargetError when the server refuses or is gone."""

    def end_sessions(self) -> None:
        """End every other session in the database, and what it has not committed."""
        ...

    def schema(self) -> str:
        """A fingerprint of all that is defined in the database: columns, indexes, constraints,
        views, routines, triggers, sequences, types, comments."""
        ...

    def things(self) -> Mapping[str, str]:
        """What is defined there that can be dropped, and the statement that drops it."""
        ...

    def drop(self, statements: Collection[str]) -> None:
        """Drop some of these, in whatever order that takes."""
        ...

    def rows(self) -> Mapping[str, str]:
        """For each table and sequence what tells whether a row was written to it."""
        ...

    def empty(self, tables: Collection[str]) -> None:
        """Remove all rows of these tables, and let their counters begin anew."""
        ...

    def close(self) -> None: ...


class Server(Protocol):
    """A server that can be used now."""

    @property
    def identity(self) -> Identity: ...

    @property
    def secrets(self) -> Sequence[str]:
        """Texts that must never leave the process."""
        ...

    @property
    def ordinary(self) -> Sequence[str]:
        """Texts that answers hold anyway, such as the names of the user and the host."""
        ...

    def create_database(self, name: str) -> Database:
        """Raises TargetError, naming the right that is missing."""
        ...

    def drop_database(self, database: Database) -> None: ...

    def databases(self, prefix: str) -> list[str]:
        """The names of those that begin so. Raises TargetError."""
        ...

    def caretaker(self, database: Database) -> Caretaker | None:
        """Who looks after a database; None where a copy of one takes less time."""
        ...

    #: Whether it copies a database in less time than it takes to make one.
    copies: bool

    def copy(self, database: Database, name: str) -> Database:
        """Another database with the same in it, of one that nobody is connected to. Raises
        TargetError."""
        ...

    def confine(self, name: str, database: str = "") -> None:
        """Make an account of this name, with rights on databases whose names begin so, on one that
        was given, and on nothing else; programs connect as it from now on. Raises TargetError where
        that may not be done and the account that there is has more rights."""
        ...

    def renew(self) -> None:
        """Give that account, if there is one, its password again, whatever a program did to it."""
        ...

    def release(self, name: str) -> None:
        """Drop the account of this name, if there is one. Raises TargetError."""
        ...

    def settings(self) -> Mapping[str, str]:
        """What a program could change on the server beside its database, by name: users, global
        variables, other databases. Empty where there is nothing of the kind. Raises TargetError."""
        ...

    def put_back(self, name: str, value: str | None) -> bool:
        """Make one of these what it was (None: it was not there), if that can be done."""
        ...

    def close(self) -> None:
        """End what was started; leave an external server as it was."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a target would come from, or why it cannot be had and what to do about it.

    `source` is `built in`, `external`, `binary` or `docker`; `start` takes an empty folder that
    belongs to the server. Where there is no server, `compiler` makes what takes its place for the
    blocks that need none.
    """

    source: str = ""
    where: str = ""
    problem: str = ""
    start: Callable[[Path], Server] | None = None
    compiler: Callable[[], Server] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A database that programs can run on. `driver` names the distribution whose version the
    ledger holds besides Django's."""

    name: str
    label: str
    engine: str
    driver: str
    look: Callable[[Mapping[str, str]], Offer]
    #: What it says of itself, where it is in Python and nothing has to be asked.
    built_in: Identity | None = None
    #: The variables by which another process finds a server that we started, as an external one;
    #: None where each process has its own.
    share: Callable[[Any], Mapping[str, str]] | None = None
    #: Makes a Django connection compile SQL without a server, where its backend can.
    compile_only: Callable[[Any], None] | None = None


@cache
def every_target() -> Mapping[str, Target]:
    """All targets by name, in the order of the names of their modules."""
    return {target.name: target for target in _declared()}


def _declared() -> Iterator[Target]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        yield from getattr(loaded, "TARGETS", ())
