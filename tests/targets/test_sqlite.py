"""SQLite: always there, a file a database."""

import sqlite3
from pathlib import Path

from crossnotes.targets import every_target
from crossnotes.targets.sqlite import ENGINE, SQLite


def test_sqlite_is_always_there() -> None:
    offer = every_target()["sqlite"].look({})
    assert (offer.source, offer.problem) == ("built in", "")


def test_server_says_the_version_of_the_library(tmp_path: Path) -> None:
    offer = every_target()["sqlite"].look({})
    assert offer.start is not None
    server = offer.start(tmp_path)
    assert server.identity.version == server.identity.short == sqlite3.sqlite_version
    assert server.identity.tidb_version is None
    assert server.secrets == ()


def test_database_is_a_file_that_goes_with_it(tmp_path: Path) -> None:
    server = SQLite(tmp_path)
    database = server.create_database("crossnotes_1")
    assert database.django == {"ENGINE": ENGINE, "NAME": str(tmp_path / "crossnotes_1.sqlite3")}
    with sqlite3.connect(database.name) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (n)")
    assert list(tmp_path.iterdir())
    connection.close()
    server.drop_database(database)
    server.drop_database(database)
    assert list(tmp_path.iterdir()) == []
    server.close()


def test_database_has_no_connection_to_write_into_a_env(tmp_path: Path) -> None:
    database = SQLite(tmp_path).create_database("crossnotes_1")
    assert database.facts == {}
    assert not database.encrypted
