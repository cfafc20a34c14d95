"""Databases to run on. One module here for each, holding all that is known of it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class Server(Protocol):
    """A server that can be used now."""

    @property
    def identity(self) -> Identity: ...

    @property
    def secrets(self) -> Sequence[str]:
        """Texts that must never leave the process."""
        ...

    def create_database(self, name: str) -> Database:
        """Raises TargetError, naming the right that is missing."""
        ...

    def drop_database(self, database: Database) -> None: ...

    def databases(self, prefix: str) -> list[str]:
        """The names of those that begin so. Raises TargetError."""
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
