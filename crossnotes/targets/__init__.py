"""Databases to run on. One module here for each, holding all that is known of it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, Protocol

from crossnotes import ranges
from crossnotes.ranges import Version


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
    #: Its URL, where that does not follow from `django`.
    url: str = ""


Kind = Literal["built in", "started", "container", "external", "cloud", "compiled", ""]


@dataclass(frozen=True, slots=True)
class Where:
    """How a server was had: `started` by the run from a program of this machine, in a `container`,
    `external`, or `external` in a vendor's `cloud`; `built in` where it is in Python, `compiled`
    where there was none. `store` is what the server says that it keeps its data in, `contract` the
    deployment whose demands on a client the run gave it, where it is not that deployment."""

    kind: Kind = ""
    store: str = ""
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says of itself, in its own words, and how it was had, by which two are not
    told apart."""

    version: str
    tidb_version: str | None = None
    where: Where = field(default=Where(), compare=False)
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
        # Without what a distribution adds, such as the -2 of 9.7.4-2.
        return re.sub(r"(?<=\d)-(MariaDB|log|\d).*", "", number or self.version)

    @property
    def store(self) -> str:
        """What a TiDB says that it keeps its data in; "" of others."""
        said = re.search(r"^Store:\s*(\S+)", self.tidb_version or "", re.MULTILINE)
        return said[1] if said else ""

    @property
    def number(self) -> Version:
        """The numbers of the version; empty where it has none."""
        return _number(self)


@cache
def _number(identity: Identity) -> Version:
    return ranges.version(identity.short)


def series(number: Version, numbers: int) -> str:
    """The first `numbers` of a version, with dots; "" of a version that has none."""
    padded = (*number, *(0,) * numbers)[:numbers]
    return ".".join(map(str, padded)) if number else ""


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


class Renewed:
    """What there is to say of a server whose databases are dropped and made anew, and on which a
    program reaches nothing else."""

    copies = False

    def caretaker(self, database: Database) -> Caretaker | None:
        """Nobody."""
        return None

    def copy(self, database: Database, name: str) -> Database:
        raise NotImplementedError

    def confine(self, name: str, database: str = "") -> None:
        """Each database is the run's own."""

    def renew(self) -> None:
        """There is no account."""

    def release(self, name: str) -> None:
        """There is no account."""

    def settings(self) -> Mapping[str, str]:
        return {}

    def put_back(self, name: str, value: str | None) -> bool:
        return False


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


class Look(Protocol):
    """Where a target would come from: with `series`, a server of that series alone."""

    def __call__(self, environment: Mapping[str, str], series: str = "") -> Offer: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A database that programs can run on. `driver` names the distribution whose version the
    ledger holds besides Django's."""

    name: str
    label: str
    engine: str
    driver: str
    look: Look
    #: What it says of itself, where it is in Python and nothing has to be asked.
    built_in: Identity | None = None
    #: The variables by which another process finds a server that we started, as an external one;
    #: None where each process has its own.
    share: Callable[[Any], Mapping[str, str]] | None = None
    #: Makes a Django connection compile SQL without a server, where its backend can.
    compile_only: Callable[[Any], None] | None = None
    #: What its vendor calls it where it is a service of his, which a server of ours never is.
    cloud: str = ""
    #: How many numbers of a version name a series, as the vendor counts them.
    series_numbers: int = 2
    #: The series that are known, the oldest first; a range on a page has to meet one of them.
    releases: Sequence[str] = ()
    #: The module whose `connect` takes what Database has as `django`, and connects without Django;
    #: "" where only Django connects. An `engine` of "" is a database that Django does not know.
    dbapi: str = ""

    def series(self, identity: Identity) -> str:
        """The series of a server, such as `8.0` of 8.0.12; "" where its version has no number."""
        return series(identity.number, self.series_numbers)


#: Where packages of others name a module that has what ours have: `TARGETS`.
ENTRY_POINTS = "crossnotes.targets"


@cache
def every_target() -> Mapping[str, Target]:
    """All targets by name, in the order of the names of their modules; those of other packages
    come last. What is wrong with one of these is told on standard error, and it is left out."""
    found = {target.name: target for target in _declared()}
    for point in entry_points(group=ENTRY_POINTS):
        try:
            for target in _of_others(point):
                if target.name in found:
                    raise TargetError(f"a target {target.name!r} already exists")
                found[target.name] = target
        except Exception as error:  # importing what others wrote may raise anything
            of = point.dist.name if point.dist else "?"
            said = f"{type(error).__name__}: {error}"
            message = error if isinstance(error, TargetError) else said
            print(f"{ENTRY_POINTS}: {point.name} of {of} is not used: {message}", file=sys.stderr)
    return found


def _of_others(point: EntryPoint) -> Sequence[Target]:
    """What the module of an entry point declares. Raises TargetError for what are no targets."""
    targets = list(getattr(point.load(), "TARGETS", ()))
    if not targets:
        raise TargetError(f"{point.value} has no TARGETS")
    for target in targets:
        if not isinstance(target, Target):
            raise TargetError(f"TARGETS of {point.value} holds {target!r}, which is not a Target")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", target.name):
            raise TargetError(f"{target.name!r} is not a name for a target, such as mysql")
    return targets


def releases() -> Mapping[str, Sequence[str]]:
    """The known series of each target that says which there are."""
    return {name: each.releases for name, each in every_target().items() if each.releases}


def _declared() -> Iterator[Target]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        yield from getattr(loaded, "TARGETS", ())
