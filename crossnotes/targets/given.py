"""A database that a person gives to a run: used only if it is empty, and left empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from crossnotes.targets import Caretaker, Database, Identity, Server, TargetError

#: Things that a message names of a database that is not empty.
SHOWN = 3


@runtime_checkable
class Shared(Protocol):
    """A server whose databases others made."""

    def database(self, name: str) -> Database:
        """How to connect to a database that is there."""
        ...

    def contents(self, name: str) -> list[str]:
        """The tables and all else that somebody made in a database. Raises TargetError."""
        ...

    def empty(self, name: str) -> None:
        """Drop all of that. Raises TargetError."""
        ...


class GivenDatabase:
    """A server on which a run has this one database. Raises TargetError if it is not empty."""

    def __init__(self, server: Server, name: str) -> None:
        if not isinstance(server, Shared):
            raise TargetError("this database cannot be given one by --database")
        self._server = server
        self._shared: Shared = server
        self._name = name
        self._refuse_contents()

    def _refuse_contents(self) -> None:
        if found := self._shared.contents(self._name):
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            raise TargetError(
                f"database {self._name} is not empty: it holds {', '.join(found[:SHOWN])}{more}; "
                "give an empty one, for everything in it is dropped"
            )

    @property
    def identity(self) -> Identity:
        return self._server.identity

    @property
    def secrets(self) -> Sequence[str]:
        return self._server.secrets

    @property
    def ordinary(self) -> Sequence[str]:
        return (*self._server.ordinary, self._name)

    def create_database(self, name: str) -> Database:
        """The one that there is. Somebody else may have put something into it meanwhile."""
        self._refuse_contents()
        return self._shared.database(self._name)

    def drop_database(self, database: Database) -> None:
        self._shared.empty(self._name)
        self._refuse_contents()

    def databases(self, prefix: str) -> list[str]:
        return self._server.databases(prefix)

    copies = False

    def caretaker(self, database: Database) -> Caretaker | None:
        return self._server.caretaker(database)

    def copy(self, database: Database, name: str) -> Database:
        raise NotImplementedError

    def confine(self, name: str, database: str = "") -> None:
        self._server.confine(name, self._name)

    def renew(self) -> None:
        self._server.renew()

    def release(self, name: str) -> None:
        self._server.release(name)

    def settings(self) -> Mapping[str, str]:
        return self._server.settings()

    def put_back(self, name: str, value: str | None) -> bool:
        return self._server.put_back(name, value)

    def close(self) -> None:
        self._server.close()
