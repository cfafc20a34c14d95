"""Targets in one version: what a request names, and which of several servers it gets."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from crossnotes.targets import Identity, TargetError, every_target, postgresql, requests
from crossnotes.targets.mysql_family import FamilyServer
from crossnotes.targets.requests import RequestError

from ..conftest import MYSQLD


@pytest.mark.parametrize(
    ("target", "version", "tidb", "series"),
    [
        ("mysql", "8.0.12", None, "8.0"),
        ("mysql", "9.7.4-2", None, "9.7"),
        ("mariadb", "11.8.9-MariaDB-0+deb13u1 from Debian", None, "11.8"),
        ("mariadb", "10.11.19-MariaDB", None, "10.11"),
        ("postgresql", "PostgreSQL 15.18 (Debian 15.18-0+deb12u1)", None, "15"),
        ("postgresql", "PostgreSQL 19beta1 (Debian 19~beta1-1)", None, "19"),
        ("sqlite", "3.40.1", None, "3.40"),
        ("sqlite", "3.50", None, "3.50"),
        ("oracle", "Oracle Database 23ai Free 23.8.0.25.04", None, "23"),
        ("tidb-dedicated", "8.0.11-TiDB-v8.5.3", "Release Version: v8.5.3\nStore: tikv", "8.5"),
        ("mysql", "unknown", None, ""),
    ],
)
def test_series_are_counted_as_each_vendor_does(
    target: str, version: str, tidb: str | None, series: str
) -> None:
    assert every_target()[target].series(Identity(version, tidb)) == series


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mysql", "mysql"),
        ("mysql@9.7", "mysql@9.7"),
        ("mysql@9.7.4", "mysql@9.7"),
        ("postgresql@15", "postgresql@15"),
        ("postgresql@15.18", "postgresql@15"),
        ("tidb-serverless@v8.5", "tidb-serverless@8.5"),
    ],
)
def test_request_names_a_target_and_a_series(text: str, name: str) -> None:
    assert requests.parse(text).name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("db2", "unknown target 'db2'; known are: mariadb, "),
        ("mysql@", "mysql@: '' is not a version; write a series of MySQL, such as mysql@9.7"),
        ("mysql@latest", "mysql@latest: 'latest' is not a version"),
        ("mysql@8", "mysql@8 names more than one series of MySQL: mysql@8.0, mysql@8.1, "),
    ],
)
def test_request_for_what_there_is_not(text: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        requests.parse(text)
    assert str(caught.value).startswith(message)


def test_server_of_another_series_is_refused() -> None:
    request = requests.parse("mysql@9.7")
    request.check(Identity("9.7.4-2"))
    with pytest.raises(TargetError, match=r"mysql@9.7 was asked for, and the server is MySQL 8.0"):
        request.check(Identity("8.0.12"))


def test_version_that_no_server_has_is_said_with_those_that_are_there(tmp_path: Path) -> None:
    offer = requests.parse("sqlite@3.1").look({})
    assert offer.start is None
    assert "this Python has SQLite 3." in offer.problem
    if not Path(MYSQLD).exists():
        pytest.skip("no MySQL on this machine")
    offer = requests.parse("mysql@9.7").look({"MYSQLD": MYSQLD, "PATH": ""})
    assert offer.start is None
    assert f"{MYSQLD} is 8.0.12; set CROSSNOTES_MYSQL_URL to a server of MySQL 9.7" in offer.problem


def test_program_is_chosen_by_the_version_that_it_says(tmp_path: Path) -> None:
    for version in ("9.1", "8.0"):
        program = tmp_path / version / "bin" / "mysqld"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho '{program}  Ver {version}.7 for Linux (mysqld)'\n")
        program.chmod(0o755)
    named = os.pathsep.join(str(tmp_path / v / "bin" / "mysqld") for v in ("9.1", "8.0"))
    environment = {"MYSQLD": named, "PATH": ""}
    for series in ("9.1", "8.0"):
        offer = requests.parse(f"mysql@{series}").look(environment)
        assert (offer.source, offer.where) == ("binary", str(tmp_path / series / "bin" / "mysqld"))
    assert requests.parse("mysql").look(environment).where.startswith(str(tmp_path / "9.1"))


def test_several_urls_are_asked_for_the_series(tmp_path: Path) -> None:
    """Two real servers behind one variable: the one of the series is used, and no other."""
    if not Path(MYSQLD).exists():
        pytest.skip("no MySQL on this machine")
    target = every_target()["mysql"]
    offer = target.look({"MYSQLD": MYSQLD, "PATH": os.environ["PATH"]})
    assert offer.start is not None
    # Whom the server runs as cannot enter pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="crossnotes-test-"))
    folder.chmod(0o755)
    server = offer.start(folder)
    assert isinstance(server, FamilyServer)
    try:
        assert target.share is not None
        assert server.identity.where.kind == "started"
        url = target.share(server)["CROSSNOTES_MYSQL_URL"]
        environment = {"CROSSNOTES_MYSQL_URL": f"mysql://nobody@127.0.0.1:1/ {url}", "PATH": ""}
        found = requests.parse("mysql@8.0").look(environment)
        assert (found.source, found.where) == ("external", f"127.0.0.1:{server.account.port}")
        assert found.start is not None
        assert found.start(tmp_path).identity.where.kind == "external"
        other = requests.parse("mysql@9.7").look(environment)
        assert "cannot connect to 127.0.0.1:1 as nobody" in other.problem
        assert f"127.0.0.1:{server.account.port} is 8.0.12" in other.problem
        assert target.look(environment).where == "127.0.0.1:1"
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_is_chosen_among_those_of_the_system() -> None:
    here = sorted(int(folder.parent.name) for folder in postgresql.DEBIAN.glob("*/bin"))
    if not here:
        pytest.skip("no PostgreSQL on this machine")
    offer = requests.parse(f"postgresql@{here[0]}").look({"PATH": ""})
    assert offer.where == f"{postgresql.DEBIAN}/{here[0]}/bin/postgres"
    assert requests.parse("postgresql@14").look({"PATH": ""}).start is None or 14 in here
