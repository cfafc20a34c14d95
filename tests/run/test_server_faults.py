"""What a person sees when a server of the run fails: that it is told, and that nothing is left."""

import contextlib
import datetime
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossnotes import ledger as ledgers
from crossnotes.targets import TargetError, every_target, mariadb
from crossnotes.targets.mysql_family import Account, connected
from crossnotes.targets.process import ServerProcess, free_port, program, refusal
from crossnotes.targets.tidb import Certificates

from ..conftest import MYSQLD, STANDIN, Repository, failures, processes_with, wait_for_end
from ..targets.test_live import TARGETS

#: How a program of a page ends the server that it is on.
KILL = {
    "postgresql": (
        "    cursor.execute('SELECT pg_backend_pid()')\n"
        "    status = open(f'/proc/{cursor.fetchone()[0]}/status').read()\n"
        "    pid = int(status.partition('PPid:')[2].split()[0])\n"
    ),
    "mysql": (
        "    cursor.execute('SELECT @@datadir, @@pid_file')\n"
        "    pid = int(open(os.path.join(*cursor.fetchone())).read())\n"
    ),
}
KILL["mariadb"] = KILL["mysql"]

PAGE = """\
---
crossnotes: {}
---
```python
import os, signal
from django.db import connection
from notes.models import Note
Note.objects.create(text="a")
```

```python
%s
```

```python
while True:
    Note.objects.count()
```
"""


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for what is temporary to a run alone, which servers without root's rights reach."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(name)


@pytest.fixture
def own(project: Repository, temporary: Path) -> Repository:
    """A project whose runs start servers of their own."""
    project.environment = {"PATH": os.environ["PATH"], "MYSQLD": MYSQLD}
    return project


def needs(target: str, repository: Repository) -> None:
    if problem := every_target()[target].look(repository.environment).problem:
        pytest.skip(problem)


# -- the server goes ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_server_that_is_killed_fails_its_target_and_leaves_a_ledger(
    own: Repository, temporary: Path, target: str
) -> None:
    needs(target, own)
    kill = f"with connection.cursor() as cursor:\n{KILL[target]}os.kill(pid, signal.SIGKILL)"
    own.page(PAGE % kill, "a.md")
    own.page(PAGE % "x = 1", "b.md")
    done = own.run(target=target)
    assert failures(done.results), (done.problem, done.results)
    ((line, message), *_) = failures(done.results)
    last = (own.root / "docs" / "a.md").read_text().splitlines().index(
        "    Note.objects.count()"
    ) + 1
    assert line == last
    assert "OperationalError: " in message
    assert done.problem.startswith("cannot connect to 127.0.0.1:")
    assert done.failed
    path = own.root / "ledger.json"
    ledger = done.ledger()
    assert ledger is not None
    ledgers.write(ledger, path)
    assert ledgers.read(path).results[0].status == "passed"
    assert list(temporary.iterdir()) == []
    assert processes_with(str(temporary)) == [os.getpid()] or not processes_with(str(temporary))


@pytest.mark.parametrize("target", TARGETS)
def test_run_that_is_killed_takes_its_server_with_it(
    own: Repository, temporary: Path, target: str
) -> None:
    needs(target, own)
    said = own.root / "said"
    own.page(PAGE % f"open({str(said)!r}, 'w').close()\nimport time\ntime.sleep(600)")
    command = [sys.executable, "-m", "crossnotes", "test", "docs", "--django", "project"]
    run = subprocess.Popen(
        [*command, "--target", target],
        cwd=own.root,
        env={**os.environ, **own.environment},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 90
    while not said.exists():
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (folder,) = temporary.iterdir()
    pids = set(processes_with(str(folder))) - {os.getpid()}
    assert len(pids) > 2
    run.kill()
    run.wait()
    for pid in pids:
        wait_for_end(pid)
    assert not (folder / target / "server").exists()
    own.page("```python\nx = 1\n```\n")
    assert not own.run(target="sqlite").failed
    assert list(temporary.iterdir()) == []


# -- the server does not come up ------------------------------------------------------------------


def wrapped(folder: Path, script: str) -> str:
    """A PATH on which mariadbd is a script of ours."""
    if missing := mariadb.missing(os.environ):
        pytest.skip(f"not installed: {missing}")
    real, install = program("mariadbd", os.environ), program("mariadb-install-db", os.environ)
    folder.mkdir(mode=0o755)
    (folder / "mariadbd").write_text(f'#!/bin/sh\n{script}\nexec {real} "$@"\n')
    (folder / "mariadbd").chmod(0o755)
    (folder / "mariadb-install-db").symlink_to(install)
    return f"{folder}:{os.environ['PATH']}"


def test_slow_server_is_waited_for(temporary: Path, server_folder: Path) -> None:
    path = wrapped(temporary / "bin", "sleep 2")
    offer = every_target()["mariadb"].look({"PATH": path})
    assert (offer.where, offer.problem) == (str(temporary / "bin" / "mariadbd"), "")
    assert offer.start is not None
    server = offer.start(server_folder)
    server.drop_database(server.create_database("crossnotes_test_1"))
    server.close()


#: Takes a port, says so in a file, and turns everybody away.
LISTENER = """\
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[2], "w").close()
while True:
    server.accept()[0].close()
"""


def test_port_that_is_taken_at_the_start_is_changed(temporary: Path, server_folder: Path) -> None:
    once = temporary / "once"
    listener = temporary / "listener.py"
    listener.write_text(LISTENER)
    listen = f'{sys.executable} {listener} "$port" {once} & echo $! > {once}.pid'
    script = (
        'for word in "$@"; do case $word in --port=*) port=${word#--port=};; esac; done\n'
        f'if [ -n "$port" ] && [ ! -e {once} ]; then {listen}\n'
        f"while [ ! -e {once} ]; do sleep 0.1; done; fi"
    )
    offer = every_target()["mariadb"].look({"PATH": wrapped(temporary / "bin", script)})
    assert offer.start is not None
    # As whoever the script runs, it has to write there.
    temporary.chmod(0o777)
    server = offer.start(server_folder)
    try:
        server.drop_database(server.create_database("crossnotes_test_1"))
        assert once.exists()
    finally:
        server.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(Path(f"{once}.pid").read_text()), signal.SIGKILL)


@pytest.fixture
def small_disk(temporary: Path) -> Iterator[Path]:
    """A disk of 8 MB, which no server's data fits on."""
    folder = temporary / "disk"
    folder.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a disk that is small enough")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("target", TARGETS)
def test_disk_that_is_full_is_told(own: Repository, small_disk: Path, target: str) -> None:
    needs(target, own)
    offer = every_target()[target].look(own.environment)
    assert offer.start is not None
    folder = small_disk / "server"
    folder.mkdir(mode=0o755)
    with pytest.raises(TargetError) as caught:
        offer.start(folder)
    message = str(caught.value)
    assert "ended at its start: " in message
    words = ("No space left on device", "disk is full", "Error writing", "space", "errno: 28")
    assert any(word in message for word in words), message
    assert not folder.exists()
    assert shutil.disk_usage(small_disk).used < 1 << 20


# -- certificates ---------------------------------------------------------------------------------


def test_certificate_that_has_expired_is_refused(
    needs_mariadb: None, server_folder: Path, tmp_path: Path
) -> None:
    import trustme

    authority, yesterday = trustme.CA(), datetime.datetime.now(datetime.UTC)
    issued = authority.issue_cert("127.0.0.1", not_after=yesterday - datetime.timedelta(days=1))
    good = Certificates(tmp_path / "ca.pem", tmp_path / "server.pem", tmp_path / "server.key")
    authority.cert_pem.write_to_path(good.ca)
    issued.private_key_and_cert_chain_pem.write_to_path(good.key)
    issued.cert_chain_pems[0].write_to_path(good.certificate)
    config = tmp_path / "tidb.toml"
    config.write_text(f'[security]\nssl-cert = "{good.certificate}"\nssl-key = "{good.key}"\n')
    port = free_port()
    command = [str(STANDIN), "--store", "unistore", "--path", "", "-P", str(port)]
    command += ["--host", "127.0.0.1", "--status", "0", "--config", str(config)]
    process = ServerProcess(command, server_folder)
    clear = Account("127.0.0.1", port, "root", "")

    try:
        process.wait_until(lambda: refusal(lambda: connected(clear)))
        verified = Account("127.0.0.1", port, "root", "", str(good.ca))
        assert "(2026, " in refusal(lambda: connected(verified))
        assert "expired" in refusal(lambda: connected(verified))
    finally:
        process.stop()
