"""A server under its keeper: waited for, told when it ends, and gone with the run."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from crossnotes.targets import Server, TargetError
from crossnotes.targets.process import (
    ServerProcess,
    free_port,
    on_a_free_port,
    private_file,
    private_folder,
    unprivileged,
)

from ..conftest import wait_for_end

#: Listens on the port of its first argument, and says so.
SERVER = """\
import os, signal, socket, sys
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("pid", os.getpid(), flush=True)
while True:
    server.accept()[0].close()
"""


def command(port: int, *more: str) -> list[str]:
    return [sys.executable, "-c", SERVER, str(port), *more]


def listening(port: int) -> Callable[[], str]:
    def answers() -> str:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError as error:
            return str(error)
        return ""

    return answers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


def logs(folder: Path, times: int = 1) -> Callable[[], str]:
    """Waits for lines with a process's number in the log."""

    def answers() -> str:
        log = folder / "output.log"
        return "" if log.exists() and log.read_text().count("pid") == times else "not yet"

    return answers


def pid_of(folder: Path) -> int:
    return int((folder / "output.log").read_text().split()[1])


def test_server_is_there_until_it_is_stopped_and_takes_its_folder_with_it(folder: Path) -> None:
    port = free_port()
    server = ServerProcess(command(port), folder)
    server.wait_until(listening(port))
    pid = pid_of(folder)
    assert not server.ended()
    server.stop()
    server.stop()
    wait_for_end(pid)
    assert listening(port)() != ""
    assert not folder.exists()


def test_server_that_ends_at_once_is_told_with_its_last_words(folder: Path) -> None:
    program = "print('one'); print('two'); print('three', flush=True); raise SystemExit('no luck')"
    server = ServerProcess([sys.executable, "-c", program], folder)
    with pytest.raises(TargetError) as caught:
        server.wait_until(lambda: "refused")
    name = Path(sys.executable).name
    assert str(caught.value) == f"{name} ended at its start: two / three / no luck"
    assert not folder.exists()


def test_server_that_never_answers_is_ended_and_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossnotes.targets.process.START_TIMEOUT", 0.3)
    server = ServerProcess(["sleep", "1000"], folder)
    with pytest.raises(TargetError, match=r"^sleep did not answer \(refused\): it wrote nothing$"):
        server.wait_until(lambda: "refused")
    assert not folder.exists()


def test_program_that_cannot_be_run_is_told(folder: Path) -> None:
    server = ServerProcess([str(folder / "nothing")], folder)
    with pytest.raises(TargetError, match=r"^nothing ended at its start: "):
        server.wait_until(lambda: "refused")


def test_data_is_made_before_the_server_starts(folder: Path) -> None:
    port = free_port()
    made = folder / "made"
    server = ServerProcess(
        command(port), folder, before=[["touch", "made"], ["test", "-f", "made"]]
    )
    server.wait_until(listening(port))
    assert made.exists()
    server.stop()


def test_server_is_not_started_where_its_data_could_not_be_made(folder: Path) -> None:
    port = free_port()
    before = [["sh", "-c", "echo first; echo '[ERROR] no luck'; echo last; exit 3"]]
    server = ServerProcess(command(port), folder, before=before)
    with pytest.raises(TargetError, match=r" ended at its start: \[ERROR\] no luck$"):
        server.wait_until(listening(port))


def test_making_data_ends_with_the_run_and_what_it_started_too(folder: Path) -> None:
    before = [["sh", "-c", "sleep 1000 & echo pid $!; echo pid $$; wait"]]
    server = ServerProcess(command(free_port()), folder, before=before)
    server.wait_until(logs(folder, times=2))
    pids = [int(word) for word in (folder / "output.log").read_text().split() if word != "pid"]
    server.stop()
    for pid in pids:
        wait_for_end(pid)
    assert not folder.exists()


def test_port_that_somebody_takes_before_the_server_does_is_tried_no_more(folder: Path) -> None:
    ports = []

    def start(port: int, inside: Path) -> Server:
        ports.append(port)
        assert list(inside.iterdir()) == []
        if len(ports) == 1:
            taken.bind(("127.0.0.1", port))
            taken.listen()
        server = ServerProcess(command(port), inside)
        server.wait_until(logs(inside))
        return cast(Server, server)

    with socket.socket() as taken:
        server = cast(ServerProcess, on_a_free_port(start, folder))
        assert len(ports) == 2
        server.stop()


@pytest.mark.parametrize(
    "words",
    [
        "[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use",
        "FATAL:  could not create any TCP/IP sockets",
        "listen tcp 127.0.0.1:4000: bind: address already in use",
    ],
)
def test_port_that_was_taken_for_a_moment_is_tried_no_more(folder: Path, words: str) -> None:
    ports = []

    def start(port: int, inside: Path) -> Server:
        ports.append(port)
        if len(ports) == 1:
            raise TargetError(f"server ended at its start: {words}")
        return cast(Server, "a server")

    assert on_a_free_port(start, folder) == "a server"
    assert len(ports) == 2


def test_other_trouble_than_a_taken_port_is_told_at_once(folder: Path) -> None:
    calls = []

    def start(port: int, inside: Path) -> Server:
        calls.append(port)
        raise TargetError("no luck")

    with pytest.raises(TargetError, match="no luck"):
        on_a_free_port(start, folder)
    assert len(calls) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a server as somebody else")
def test_server_that_refuses_root_runs_as_somebody_else(folder: Path) -> None:
    user = unprivileged("no-such-user")
    assert user == "nobody"
    os.chmod(folder, 0o755)
    inside = private_folder(folder / "data", user)
    secret = private_file(folder / "secret", "word", user)
    assert [path.stat().st_mode & 0o777 for path in (inside, secret)] == [0o700, 0o600]
    server = ServerProcess(["sh", "-c", "id -un; id -Gn; exit 1"], folder, user=user)
    with pytest.raises(TargetError, match=r": nobody / nogroup$"):
        server.wait_until(lambda: "refused")


KILLED = """\
import os, sys
from pathlib import Path
from crossnotes.targets.process import ServerProcess
server = ServerProcess(sys.argv[2:], Path(sys.argv[1]))
print(server._keeper.pid, flush=True)
input()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_ends_with_a_run_that_was_killed(folder: Path, number: signal.Signals) -> None:
    port = free_port()
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, folder, *command(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdin is not None
    with run:
        keeper = int(run.stdout.readline())
        ServerProcess.wait_until(_Other(folder), listening(port))  # type: ignore[arg-type]
        server = pid_of(folder)
        os.kill(run.pid, number)
        run.wait()
    wait_for_end(server)
    wait_for_end(keeper)
    assert not folder.exists()


class _Other(ServerProcess):
    """A server that another process started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = "server"

    def ended(self) -> bool:
        return False


def test_server_that_does_not_listen_to_reason_is_killed(folder: Path, tmp_path: Path) -> None:
    from crossnotes.targets import keeper

    impatient = tmp_path / "keeper.py"
    text = Path(keeper.__file__).read_text()
    assert "PATIENCE = 10\n" in text
    impatient.write_text(text.replace("PATIENCE = 10\n", "PATIENCE = 0.2\n"))
    port = free_port()
    specification = {"commands": [command(port, "deaf")], "user": "", "stop": signal.SIGTERM}
    running = subprocess.Popen(
        [sys.executable, "-I", "-S", impatient, folder, json.dumps(specification)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    ServerProcess.wait_until(_Other(folder), listening(port))
    pid = pid_of(folder)
    running.communicate()
    wait_for_end(pid)
    assert not folder.exists()
