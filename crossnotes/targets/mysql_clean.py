"""What is in a database of MySQL, MariaDB or TiDB, and how it is made clean again."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from crossnotes.targets import TargetError

#: Tables of information_schema that say what is defined in a database, by the column that names it.
_SCHEMA = {
    "schemata": "schema_name",
    "tables": "table_schema",
    "columns": "table_schema",
    "statistics": "table_schema",
    "table_constraints": "table_schema",
    "key_column_usage": "table_schema",
    "referential_constraints": "constraint_schema",
    "check_constraints": "constraint_schema",
    "views": "table_schema",
    "routines": "routine_schema",
    "parameters": "specific_schema",
    "triggers": "trigger_schema",
    "events": "event_schema",
    "partitions": "table_schema",
    "sequences": "sequence_schema",
}

#: Columns of these that change without a change of what is defined.
_VOLATILE = frozenset(
    {
        "auto_increment",
        "avg_row_length",
        "cardinality",
        "check_time",
        "checksum",
        "create_time",
        "created",
        "data_free",
        "data_length",
        "index_length",
        "last_altered",
        "last_executed",
        "max_data_length",
        "max_index_length",
        "row_format",
        "table_rows",
        "tidb_partition_id",
        "tidb_table_id",
        "update_time",
    }
)


class MySQLCaretaker:
    """Looks after one database, over a connection of its own."""

    def __init__(self, connection: AbstractContextManager[Any], name: str) -> None:
        self.name = name
        self._stack = contextlib.ExitStack()
        self._cursor = self._stack.enter_context(connection)
        self._do(f"USE `{name}`")
        for setting in _CARETAKERS:
            with contextlib.suppress(TargetError):
                self._do(f"SET SESSION {setting}")
        self._queries = [q for q in map(self._query, *zip(*_SCHEMA.items(), strict=True)) if q]
        self._tables: list[str] = []
        self._seen: tuple[Any, str] | None = None

    def _do(self, statement: str) -> list[Any]:
        import MySQLdb

        try:
            self._cursor.execute(statement)
            return list(self._cursor.fetchall())
        except MySQLdb.Error as error:
            raise TargetError(f"{statement.split('`')[0].strip()[:60]} failed: {error}") from error

    def _query(self, table: str, schema: str) -> str:
        """What asks for all that a table of information_schema says of the database; "" where
        this server has no such table."""
        try:
            self._do(f"SELECT * FROM information_schema.{table} LIMIT 0")
        except TargetError:
            return ""
        names = [column[0] for column in self._cursor.description]
        kept = ", ".join(f"`{name}`" for name in names if name.lower() not in _VOLATILE)
        return f"SELECT {kept} FROM information_schema.{table} WHERE {schema} = '{self.name}'"

    def end_sessions(self) -> None:
        found = self._do(
            f"SELECT id FROM information_schema.processlist WHERE db = '{self.name}' "
            "AND id <> CONNECTION_ID()"
        )
        for (number,) in found:
            with contextlib.suppress(TargetError):  # it has ended meanwhile
                self._do(f"KILL {number}")

    def schema(self) -> str:
        # A server that counts its statements need not be asked for more where none defined
        # anything.
        counts = self._definitions()
        if counts and self._seen is not None and self._seen[0] == counts:
            return self._seen[1]
        digest = hashlib.sha256()
        for query in self._queries:
            for row in sorted(repr(row) for row in self._do(query)):
                digest.update(row.encode())
        self._tables = sorted(
            name
            for (name,) in self._do(
                "SELECT table_name FROM information_schema.tables "
                f"WHERE table_schema = '{self.name}' AND table_type = 'BASE TABLE'"
            )
        )
        self._seen = counts, digest.hexdigest()
        return self._seen[1]

    def _definitions(self) -> tuple[Any, ...]:
        """How often this server was told to define something, by anybody; nothing where it does
        not count. Its own words for an emptied table are no definition."""
        found = self._do("SHOW GLOBAL STATUS LIKE 'Com\\_%'")
        return tuple(row for row in found if row[0].startswith(_DEFINING))

    def things(self) -> Mapping[str, str]:
        found = contents(self._cursor, self.name)
        return {f"{kind} {name}": drop for kind, name, drop in found}

    def drop(self, statements: Collection[str]) -> None:
        self._do("SET SESSION foreign_key_checks = 0")
        for statement in statements:
            self._do(statement)
        self._do("SET SESSION foreign_key_checks = 1")

    def rows(self) -> Mapping[str, str]:
        counters = dict(
            self._do(
                "SELECT table_name, auto_increment FROM information_schema.tables "
                f"WHERE table_schema = '{self.name}' AND auto_increment > 1"
            )
        )
        parts = [
            f"SELECT '{name}', (SELECT COUNT(*) FROM (SELECT 1 FROM `{name}` LIMIT 1) AS some)"
            for name in self._tables
        ]
        found = dict(self._do(" UNION ALL ".join(parts))) if parts else {}
        return {
            name: f"{self._digest(name) if some else ''} {counters.get(name, 1)}"
            for name, some in found.items()
        }

    def _digest(self, table: str) -> str:
        digest = hashlib.sha256()
        for row in sorted(repr(row) for row in self._do(f"SELECT * FROM `{table}` LIMIT 2000")):
            digest.update(row.encode())
        return digest.hexdigest()

    def empty(self, tables: Collection[str]) -> None:
        self._do("SET SESSION foreign_key_checks = 0")
        for table in tables:
            self._do(f"TRUNCATE TABLE `{table}`")
        self._do("SET SESSION foreign_key_checks = 1")

    def close(self) -> None:
        self._stack.close()


#: Session settings of a caretaker's connection; a server passes over those that it does not have.
_CARETAKERS = (
    "information_schema_stats_expiry = 0",  # MySQL 8 remembers counters for a day
    "lock_wait_timeout = 10",
    "innodb_lock_wait_timeout = 10",
)

#: How the counters of statements begin that define something.
_DEFINING = ("Com_alter_", "Com_create_", "Com_drop_", "Com_rename_table")


def settings(cursor: Any) -> Iterator[tuple[str, str]]:
    """Users, what is granted to them, global variables, plugins, functions, links to other servers,
    time zone tables and databases of a server."""
    import MySQLdb

    cursor.execute("SHOW GLOBAL VARIABLES")
    for name, value in cursor.fetchall():
        if name.lower() not in _VOLATILE_VARIABLES:
            yield f"variable {name}", str(value)
    for query, kind in _MORE_SETTINGS:
        with contextlib.suppress(MySQLdb.Error):
            cursor.execute(query)
            for name, *values in cursor.fetchall():
                yield f"{kind} {name}", repr(values)


#: Where MySQL and MariaDB keep what holds for all databases.
_TABLES_OF_SERVER = (
    *("user", "global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv"),
    *("global_grants", "role_edges", "default_roles", "roles_mapping"),
    *("func", "plugin", "component", "servers"),
)

_MORE_SETTINGS = (
    ("SELECT CONCAT(user, '@', host), authentication_string FROM mysql.user", "user"),
    ("SELECT schema_name, default_collation_name FROM information_schema.schemata", "database"),
    ("SELECT 'zones', COUNT(*) FROM mysql.time_zone_name", "time"),
    # Of a table that a server does not have, nothing is told; TiDB has no such statement.
    (f"CHECKSUM TABLE {', '.join(f'mysql.{name}' for name in _TABLES_OF_SERVER)}", "table"),
    ("SELECT resource_group_name, vcpu_ids FROM information_schema.resource_groups", "group"),
)

#: Variables that a server changes by itself.
_VOLATILE_VARIABLES = frozenset(
    {
        "gtid_binlog_pos",
        "gtid_binlog_state",
        "gtid_current_pos",
        "gtid_executed",
        "gtid_purged",
        "innodb_thread_sleep_delay",
        "last_sql_use_alloc",
        "tidb_current_ts",
        "timestamp",
    }
)


def contents(cursor: Any, database: str) -> Iterator[tuple[str, str, str]]:
    """Everything in a database: what DROP calls it, its name, and how it is dropped. Triggers go
    with their tables."""
    for query in _CONTENTS:
        cursor.execute(query, (database,))
        for kind, name in cursor.fetchall():
            word = "TABLE" if kind in ("BASE TABLE", "SYSTEM VERSIONED") else kind
            quoted = name.replace("`", "``")
            yield word, name, f"DROP {word} IF EXISTS `{database}`.`{quoted}`"


_CONTENTS = (
    "SELECT table_type, table_name FROM information_schema.tables WHERE table_schema = %s",
    "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = %s",
    "SELECT 'EVENT', event_name FROM information_schema.events WHERE event_schema = %s",
)


def pattern(database: str) -> str:
    """A name as GRANT takes it, to which `_` and `%` are any character."""
    return re.sub(r"([_%\\])", r"\\\1", database)


def reaches_others(grant: str, database: str) -> bool:
    """Whether a line of SHOW GRANTS gives a right on what is neither a run's own nor the database
    that was given."""
    found = re.match(r"GRANT (?P<rights>.+?) ON (?P<what>\S+) TO ", grant)
    if found is None or found["rights"] == "USAGE":
        return False
    what = found["what"].replace("\\\\", "\\")
    own = ["`crossnotes\\_", "`test\\_crossnotes\\_", "`crossnotes_", "`test_crossnotes_"]
    if database:
        own += [f"`{database}`.", f"`{pattern(database)}`."]
    return not what.startswith(tuple(own))
