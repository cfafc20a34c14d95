"""What a program changes on a server itself is noticed: `settings()` differs, and is as it was when
it is undone."""

import pytest

from crossnotes.targets import Server
from crossnotes.targets.postgresql import PostgreSQL

from ..conftest import LiveServers

#: Each changes something for all databases, and is undone by the next.
MYSQL = [
    ("CREATE USER noted@localhost", "DROP USER noted@localhost"),
    ("SET GLOBAL max_connections = 77", "SET GLOBAL max_connections = 151"),
    (
        "CREATE SERVER noted FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')",
        "DROP SERVER noted",
    ),
    ("CREATE ROLE noted", "DROP ROLE noted"),
    # Of a user who is there.
    ("GRANT SELECT ON mysql.* TO other@localhost", "REVOKE SELECT ON mysql.* FROM other@localhost"),
    (
        "GRANT SELECT (Db) ON mysql.db TO other@localhost",
        "REVOKE SELECT (Db) ON mysql.db FROM other@localhost",
    ),
    ("GRANT PROCESS ON *.* TO other@localhost", "REVOKE PROCESS ON *.* FROM other@localhost"),
    # MariaDB keeps that it was unlocked.
    ("ALTER USER other@localhost ACCOUNT LOCK", None),
]
POSTGRESQL = [
    ("CREATE ROLE noted", "DROP ROLE noted"),
    ("GRANT pg_monitor TO other", "REVOKE pg_monitor FROM other"),
    ("COMMENT ON ROLE other IS 'noted'", "COMMENT ON ROLE other IS NULL"),
    (
        "COMMENT ON DATABASE template1 IS 'noted'",
        "COMMENT ON DATABASE template1 IS 'default template for new databases'",
    ),
    (
        "SELECT pg_create_physical_replication_slot('noted')",
        "SELECT pg_drop_replication_slot('noted')",
    ),
    (
        "SELECT pg_replication_origin_create('noted')",
        "SELECT pg_replication_origin_drop('noted')",
    ),
    (
        "CREATE SUBSCRIPTION noted CONNECTION '' PUBLICATION p WITH (connect = false)",
        "ALTER SUBSCRIPTION noted SET (slot_name = NONE); DROP SUBSCRIPTION noted",
    ),
    ("ALTER ROLE other SET work_mem = '5MB'", "ALTER ROLE other RESET ALL"),
]


def execute(server: Server, statements: str) -> None:
    for statement in statements.split("; "):
        one = statement if isinstance(server, PostgreSQL) else [statement]
        server._execute(one)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("target", "changes", "begin", "end"),
    [
        ("mariadb", MYSQL, "CREATE USER other@localhost", "DROP USER other@localhost"),
        ("mysql", MYSQL, "CREATE USER other@localhost", "DROP USER other@localhost"),
        ("postgresql", POSTGRESQL, "CREATE ROLE other", "DROP ROLE other"),
    ],
    ids=["mariadb", "mysql", "postgresql"],
)
def test_change_of_a_server_is_noticed(
    live: LiveServers, target: str, changes: list[tuple[str, str | None]], begin: str, end: str
) -> None:
    server = live.server(target)
    execute(server, begin)
    try:
        for change, undo in changes:
            before = dict(server.settings())
            execute(server, change)
            assert server.settings() != before, change
            if undo is not None:
                execute(server, undo)
                assert server.settings() == before, undo
    finally:
        execute(server, end)
