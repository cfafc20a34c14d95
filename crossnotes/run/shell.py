"""A shell that lasts from one `console` block to the next, and its background servers."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crossnotes import folders
from crossnotes.child.capture import OUTPUT_LIMIT
from crossnotes.run.warmed import Process

#: Seconds between two looks at how much was printed: a command fills a disk in seconds.
_GLANCE = 0.1


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


#: Starts a program with its arguments, in a folder, with an environment, its output in a file.
Starter = Callable[[str, Sequence[str], Path, Mapping[str, str], int], Process]


class Shell:
    """A program's shell: its folder and its exported variables last from block to block. `state`
    is an empty folder of its own. Raises what `start` does.

    What its blocks leave running is watched: what prints more than OUTPUT_LIMIT bytes is ended, and
    `flooded` then names its block, as the caller of `run` and `serve` has named it."""

    def __init__(
        self, start: Starter, folder: Path, environment: Mapping[str, str], state: Path
    ) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.state = state
        self._start_program = start
        self._processes: list[Process] = []
        self._servers: list[_Server] = []
        self.flooded: set[int] = set()
        self._printed: list[IO[bytes]] = []
        self._watched: list[_Watched] = []
        self._is_closed = threading.Event()
        self._watcher: threading.Thread | None = None

    def run(self, text: str, timeout: float, block: int = 0) -> Outcome:
        """Run `text` as bash would for a reader, and stop at the first command that fails."""
        printed = self._file()
        process = self._start(text, printed.fileno())
        timed_out = too_much = False
        deadline = time.monotonic() + timeout
        while process.wait(min(_GLANCE, max(0.01, deadline - time.monotonic()))) is None:
            timed_out = time.monotonic() > deadline
            too_much = os.fstat(printed.fileno()).st_size > OUTPUT_LIMIT
            if timed_out or too_much:
                process.kill()
                break
        output = self._said(os.pread(printed.fileno(), OUTPUT_LIMIT, 0))
        self.watch(block, printed.fileno(), process)
        self._remember()
        status = process.returncode or 0
        return Outcome(status, output, self._failed_line(text), timed_out, too_much)

    def watch(self, block: int, printed: int, process: Process, limit: int = OUTPUT_LIMIT) -> None:
        """Watch what `process` and others of a block print to a file, until the program ends. If
        several blocks print to one file, it is the last one's."""
        others = [each for each in self._watched if each.printed != printed]
        self._watched = [*others, _Watched(block, printed, process, limit)]
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="floods", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        while not self._is_closed.wait(_GLANCE):
            for each in self._watched:
                if os.fstat(each.printed).st_size > each.limit:
                    self.flooded.add(each.block)
                    each.process.signal(signal.SIGKILL)
                    # One that has detached itself prints on until the program ends.
                    os.ftruncate(each.printed, 0)

    def _file(self) -> IO[bytes]:
        """For what a block prints, and what it leaves running: it lives as long as the shell."""
        self._printed.append(tempfile.TemporaryFile())  # noqa: SIM115
        return self._printed[-1]

    def _said(self, printed: bytes) -> str:
        """What was printed, as bash says it where a person types."""
        ours = rf"{re.escape(str(self.state / 'commands'))}: line \d+: "
        return re.sub(ours, "bash: ", printed.decode(errors="replace"))

    def _start(self, text: str, printed: int) -> Process:
        (self.state / "commands").write_text(text + "\n", encoding="utf-8")
        (self.state / "line").unlink(missing_ok=True)
        arguments = ["--noprofile", "--norc", "-c", _BASH, str(self.state)]
        process = self._start_program(BASH, arguments, self.folder, self.environment, printed)
        self._processes.append(process)
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

    def serve(self, text: str, url: str, timeout: float, block: int = 0) -> None:
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
        printed = self._file()
        process = self._start(text, printed.fileno())
        server = _Server(process, printed, lock)
        self._servers.append(server)
        self.watch(block, printed.fileno(), process)
        deadline = time.monotonic() + timeout
        while (status := _answers(url)) is None:
            if block in self.flooded:
                message = f"the server printed more than {OUTPUT_LIMIT:,} bytes, and was ended"
                raise ServerNotUpError(message, server.output()[:1000])
            if process.poll() is not None:
                raise ServerNotUpError(
                    f"the server ended with status {process.returncode}", server.output()
                )
            if time.monotonic() > deadline:
                raise ServerNotUpError(f"{url} did not answer in {timeout:g} s", server.output())
            time.sleep(0.05)
        if status >= 500:
            raise ServerNotUpError(f"{url} returned status {status}", server.output())

    def interrupt(self) -> None:
        """Kill all that the commands started; for another thread."""
        for process in self._processes:
            process.signal(signal.SIGKILL)

    def close(self) -> None:
        """End the program's servers as Ctrl-C would, and its commands. What these left running is
        the worker's to end."""
        for server in self._servers:
            server.process.signal(signal.SIGINT)
        for server in self._servers:
            server.stop()
        for process in self._processes:
            process.kill()
        self._processes.clear()
        self._servers.clear()
        self._is_closed.set()
        if self._watcher is not None:
            self._watcher.join()
        for printed in self._printed:
            printed.close()
        self._watched = []


@dataclass(frozen=True, slots=True)
class _Watched:
    """What the processes of a block print to, for as long as one of them may live."""

    block: int
    printed: int
    process: Process
    #: Bytes that may be printed.
    limit: int


BASH = shutil.which("bash") or "/bin/bash"

#: Reports the line of the command that failed; leaves folder and variables for the next block.
_BASH = """\
set -eE
trap '[[ $BASH_SOURCE == "$0/commands" ]] && echo "$LINENO" > "$0/line"' ERR
trap 'pwd > "$0/cwd"; /usr/bin/env -0 > "$0/env"' EXIT
source "$0/commands"
"""


@dataclass(slots=True)
class _Server:
    process: Process
    printed: IO[bytes]
    lock: IO[str]

    def output(self) -> str:
        return os.pread(self.printed.fileno(), OUTPUT_LIMIT, 0).decode(errors="replace")

    def stop(self) -> None:
        """Wait until it has ended, as SIGINT has asked it to; then make it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.wait(5) is not None:
                break
            self.process.signal(number)
        self.process.wait(5)
        self.lock.close()


def _lock(port: int, timeout: float) -> IO[str]:
    """Programs on several targets may want the same port; they take turns, across runs too."""
    # In a folder that nobody else can write to: another's link of that name would lead anywhere.
    path = folders.state() / "ports" / f"{port}.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
