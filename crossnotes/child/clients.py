"""Rows as text: in our own form, and as the clients psql and sqlite3 show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossnotes.child.blocks import Session

#: Columns of the terminal in which sqlite3 lays out names.
_WIDTH = 80


class UnknownCommandError(Exception):
    """A command of sqlite3 that is not run here."""


@dataclass(slots=True)
class Sqlite:
    """What sqlite3 keeps from one command to the next."""

    headers: bool = False

    def run(self, command: str, session: Session) -> list[str]:
        """Run one of sqlite3's own commands in a session; the lines that it prints.

        Raises UnknownCommandError.
        """
        match command.rstrip(";").split():
            case [".tables"]:
                found = _tables(session)
                return list(_in_columns(sorted(n for n in found if not n.startswith("sqlite_"))))
            case [".schema", *names] if _is_sqlite(session) and len(names) < 2:
                with session.cursor() as cursor:
                    cursor.execute(_SCHEMA)
                    return [
                        f"{sql};" for name, sql in cursor.fetchall() if name in names or not names
                    ]
            case [".headers" | ".header", "on" | "off" as wanted]:
                self.headers = wanted == "on"
                return []
            case [".quit"] | [".exit"]:
                return []
        raise UnknownCommandError(
            f"`{command}` of sqlite3 is not supported; supported are .tables, .schema, .headers "
            "and .quit"
        )

    def rows(self, cursor: Any) -> Iterator[str]:
        if self.headers:
            yield "|".join(column[0] for column in cursor.description)
        for row in _fetched(cursor):
            yield "|".join(map(_of_sqlite, row))


def _tables(session: Session) -> set[str]:
    """The tables and views of a session's database."""
    with session.cursor() as cursor:
        if session.is_plain:
            cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            return {name for (name,) in cursor.fetchall()}
        from django.db import connection

        tables = connection.introspection.get_table_list(cursor)
        return {each.name for each in tables if each.type in "tv"}


def _is_sqlite(session: Session) -> bool:
    if session.is_plain:
        return True  # or it says itself that it has no sqlite_master
    from django.db import connection

    return bool(connection.vendor == "sqlite")


_SCHEMA = "SELECT tbl_name, sql FROM sqlite_master WHERE sql NOT NULL ORDER BY rowid"


def _in_columns(names: Sequence[str]) -> Iterator[str]:
    """Names as sqlite3 lays them out, column by column."""
    widest = max(map(len, names), default=0)
    columns = max(1, _WIDTH // (widest + 2))
    rows = -(-len(names) // columns)
    for row in range(rows):
        yield "  ".join(name.ljust(widest) for name in names[row::rows]).rstrip()


def rows(cursor: Any, client: str = "") -> Iterator[str]:
    """A result as text: the header, then a line a row."""
    value = _of_psql if client == "psql" else value_text
    yield " | ".join(column[0] for column in cursor.description)
    for row in _fetched(cursor):
        yield " | ".join(map(value, row))


def _fetched(cursor: Any) -> Iterator[Sequence[Any]]:
    """The rows one after the other: all of a large table would fill the memory."""
    while some := cursor.fetchmany(1000):
        yield from some


def value_text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


def _of_psql(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | bytearray | memoryview):
        return rf"\x{bytes(value).hex()}"
    return str(value)


def _of_sqlite(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        text = f"{value:.15g}"
        return text if re.search(r"[.einf]", text) else f"{text}.0"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    return str(value)
