"""The server that is asked is the one that is used, and none is waited for without a limit."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossnotes.targets import Database, TargetError, every_target
from crossnotes.targets import mysql_family as family
from crossnotes.targets import postgresql as postgres

from ..conftest import MYSQLD, LiveServers, processes_with
from .test_live import FAMILY, TARGETS, VARIABLES, look, root_of, start


def socket_of(server: Any) -> str:
    with root_of(server) as cursor:
        cursor.execute("SELECT @@datadir, @@socket")
        return os.path.join(*cursor.fetchone())


@contextlib.contextmanager
def another(target: str, folder: Path) -> Iterator[Any]:
    """A second server of the same kind, with the account `other` that has no password."""
    offer = look(target, {**os.environ, "MYSQLD": MYSQLD})
    if offer.start is None:
        pytest.skip(offer.problem)
    server: Any = offer.start(folder)
    try:
        with root_of(server) as cursor:
            for host in ("localhost", "127.0.0.1"):
                cursor.execute(f"CREATE USER 'other'@'{host}'")
                cursor.execute(f"GRANT ALL PRIVILEGES ON *.* TO 'other'@'{host}'")
        yield server
    finally:
        server.close()


def in_another_process(code: str, socket: str, *arguments: str) -> str:
    """What a process prints whose clients take `socket` for the usual one."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "MYSQL_UNIX_PORT": socket, "MARIADB_UNIX_PORT": socket},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


#: What a client makes of `localhost` and a port, without us.
BARE = """
import sys, MySQLdb
connection = MySQLdb.connect(host="localhost", port=int(sys.argv[1]), user="other", passwd="")
cursor = connection.cursor()
cursor.execute("SELECT @@port")
print(cursor.fetchone()[0])
"""

#: What we make of it.
OURS = """
import sys
from pathlib import Path
from crossnotes.targets import every_target
target, variable, url = sys.argv[1:]
server = every_target()[target].look({variable: url}).start(Path("unused"))
print(server.identity.port, server.database("x").django["HOST"])
"""

#: A way that is not the port's.
ASTRAY = """
import sys
from crossnotes.targets import TargetError
from crossnotes.targets.mysql_family import Account, connected
try:
    with connected(Account("localhost", int(sys.argv[1]), "other", "")):
        print("connected")
except TargetError as error:
    print(error)
"""


def test_localhost_with_a_port_is_the_server_of_that_port(
    live: LiveServers, server_folder: Path
) -> None:
    asked: Any = live.server("mariadb")
    port, password = asked.account.port, asked.account.password
    with another("mariadb", server_folder) as other:
        socket = socket_of(other)
        # The trap is there: the client goes to the socket, whatever the port.
        assert in_another_process(BARE, socket, str(port)).strip() == str(other.account.port)
        url = f"mariadb://root:{password}@localhost:{port}/"
        said = in_another_process(OURS, socket, "mariadb", VARIABLES["mariadb"], url)
        assert said.split() == [str(port), "127.0.0.1"]
        said = in_another_process(ASTRAY, socket, str(port))
    assert said.startswith(f"localhost:{port} was asked, and the server of port ")
    assert f" {other.account.port} answered ({other.identity.version}, " in said


def test_tidb_host_localhost_is_asked_by_its_port() -> None:
    named = {"TIDB_HOST": "localhost", "TIDB_PORT": "4000", "TIDB_USER": "root"}
    assert every_target()["tidb-self-hosted"].look(named).where == "127.0.0.1:4000"


@pytest.mark.parametrize("target", TARGETS)
def test_port_of_the_answer_is_known(live: LiveServers, target: str) -> None:
    server: Any = live.server(target)
    where = getattr(server, "address", None) or server.account
    assert server.identity.port == where.port


def test_variable_of_libpq_does_not_name_another_server(
    live: LiveServers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (url,) = live.environment("postgresql").values()
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.99")
    monkeypatch.setenv("PGPORT", "1")
    server = start(look("postgresql", {VARIABLES["postgresql"]: url}), tmp_path)
    assert server.identity.version == live.server("postgresql").identity.version


# -- limits ---------------------------------------------------------------------------------------


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (family, postgres):
        monkeypatch.setattr(module, "TIMEOUT", 3)
        monkeypatch.setattr(module, "CONNECT_TIMEOUT", 3)
        monkeypatch.setattr(module, "LOCK_TIMEOUT", 1)


@contextlib.contextmanager
def stopped(live: LiveServers, target: str) -> Iterator[None]:
    """The server's processes, stopped as by SIGSTOP."""
    found = [pid for pid in processes_with(str(live.folder / target)) if _is_server(pid)]
    assert found
    # PostgreSQL's processes write over what they were called with.
    found += [int(child) for pid in found for child in _children(pid) if int(child) not in found]
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _is_server(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text().strip() in ("mysqld", "mariadbd", "postgres")


@pytest.mark.parametrize("target", TARGETS)
def test_server_that_is_stopped_is_given_up(
    live: LiveServers, target: str, short_limits: None
) -> None:
    server = live.server(target)
    with stopped(live, target), pytest.raises(TargetError):
        server.create_database("crossnotes_0123456789_1")
    server.drop_database(Database("crossnotes_0123456789_1", {}))


@pytest.mark.parametrize("target", TARGETS)
def test_server_that_is_stopped_amid_a_statement_is_given_up(
    live: LiveServers, target: str, short_limits: None
) -> None:
    server = live.server(target)
    module: Any = postgres if target == "postgresql" else family
    driver = pytest.importorskip("psycopg" if target == "postgresql" else "MySQLdb")
    with pytest.raises(driver.Error), root_of(server) as cursor, stopped(live, target):
        cursor.execute("SELECT 1")
    assert module.TIMEOUT == 3
    assert server.databases("crossnotes_0123456789") == []


@pytest.mark.parametrize("target", TARGETS)
def test_open_transaction_in_a_database_does_not_keep_it(
    live: LiveServers, target: str, short_limits: None
) -> None:
    server = live.server(target)
    database = server.create_database("crossnotes_0123456789_2")
    with root_of(server, database.name) as cursor:
        cursor.execute("CREATE TABLE t (id INTEGER)")
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM t")
        server.drop_database(database)
    assert server.databases(database.name) == []


@pytest.mark.parametrize("target", FAMILY)
def test_lock_from_elsewhere_is_told_and_not_waited_for(
    live: LiveServers, target: str, short_limits: None
) -> None:
    server = live.server(target)
    database = server.create_database("crossnotes_0123456789_3")
    with root_of(server) as cursor:
        cursor.execute(f"CREATE TABLE {database.name}.t (id INTEGER)")
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT * FROM {database.name}.t")
        with pytest.raises(TargetError, match="another session has locked something in it"):
            server.drop_database(database)
        cursor.execute("ROLLBACK")
    server.drop_database(database)
    assert server.databases(database.name) == []
