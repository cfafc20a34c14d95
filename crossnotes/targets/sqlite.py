"""SQLite: in Python itself, a file a database."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from crossnotes.targets import Database, Identity, Offer, Renewed, Target, Where

ENGINE = "django.db.backends.sqlite3"
IDENTITY = Identity(sqlite3.sqlite_version, where=Where("built in"))


class SQLite(Renewed):
    """A folder of database files."""

    secrets: tuple[str, ...] = ()
    ordinary: tuple[str, ...] = ()
    copies = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def identity(self) -> Identity:
        return IDENTITY

    def _database(self, name: str) -> Database:
        path = str(self.folder / f"{name}.sqlite3")
        return Database(path, {"ENGINE": ENGINE, "NAME": path})

    def create_database(self, name: str) -> Database:
        made = self._database(name)
        Path(made.name).touch()
        return made

    def drop_database(self, database: Database) -> None:
        for ending in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(database.name + ending)

    # A copy of a file is the proof that nothing is left in it.
    def copy(self, database: Database, name: str) -> Database:
        made = self._database(name)
        shutil.copyfile(database.name, made.name)
        return made

    def databases(self, prefix: str) -> list[str]:
        return [path.stem for path in self.folder.glob(f"{prefix}*.sqlite3")]

    def close(self) -> None:
        """Nothing runs; the folder goes with the run."""


def look(environment: Mapping[str, str], series: str = "") -> Offer:
    """SQLite is always there, in the one version that Python has."""
    ours = SQLITE.series(IDENTITY)
    if series and series != ours:
        return Offer(problem=f"this Python has SQLite {ours}; another needs another Python")
    return Offer("built in", "Python's sqlite3", start=SQLite)


SQLITE = Target(
    "sqlite",
    "SQLite",
    ENGINE,
    "",
    look,
    built_in=IDENTITY,
    dbapi="crossnotes.child.drivers.sqlite",
)
TARGETS = [SQLITE]
