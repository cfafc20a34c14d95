"""PostgreSQL, MariaDB and MySQL on real servers: what they are, and what a run makes on them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crossnotes.targets import Database, Offer, Server, TargetError, every_target
from crossnotes.targets import mysql_family as family
from crossnotes.targets import postgresql as postgres
from crossnotes.targets.external import Address
from crossnotes.targets.process import free_port

from ..conftest import MYSQLD, LiveServers, StandIns, processes_with, wait_for_end

TARGETS = ["postgresql", "mariadb", "mysql"]
FAMILY = ["mariadb", "mysql"]
VARIABLES = {name: f"CROSSNOTES_{name.upper()}_URL" for name in TARGETS}


def look(target: str, environment: Mapping[str, str]) -> Offer:
    return every_target()[target].look(environment)


def start(offer: Offer, folder: Path) -> Server:
    assert offer.start is not None, offer.problem
    return offer.start(folder)


@contextmanager
def root_of(server: Any, database: str = "") -> Iterator[Any]:
    """A cursor of the server's administrator."""
    if isinstance(server, postgres.PostgreSQL):
        found = server.address
        address = Address(found.host, found.port, found.user, found.password, database, {})
        with postgres.connected(address) as cursor:
            yield cursor
    else:
        with family.connected(server.account) as cursor:
            if database:
                cursor.execute(f"USE `{database}`")
            yield cursor


def one(cursor: Any, query: str) -> tuple[Any, ...]:
    cursor.execute(query)
    row: tuple[Any, ...] = cursor.fetchone()
    return row


def databases(server: Server) -> list[str]:
    """Those that runs have left there."""
    names = "SELECT schema_name FROM information_schema.schemata WHERE schema_name"
    if isinstance(server, postgres.PostgreSQL):
        names = "SELECT datname FROM pg_database WHERE datname"
    with root_of(server) as cursor:
        cursor.execute(f"{names} LIKE 'crossnotes%'")
        return [row[0] for row in cursor.fetchall()]


# -- what it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "said"),
    [("postgresql", "PostgreSQL "), ("mariadb", "-MariaDB"), ("mysql", "8.")],
)
def test_server_says_what_it_is(live: LiveServers, target: str, said: str) -> None:
    identity = live.server(target).identity
    assert said in identity.version
    assert identity.tidb_version is None
    number = identity.short.split(".")
    assert all(part.isdecimal() for part in number[:2])


@pytest.mark.parametrize(
    ("target", "other", "message"),
    [
        ("mysql", "mariadb", "the server is not MySQL: it is MariaDB, "),
        ("mariadb", "mysql", "the server is not MariaDB: it is MySQL, "),
    ],
)
def test_another_product_of_the_family_is_refused(
    live: LiveServers, tmp_path: Path, target: str, other: str, message: str
) -> None:
    (url,) = live.environment(other).values()
    offer = look(target, {VARIABLES[target]: url.replace("mariadb://", "mysql://")})
    assert offer.source == "external"
    with pytest.raises(TargetError, match=f"^{message}"):
        start(offer, tmp_path)


@pytest.mark.parametrize("target", FAMILY)
def test_server_that_claims_to_be_a_tidb_is_neither(
    standins: StandIns, tmp_path: Path, target: str
) -> None:
    account = standins.account("self-hosted")
    offer = look(target, {VARIABLES[target]: f"mysql://root@127.0.0.1:{account.port}/"})
    with pytest.raises(TargetError, match=r"^the server is not M.+, 8\.0\.11-TiDB-v8\.5\.3$"):
        start(offer, tmp_path)


def test_mariadb_behind_postgresqls_url_is_refused(live: LiveServers, tmp_path: Path) -> None:
    (url,) = live.environment("mariadb").values()
    offer = look("postgresql", {VARIABLES["postgresql"]: url.replace("mariadb:", "postgresql:")})
    with pytest.raises(TargetError, match=r"^cannot connect to "):
        start(offer, tmp_path)


class Says:
    """A cursor of a server that answers one thing."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def execute(self, query: str) -> None:
        assert query == "SELECT version()"

    def fetchone(self) -> tuple[str]:
        return (self.answer,)


@pytest.mark.parametrize(
    "answer",
    [
        "CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu)",
        "PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu",
        "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.54",
    ],
)
def test_what_only_speaks_the_protocol_is_not_postgresql(answer: str) -> None:
    with pytest.raises(TargetError, match=r"^the server is not PostgreSQL: its version is "):
        postgres.identify(Says(answer))


@pytest.mark.parametrize("number", ["15.18 (Debian 15.18-0+deb12u1)", "9.6.24", "18beta1"])
def test_versions_of_postgresql_are_known(number: str) -> None:
    said = Says(f"PostgreSQL {number} on x86_64-pc-linux-gnu, compiled by gcc")
    assert postgres.identify(said).version == f"PostgreSQL {number}"


# -- a database of the run ------------------------------------------------------------------------


@pytest.fixture
def made(live: LiveServers, request: pytest.FixtureRequest) -> Iterator[tuple[Server, Database]]:
    server = live.server(request.param)
    database = server.create_database("crossnotes_test_1")
    yield server, database
    server.drop_database(database)
    server.drop_database(database)
    assert databases(server) == []


@pytest.mark.parametrize("made", FAMILY, indirect=True)
def test_database_of_the_family_takes_every_character(made: tuple[Server, Database]) -> None:
    server, database = made
    with root_of(server, database.name) as cursor:
        charset, collation = one(cursor, "SELECT @@character_set_database, @@collation_database")
        assert charset == "utf8mb4"
        # The server's own default for it, which is what a reader gets.
        wanted = "SELECT collation_name FROM information_schema.collations WHERE"
        wanted += " character_set_name = 'utf8mb4' AND is_default = 'Yes'"
        assert one(cursor, wanted) == (collation,)


@pytest.mark.parametrize("made", ["postgresql"], indirect=True)
def test_database_of_postgresql_sorts_by_code_point(made: tuple[Server, Database]) -> None:
    server, database = made
    with root_of(server, database.name) as cursor:
        assert one(cursor, "SHOW server_encoding") == ("UTF8",)
        cursor.execute("SELECT x FROM (VALUES ('a'), ('Z'), ('é'), ('b')) AS t(x) ORDER BY x")
        assert [row[0] for row in cursor.fetchall()] == ["Z", "a", "b", "é"]
        assert one(cursor, "SELECT upper('é')") == ("É",)


@pytest.mark.parametrize("made", TARGETS, indirect=True)
def test_facts_are_what_a_reader_writes_into_env(made: tuple[Server, Database]) -> None:
    server, database = made
    django = database.django
    assert set(database.facts) == {"engine", "host", "port", "user", "password", "database", "ca"}
    assert database.facts["engine"] == django["ENGINE"]
    assert database.facts["password"] == django["PASSWORD"]
    assert (database.facts["host"], database.facts["ca"]) == ("127.0.0.1", "")
    assert server.secrets == (django["PASSWORD"],)
    assert len(django["PASSWORD"]) == 32


# -- an external server ---------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_server_that_the_environment_names_is_used_and_left_as_it_was(
    live: LiveServers, target: str, tmp_path: Path
) -> None:
    offer = look(target, live.environment(target))
    assert (offer.source, offer.problem) == ("external", "")
    server = start(offer, tmp_path)
    assert server.identity == live.server(target).identity
    database = server.create_database("crossnotes_test_1")
    assert databases(server) == ["crossnotes_test_1"]
    server.drop_database(database)
    server.close()
    assert databases(live.server(target)) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", TARGETS)
def test_wrong_password_is_told_without_it(live: LiveServers, target: str, tmp_path: Path) -> None:
    (url,) = live.environment(target).values()
    (password,) = live.server(target).secrets
    offer = look(target, {VARIABLES[target]: url.replace(password, "not-this-one")})
    with pytest.raises(TargetError, match=r"^cannot connect to 127\.0\.0\.1:\d+ as ") as caught:
        start(offer, tmp_path)
    assert "not-this-one" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_server_where_nobody_listens_is_told(target: str, tmp_path: Path) -> None:
    port = free_port()
    offer = look(target, {VARIABLES[target]: f"{target}://user:pw@127.0.0.1:{port}/"})
    with pytest.raises(TargetError, match=f"^cannot connect to 127.0.0.1:{port} as user: "):
        start(offer, tmp_path)


@pytest.mark.parametrize("target", TARGETS)
def test_url_that_cannot_be_used_names_its_variable(target: str) -> None:
    offer = look(target, {VARIABLES[target]: "http://localhost"})
    assert offer.start is None
    assert offer.problem.startswith(f"{VARIABLES[target]} is not a URL like {target}://user:")


#: How a server is given a user that may read everything and make no database.
WITHOUT_RIGHTS = {
    "postgresql": ["CREATE ROLE reader LOGIN PASSWORD 'pw'"],
    "mariadb": ["CREATE USER reader IDENTIFIED BY 'pw'", "GRANT SELECT ON *.* TO reader"],
    "mysql": ["CREATE USER reader IDENTIFIED BY 'pw'", "GRANT SELECT ON *.* TO reader"],
}
GRANTS = {
    "postgresql": 'ALTER ROLE "reader" CREATEDB',
    "mariadb": "GRANT ALL PRIVILEGES ON `crossnotes\\_%`.* TO 'reader'",
    "mysql": "GRANT ALL PRIVILEGES ON `crossnotes\\_%`.* TO 'reader'",
}


@pytest.mark.parametrize("target", TARGETS)
def test_user_without_the_right_is_told_the_grant_that_gives_it(
    live: LiveServers, target: str, tmp_path: Path
) -> None:
    administrator: Any = live.server(target)
    where = getattr(administrator, "address", None) or administrator.account
    url = f"{target}://reader:pw@127.0.0.1:{where.port}/"
    with root_of(administrator) as cursor:
        for statement in WITHOUT_RIGHTS[target]:
            cursor.execute(statement)
        try:
            server = start(look(target, {VARIABLES[target]: url}), tmp_path)
            with pytest.raises(TargetError) as caught:
                server.create_database("crossnotes_test_1")
            _words, _, advice = str(caught.value).partition("grant it with ")
            grant, _, other = advice.rpartition(", or give ")
            assert other == "an empty database with --database NAME"
            assert grant == GRANTS[target]
            # What the message says is enough.
            cursor.execute(grant)
            server.drop_database(server.create_database("crossnotes_test_1"))
        finally:
            cursor.execute(f"DROP {'ROLE' if target == 'postgresql' else 'USER'} reader")


# -- a server of our own --------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_started_server_asks_for_a_password_and_leaves_nothing(
    target: str, server_folder: Path
) -> None:
    offer = look(target, {**os.environ, "MYSQLD": MYSQLD})
    if offer.start is None:
        pytest.skip(offer.problem)
    server: Any = offer.start(server_folder)
    try:
        (password,) = server.secrets
        lines = [
            Path(f"/proc/{pid}/cmdline").read_text() for pid in processes_with(str(server_folder))
        ]
        assert lines
        assert not any(password in line for line in lines)
        for file in server_folder.iterdir():
            if file.is_file() and password.encode() in file.read_bytes():
                assert file.stat().st_mode & 0o77 == 0
        share = every_target()[target].share
        assert share is not None
        (url,) = share(server).values()
        nobody = url.replace(f":{password}@", "@")
        with pytest.raises(TargetError):
            start(look(target, {VARIABLES[target]: nobody}), server_folder)
    finally:
        pids = processes_with(str(server_folder))
        server.close()
    for pid in pids:
        wait_for_end(pid)
    assert not server_folder.exists()


def test_mysqld_that_is_a_mariadb_is_not_mysql(live: LiveServers) -> None:
    live.server("mariadb")
    offer = look("mysql", {"PATH": "", "MYSQLD": "/usr/sbin/mariadbd"})
    if not Path("/usr/sbin/mariadbd").exists():
        pytest.skip("no /usr/sbin/mariadbd")
    assert offer.start is None
    assert offer.problem.startswith("MYSQLD names /usr/sbin/mariadbd, which is not MySQL: ")
    assert "MariaDB" in offer.problem


def test_mysqld_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mysqld"
    assert look("mysql", {"MYSQLD": str(path)}).problem == (
        f"MYSQLD names {path}, which cannot be run"
    )
    path.write_text("#!/bin/sh\necho who knows; exit 3\n")
    path.chmod(0o755)
    problem = look("mysql", {"MYSQLD": str(path)}).problem
    assert problem == f"MYSQLD names {path}, which is not MySQL: who knows"


@pytest.mark.parametrize("target", TARGETS)
def test_without_anything_named_it_is_said_what_to_name(
    target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("crossnotes.targets.process._SYSTEM", ())
    monkeypatch.setattr("crossnotes.targets.postgresql.DEBIAN", tmp_path)
    offer = look(target, {"PATH": str(tmp_path)})
    assert offer.start is None
    assert f"set {VARIABLES[target]} to a server, or " in offer.problem


def test_what_mariadb_install_db_calls_is_asked_for_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian has it in the package of the client, on which that of the server does not depend."""
    for name in ("mariadbd", "mariadb-install-db"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr("crossnotes.targets.process._SYSTEM", ())
    offer = look("mariadb", {"PATH": str(tmp_path)})
    assert "or install my_print_defaults (Debian: mariadb-client-core); " in offer.problem
