"""The run's hold on a warmed process, and on the processes that it starts for programs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import crossnotes
from crossnotes.child.protocol import Answer, Command, End, Fork, Rehearse, Said, Setup, Start, Wait
from crossnotes.child.warmed import MOST

#: What a child process of ours runs, given the function and its arguments. The packages of this
#: process come last: a page's project goes before them.
CODE = "import sys; sys.path.append(sys.argv.pop()); from crossnotes.child.{0} import main; main()"
PACKAGES = str(Path(crossnotes.__file__).parents[1])

#: Seconds in which a warmed process has to do what takes it no time.
PATIENCE = 60.0

#: Modules that most pages need, imported before the first.
PLAIN = ("decimal", "datetime", "json", "re", "subprocess")
DJANGO = (*PLAIN, "django.core.management.commands.migrate", "sqlparse")


class WarmedError(Exception):
    """The warmed process is gone or does not answer; the message says how it ended."""


class Warmed:
    """A warmed process, in `folder`, with exactly the environment given. It ends with this run,
    and with it all that it started."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], modules: Sequence[str]
    ) -> None:
        self._room = bytearray(MOST)
        self._run, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._run, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST)
        with theirs, tempfile.TemporaryFile() as printed:
            descriptors = (theirs.fileno(), printed.fileno())
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    CODE.format("warmed"),
                    *map(str, descriptors),
                    *modules,
                    PACKAGES,
                ],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                pass_fds=descriptors,
                start_new_session=True,
            )

    def set_up(self, request: Setup, timeout: float) -> Answer:
        """Set up Django for all programs that come. Raises WarmedError."""
        return self._ask(request, timeout=timeout)["answer"]

    def rehearse(self, database: Mapping[str, Any]) -> None:
        """Load the driver of a database for all programs that come. Raises WarmedError."""
        command: Rehearse = {"op": "rehearse", "database": database}
        self._ask(command)

    def fork(
        self,
        folder: Path,
        descriptors: Sequence[int],
        databases: Mapping[str, Mapping[str, Any]] = {},
    ) -> Process:
        """Begin a program's interpreter, with Django on these databases; see
        child/interpreter.serve. Raises WarmedError."""
        command: Fork = {"op": "fork", "folder": str(folder), "databases": databases}
        return Process(self, self._ask(command, descriptors)["pid"])

    def start(
        self,
        program: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        printed: int,
        others: Sequence[int] = (),
    ) -> Process:
        """Start a program of this machine, with nothing to read and its output in a file. `{0}`
        among its arguments is the first of the `others`, descriptors. Raises WarmedError."""
        command: Start = {
            "op": "start",
            "program": program,
            "arguments": [program, *arguments],
            "environment": dict(environment),
            "folder": str(folder),
        }
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            return Process(self, self._ask(command, [nothing, printed, *others])["pid"])
        finally:
            os.close(nothing)

    def status(self, pid: int, now: bool = False) -> int | None:
        """How a process ended that this one started; None while it runs. Raises WarmedError."""
        command: Wait = {"op": "wait", "pid": pid, "now": now}
        return self._ask(command)["status"]

    def end_all(self) -> None:
        """End all that was started, however far it has detached itself. Raises WarmedError."""
        command: End = {"op": "end"}
        self._ask(command)

    def _ask(
        self, command: Command, descriptors: Sequence[int] = (), timeout: float = PATIENCE
    ) -> Said:
        try:
            socket.send_fds(self._run, [json.dumps(command).encode()], list(descriptors))
            if not select.select([self._run], [], [], timeout)[0]:
                self.kill()
                raise WarmedError(f"no answer within {timeout:g} s")
            said = self._room[: self._run.recv_into(self._room)]
        except (ConnectionError, ValueError) as error:
            raise WarmedError(self._how_it_ended()) from error
        if not said:
            raise WarmedError(self._how_it_ended())
        found: Said = json.loads(said)
        return found

    def _how_it_ended(self) -> str:
        try:
            return how_it_ended(self.process.wait(timeout=5))
        except subprocess.TimeoutExpired:
            return "it closed its socket"

    def interrupt(self) -> None:
        """Have it end all that it started, and itself, at once; for another thread."""
        with contextlib.suppress(OSError):
            self._run.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it, and all that it started."""
        self._run.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End it at once. Only what has detached itself from its programs could go on."""
        _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._run.close()


class Process:
    """A process that a warmed one started, with a session of its own."""

    def __init__(self, warmed: Warmed, pid: int) -> None:
        self.pid = pid
        #: As os.waitstatus_to_exitcode tells it; None while it runs.
        self.returncode: int | None = None
        self._warmed = warmed
        # It is no child of ours; where Linux tells of its end, nobody has to be asked again and
        # again.
        self.descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1

    def poll(self) -> int | None:
        return self.wait(0)

    def wait(self, timeout: float) -> int | None:
        """Its status, or None where it has not ended after so many seconds. One whose warmed
        process is gone counts as killed."""
        if self.returncode is not None or not self.ends_within(timeout):
            return self.returncode
        try:
            self.returncode = self._warmed.status(self.pid)
        except WarmedError:
            self.returncode = -signal.SIGKILL
        self._close()
        return self.returncode

    def ends_within(self, timeout: float) -> bool:
        """Whether it has ended after so many seconds, however."""
        if self.descriptor >= 0:
            return bool(select.select([self.descriptor], [], [], max(0.0, timeout))[0])
        deadline = time.monotonic() + timeout
        with contextlib.suppress(WarmedError):
            while self._warmed.status(self.pid, now=True) is None:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.01)
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all of its group."""
        _signal_group(self.pid, number)

    def kill(self) -> None:
        """End it and its group at once. How it ended is not asked for."""
        if self.returncode is None:
            self.signal(signal.SIGKILL)
            self.ends_within(PATIENCE)
            self.returncode = -signal.SIGKILL
            self._close()

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def how_it_ended(status: int) -> str:
    """A process's end in words for a person."""
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with status {status}"
