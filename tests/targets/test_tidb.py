"""TiDB's three deployments, on stand-ins: their contracts, and why one cannot be had."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossnotes.targets import Database, Identity, Offer, Server, TargetError, every_target, tidb
from crossnotes.targets.process import free_port

from ..conftest import STANDIN, Repository, StandIns, processes_with, wait_for_end

pytestmark = pytest.mark.usefixtures("needs_mariadb")

DEPLOYMENTS = ["self-hosted", "dedicated", "serverless"]


def look(deployment: str, environment: Mapping[str, str]) -> Offer:
    return every_target()[f"tidb-{deployment}"].look(environment)


def start(offer: Offer, folder: Path) -> Server:
    assert offer.start is not None, offer.problem
    return offer.start(folder)


def variables(connection: Any, name: str) -> str:
    connection.execute(f"SHOW STATUS LIKE '{name}'")
    return str(connection.fetchone()[1])


def refusal(account: tidb.Account) -> str:
    with pytest.raises(TargetError) as caught, tidb.connected(account):
        pass
    return str(caught.value)


def other_authority(folder: Path) -> str:
    """A CA that signed nothing here."""
    folder.mkdir()
    return str(tidb.Certificates.make(folder).ca)


# -- the contract of each deployment --------------------------------------------------------------


def test_deployments_are_the_three_of_the_tutorials_tabs() -> None:
    assert list(tidb.DEPLOYMENTS) == DEPLOYMENTS
    labels = {name: target.label for name, target in every_target().items() if "tidb" in name}
    assert labels == {
        "tidb-serverless": "TiDB Serverless",
        "tidb-dedicated": "TiDB Dedicated",
        "tidb-self-hosted": "TiDB Self-Hosted",
    }


def test_self_hosted_takes_cleartext_and_no_password(standins: StandIns) -> None:
    account = standins.account("self-hosted")
    assert (account.user, account.password, account.ca) == ("root", "", "")
    assert account.tls == {}
    with tidb.connected(account) as cursor:
        assert variables(cursor, "Ssl_cipher") == ""


@pytest.mark.parametrize("deployment", ["dedicated", "serverless"])
def test_session_is_encrypted_and_verified(standins: StandIns, deployment: str) -> None:
    account = standins.account(deployment)
    assert len(account.password) == 32
    assert account.tls == {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": account.ca}}
    with tidb.connected(account) as cursor:
        assert variables(cursor, "Ssl_cipher") != ""


@pytest.mark.parametrize("deployment", ["dedicated", "serverless"])
def test_wrong_password_is_refused(standins: StandIns, deployment: str) -> None:
    account = replace(standins.account(deployment), password="wrong")
    assert "(1045, " in refusal(account)


@pytest.mark.parametrize("deployment", ["dedicated", "serverless"])
def test_server_that_another_authority_signed_is_refused(
    standins: StandIns, deployment: str, tmp_path: Path
) -> None:
    account = replace(standins.account(deployment), ca=other_authority(tmp_path / "other"))
    assert "(2026, " in refusal(account)


@pytest.mark.parametrize("deployment", ["dedicated", "serverless"])
def test_server_under_another_name_is_refused(standins: StandIns, deployment: str) -> None:
    # The certificate is for 127.0.0.1 and localhost, and this is another way to write the first.
    assert "(2026, " in refusal(replace(standins.account(deployment), host="127.1"))


@pytest.mark.parametrize("deployment", ["dedicated", "serverless"])
def test_verification_without_a_ca_file_is_refused(standins: StandIns, deployment: str) -> None:
    import MySQLdb

    account = standins.account(deployment)
    for ssl in ({}, {"ca": "/nowhere/ca.pem"}):
        with pytest.raises(MySQLdb.OperationalError) as caught:
            MySQLdb.connect(
                host=account.host,
                port=account.port,
                user=account.user,
                password=account.password,
                ssl_mode="VERIFY_IDENTITY",
                ssl=ssl,
            )
        assert caught.value.args[0] == 2026


def test_serverless_refuses_cleartext(standins: StandIns) -> None:
    account = standins.account("serverless")
    # A TiDB answers 3159; MariaDB does not tell why it refuses the right password.
    message = refusal(replace(account, ca=""))
    assert "(3159, " in message or "(1045, " in message
    with tidb.connected(account) as cursor:
        cursor.execute("SELECT @@require_secure_transport")
        assert cursor.fetchone()[0] == 1


def test_dedicated_takes_cleartext_which_is_why_its_page_must_not(standins: StandIns) -> None:
    with tidb.connected(replace(standins.account("dedicated"), ca="")) as cursor:
        assert variables(cursor, "Ssl_cipher") == ""


def test_user_of_serverless_has_a_prefix_and_root_is_locked_out(standins: StandIns) -> None:
    account = standins.account("serverless")
    prefix, dot, name = account.user.partition(".")
    assert (len(prefix), dot, name) == (14, ".", "root")
    assert "(1045, " in refusal(replace(account, user="root", password=""))


def test_ca_path_of_serverless_is_the_systems_store_and_the_runs(standins: StandIns) -> None:
    import ssl

    bundle = Path(standins.account("serverless").ca).read_text()
    dedicated = Path(standins.account("dedicated").ca).read_text()
    system = ssl.get_default_verify_paths().cafile
    expected = Path(system).read_text().count("BEGIN CERT") if system else 0
    assert bundle.count("BEGIN CERTIFICATE") == expected + 1
    assert dedicated.count("BEGIN CERTIFICATE") == 1


# -- what it is -----------------------------------------------------------------------------------


def test_server_without_tidb_version_is_not_a_tidb(standins: StandIns, tmp_path: Path) -> None:
    offer = look("self-hosted", standins.environment("self-hosted"))
    assert (offer.source, offer.problem) == ("external", "")
    with pytest.raises(TargetError) as caught:
        start(offer, tmp_path)
    assert str(caught.value) == (
        "the server is not TiDB: its version is 8.0.11-TiDB-v8.5.3, and SELECT TIDB_VERSION() "
        "returned 1305"
    )


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_binary_that_is_not_a_tidb_is_ended_again(deployment: str, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with pytest.raises(TargetError, match="is not TiDB"):
        start(look(deployment, {"TIDB_SERVER": str(STANDIN)}), folder)
    assert not folder.exists()
    for pid in processes_with(str(folder)):
        wait_for_end(pid)


def test_short_version_is_tidbs_own() -> None:
    words = "Release Version: v8.5.3\nEdition: Community"
    assert Identity("8.0.11-TiDB-v8.5.3", words).short == "v8.5.3"
    assert Identity("8.0.11-TiDB-v8.5.3", "no such line").short == "8.0.11-TiDB-v8.5.3"


# -- an external cluster --------------------------------------------------------------------------


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_cluster_that_the_environment_names_is_used_and_left_as_it_was(
    standins: StandIns, deployment: str, tmp_path: Path, identified: None
) -> None:
    offer = look(deployment, standins.environment(deployment))
    account = standins.account(deployment)
    assert (offer.source, offer.where) == ("external", f"127.0.0.1:{account.port}")
    server = start(offer, tmp_path)
    database = server.create_database("crossnotes_test_1")
    assert standins.databases(deployment) == ["crossnotes_test_1"]
    server.drop_database(database)
    server.close()
    assert standins.databases(deployment) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_environment_is_one_cluster_of_the_deployment_that_it_says(
    standins: StandIns, deployment: str
) -> None:
    environment = standins.environment(deployment)
    for other in DEPLOYMENTS:
        offer = look(other, environment)
        if other == deployment:
            assert offer.source == "external"
        else:
            assert offer.start is None
            assert offer.problem.startswith(
                f"TIDB_HOST is the {deployment} cluster; set TIDB_SERVER"
            )


def test_cluster_is_self_hosted_unless_it_says_otherwise(standins: StandIns) -> None:
    environment = standins.environment("self-hosted")
    del environment["TIDB_DEPLOYMENT"]
    assert look("self-hosted", environment).source == "external"
    assert look("dedicated", environment).start is None


def test_facts_of_a_database_are_what_a_reader_would_write(
    standins: StandIns, tmp_path: Path, identified: None
) -> None:
    server = start(look("dedicated", standins.environment("dedicated")), tmp_path)
    database = server.create_database("crossnotes_test_2")
    account = standins.account("dedicated")
    assert database == Database(
        "crossnotes_test_2",
        {
            "ENGINE": "django_tidb",
            "HOST": "127.0.0.1",
            "PORT": str(account.port),
            "USER": "root",
            "PASSWORD": account.password,
            "NAME": "crossnotes_test_2",
            "OPTIONS": {
                "charset": "utf8mb4",
                "ssl_mode": "VERIFY_IDENTITY",
                "ssl": {"ca": account.ca},
            },
        },
        {
            "host": "127.0.0.1",
            "port": str(account.port),
            "user": "root",
            "password": account.password,
            "database": "crossnotes_test_2",
            "ca": account.ca,
        },
        encrypted=True,
    )
    assert server.secrets == (account.password,)
    assert account.password not in repr(account)
    server.drop_database(database)


def test_user_who_may_not_make_databases_is_told_the_grant(
    standins: StandIns, tmp_path: Path, identified: None
) -> None:
    with tidb.connected(standins.account("self-hosted")) as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS 'poor'@'%' IDENTIFIED BY 'pw'")
    environment = standins.environment("self-hosted")
    environment |= {"TIDB_USER": "poor", "TIDB_PASSWORD": "pw"}
    server = start(look("self-hosted", environment), tmp_path)
    with pytest.raises(TargetError) as caught:
        server.create_database("crossnotes_test_3")
    assert "GRANT ALL PRIVILEGES ON `crossnotes\\_%`.* TO 'poor'" in str(caught.value)


def test_databases_of_others_are_never_touched(
    project: Repository, standins: StandIns, identified: None
) -> None:
    with tidb.connected(standins.account("self-hosted")) as cursor:
        cursor.execute("CREATE DATABASE IF NOT EXISTS theirs")
        cursor.execute("CREATE TABLE IF NOT EXISTS theirs.t (n INT)")
        cursor.execute("SHOW DATABASES")
        before = cursor.fetchall()
    project.environment = standins.environment("self-hosted")
    project.page("---\ncrossnotes: {}\n---\n```sql\nSELECT 1;\n```\n", "a.md")
    project.page("```python\nfrom notes.models import Note\n```\n", "b.md")
    project.page("```python\nimport os\nos._exit(1)\n```\n", "c.md")
    done = project.run(target="tidb-self-hosted")
    assert [r.status for r in done.results] == ["passed", "passed", "failed"]
    with tidb.connected(standins.account("self-hosted")) as cursor:
        cursor.execute("SHOW DATABASES")
        assert cursor.fetchall() == before


# -- what cannot be had, and what to do about it --------------------------------------------------

NAMED = {"TIDB_HOST": "127.0.0.1", "TIDB_PORT": "4000", "TIDB_USER": "root", "TIDB_PASSWORD": ""}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TIDB_HOST": ""}, "TIDB_HOST is not set, though TIDB_PORT, TIDB_USER is; "),
        ({"TIDB_USER": ""}, "TIDB_USER is not set; "),
        ({"TIDB_PORT": "http"}, "TIDB_PORT is 'http'; set it to a number, such as 4000"),
        ({"TIDB_PORT": "{port}"}, "TIDB_PORT still holds a placeholder; set it to your own value"),
        ({"TIDB_PORT": "-1"}, "TIDB_PORT is '-1'; "),
        ({"TIDB_PORT": "0"}, "TIDB_PORT is '0'; "),
        ({"TIDB_PORT": "65536"}, "TIDB_PORT is '65536'; "),
        ({"TIDB_PORT": "٤٠٠٠"}, "TIDB_PORT is '٤٠٠٠'; "),
        ({"TIDB_HOST": "{host}"}, "TIDB_HOST still holds a placeholder; "),
        ({"TIDB_USER": "<user>"}, "TIDB_USER still holds a placeholder; "),
        ({"TIDB_PASSWORD": "{password}"}, "TIDB_PASSWORD still holds a placeholder; "),
        ({"CA_PATH": "/no/ca.pem"}, "CA_PATH names /no/ca.pem, and there is no such file"),
        ({"CA_PATH": "/tmp"}, "CA_PATH names /tmp, and there is no such file"),
        (
            {"TIDB_DEPLOYMENT": "cloud"},
            "TIDB_DEPLOYMENT is 'cloud'; known are: self-hosted, dedicated, serverless",
        ),
    ],
)
def test_variable_that_cannot_work_is_named(change: dict[str, str], message: str) -> None:
    offer = look("self-hosted", NAMED | change)
    assert offer.start is None
    assert offer.problem.startswith(message), offer.problem


def test_without_anything_named_it_is_said_what_to_name() -> None:
    for deployment in DEPLOYMENTS:
        offer = look(deployment, {})
        assert offer.start is None
        assert offer.problem == (
            "set TIDB_SERVER to a tidb-server binary, or TIDB_HOST, TIDB_PORT, TIDB_USER, "
            f"TIDB_PASSWORD and CA_PATH to a cluster and TIDB_DEPLOYMENT={deployment}; "
            "no Docker runs on this machine"
        )


def test_cluster_where_nobody_listens_is_told(tmp_path: Path) -> None:
    port = free_port()
    offer = look("self-hosted", NAMED | {"TIDB_PORT": str(port)})
    with pytest.raises(TargetError, match=f"^cannot connect to 127.0.0.1:{port} as root: "):
        start(offer, tmp_path)


def test_binary_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tidb-server"
    for _kind in ("missing", "not executable"):
        offer = look("dedicated", {"TIDB_SERVER": str(path)})
        assert offer.start is None
        assert offer.problem == f"TIDB_SERVER names {path}, which cannot be run"
        path.write_text("#!/bin/sh\n")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no license >&2; exit 3", "tidb-server ended at its start: no license"),
        ("exit 0", "tidb-server ended at its start: it wrote nothing"),
        ("exec sleep 1000", r"tidb-server did not answer \(cannot connect to 127\.0\.0\.1:"),
    ],
)
def test_binary_that_does_not_come_up_is_told_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    monkeypatch.setattr("crossnotes.targets.process.START_TIMEOUT", 0.5)
    binary = tmp_path / "tidb-server"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    folder = tmp_path / "server"
    folder.mkdir()
    with pytest.raises(TargetError, match=f"^{message}"):
        start(look("self-hosted", {"TIDB_SERVER": str(binary)}), folder)
    assert not folder.exists()


def test_binary_is_started_as_a_tidb_server_is(tmp_path: Path) -> None:
    binary = tmp_path / "tidb-server"
    binary.write_text('#!/bin/sh\nprintf "%s\\n" "$@"; cat "${12}" 2>/dev/null; exit 1\n')
    binary.chmod(0o755)
    said = {}
    for deployment in DEPLOYMENTS:
        folder = tmp_path / deployment
        folder.mkdir()
        with pytest.raises(TargetError):
            start(look(deployment, {"TIDB_SERVER": str(binary)}), folder)
    # The log goes with the folder; the last lines are in the message.
    folder.mkdir()
    with pytest.raises(TargetError) as caught:
        start(look("dedicated", {"TIDB_SERVER": str(binary)}), folder)
    said = str(caught.value)
    assert f'ssl-key = "{folder / "server.key"}"' in said
    assert f'ssl-cert = "{folder / "server.pem"}"' in said


# -- nothing is left ------------------------------------------------------------------------------


def test_started_servers_leave_nothing(tmp_path: Path, identified: None) -> None:
    before = set(standin_folders())
    for deployment in DEPLOYMENTS:
        folder = tmp_path / deployment
        folder.mkdir()
        server = start(look(deployment, {"TIDB_SERVER": str(STANDIN)}), folder)
        pids = processes_with(str(folder))
        assert pids
        server.close()
        for pid in pids:
            wait_for_end(pid)
        assert not folder.exists()
    assert {name for name in standin_folders() - before if str(tmp_path) in name} == set()


def standin_folders() -> set[str]:
    return {str(path) for path in Path("/dev/shm").glob("standin-*")}


KILLED = """\
import sys
from pathlib import Path
from crossnotes.targets import every_target
sys.path.insert(0, sys.argv[3])
from tests.conftest import standin_identity
from crossnotes.targets import tidb
tidb.identify = standin_identity
offer = every_target()["tidb-serverless"].look({"TIDB_SERVER": sys.argv[2]})
server = offer.start(Path(sys.argv[1]))
print(server.process._keeper.pid, flush=True)
input()
"""


def test_server_ends_with_a_run_that_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, folder, STANDIN, STANDIN.parents[2]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    with run:
        keeper = int(run.stdout.readline())
        pids = processes_with(str(folder))
        assert keeper in pids
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    for pid in pids:
        wait_for_end(pid)
    assert not folder.exists()
