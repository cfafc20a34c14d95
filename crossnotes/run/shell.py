"""A shell that lasts from one `console` block to the next, and its background servers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Bytes that the commands of one block may print.
OUTPUT_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its status, what it printed, and the line (from 1, in its own text)
    of what failed. `timed_out` and `too_much` say why it was ended."""

    status: int
    output: str
    line: int = 1
    timed_out: bool = False
    too_much: bool = False


class PortTakenError(Exception):
    """Another process already listens where a page's server would."""


class ServerNotUpError(Exception):
    """A background server ended, or did not answer in time. Holds what it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


class Shell:
    """A program's shell: its folder and its exported variables last from block to block."""

    def __init__(self, folder: Path, environment: Mapping[str, str], state: Path) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.state = state
        self._groups: list[int] = []
        self._servers: list[_Server] = []
        #: A pipe that nobody writes to: it ends with us, and the commands with it.
        self._ends, self._open = os.pipe()
        state.mkdir()

    def run(self, text: str, timeout: float) -> Outcome:
        """Run `text` as bash would for a reader, and stop at the first command that fails."""
        with tempfile.TemporaryFile() as printed:
            process = self._start(text, printed.fileno())
            timed_out = too_much = False
            deadline = time.monotonic() + timeout
            while process.poll() is None:
                timed_out = time.monotonic() > deadline
                too_much = os.fstat(printed.fileno()).st_size > OUTPUT_LIMIT
                if timed_out or too_much:
                    _end_group(process.pid, signal.SIGKILL)
                    process.wait()
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    # Often enough that a command without end fills no disk.
                    process.wait(timeout=min(0.1, max(0.01, deadline - time.monotonic())))
            printed.seek(0)
            output = printed.read(OUTPUT_LIMIT).decode(errors="replace")
        self._remember()
        return Outcome(process.returncode, output, self._failed_line(text), timed_out, too_much)

    def _start(self, text: str, output: int) -> subprocess.Popen[bytes]:
        (self.state / "commands").write_text(text + "\n", encoding="utf-8")
        (self.state / "line").unlink(missing_ok=True)
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", _BASH, str(self.state), str(self._ends)],
            pass_fds=[self._ends],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._groups.append(process.pid)
        return process

    def _remember(self) -> None:
        folder, variables = self.state / "cwd", self.state / "env"
        if not (folder.exists() and variables.exists()):
            return
        # A folder that the block removed leaves the shell where it was.
        new_folder = Path(folder.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n"))
        if new_folder.is_dir():
            self.folder = new_folder
        items = variables.read_text(encoding="utf-8", errors="surrogateescape").split("\0")
        self.environment = dict(item.split("=", 1) for item in items if "=" in item)

    def _failed_line(self, text: str) -> int:
        """The line of the command that failed. Bash does not say it for an `exit`, for a mistake
        in its grammar, and for `a && b` at the end, which is a failure only there."""
        lines = len(text.rstrip().splitlines())
        try:
            return min(int((self.state / "line").read_text()), lines)
        except (OSError, ValueError):
            return max(lines, 1)

    def serve(self, text: str, url: str, timeout: float) -> None:
        """Start `text` in the background and wait until `url` answers.

        Raises PortTakenError and ServerNotUpError.
        """
        port = urllib.parse.urlsplit(url).port or 80
        lock = _lock(port, timeout)
        if _listens(url):
            lock.close()
            raise PortTakenError(
                f"port {port} is taken by another process; end it, or give the page another port"
            )
        printed = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the server)
        process = self._start(text, printed.fileno())
        server = _Server(process, printed, lock)
        self._servers.append(server)
        deadline = time.monotonic() + timeout
        while (status := _answers(url)) is None:
            if process.poll() is not None:
                raise ServerNotUpError(
                    f"the server ended with status {process.returncode}", server.output()
                )
            if time.monotonic() > deadline:
                raise ServerNotUpError(f"{url} did not answer in {timeout:g} s", server.output())
            time.sleep(0.05)
        if status >= 500:
            raise ServerNotUpError(f"{url} answers with status {status}", server.output())

    def end_groups(self) -> None:
        """Kill all that the commands started."""
        for group in self._groups:
            _end_group(group, signal.SIGKILL)

    def close(self) -> None:
        """End the program's servers as Ctrl-C would, and whatever its commands left running."""
        for server in self._servers:
            server.stop()
        self.end_groups()
        self._groups.clear()
        self._servers.clear()
        for descriptor in (self._ends, self._open):
            with contextlib.suppress(OSError):
                os.close(descriptor)


#: Ends with the run, even one that was killed; reports the line of the command that failed; leaves
#: folder and variables for the next block.
_BASH = """\
{ read -r -u "$1"; kill -KILL 0; } < /dev/null &> /dev/null &
disown
eval "exec $1<&-"; shift
set -eE
trap '[[ $BASH_SOURCE == "$0/commands" ]] && echo "$LINENO" > "$0/line"' ERR
trap 'pwd > "$0/cwd"; /usr/bin/env -0 > "$0/env"' EXIT
source "$0/commands"
"""


@dataclass(slots=True)
class _Server:
    process: subprocess.Popen[bytes]
    printed: IO[bytes]
    lock: IO[str]

    def output(self) -> str:
        self.printed.seek(0)
        return self.printed.read(OUTPUT_LIMIT).decode(errors="replace")

    def stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            _end_group(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)
                break
        self.printed.close()
        self.lock.close()


def _end_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _lock(port: int, timeout: float) -> IO[str]:
    """Programs on several targets may want the same port; they take turns, across runs too."""
    path = Path(tempfile.gettempdir(), f"crossnotes-port-{port}.lock")
    file = open(path, "w")  # noqa: SIM115 (held until the server is ended)
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise PortTakenError(f"port {port} is held by another crossnotes run") from None
            time.sleep(0.05)
        else:
            return file


def _listens(url: str) -> bool:
    """Whether a process listens where `url` leads, even one that would not answer."""
    parts = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5):
            return True
    except OSError:
        return False


def _answers(url: str) -> int | None:
    """The HTTP status that `url` answers with, or None while nobody listens there."""
    import http.client

    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
