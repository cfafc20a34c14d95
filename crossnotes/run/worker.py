"""A child process with an interpreter in it, and the deadline by which it has to answer."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import crossnotes

_CODE = (
    "import sys; sys.path.append(sys.argv.pop()); "
    "from crossnotes.run.interpreter import main; main()"
)
_PACKAGES = str(Path(crossnotes.__file__).parents[1])


class WorkerDiedError(Exception):
    """The process is gone; the message says how it ended."""


class WorkerTimeoutError(Exception):
    """The process did not answer in time and was killed."""


class Worker:
    """One interpreter process, in `folder`, with exactly the environment given."""

    #: Whether the process has Django set up.
    has_django = False

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()
        self._buffer = b""
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _CODE, str(to_child), str(from_child), _PACKAGES],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(to_child, from_child),
                start_new_session=True,
            )
        finally:
            os.close(to_child)
            os.close(from_child)

    def request(self, operation: str, timeout: float, **fields: Any) -> Iterator[dict[str, Any]]:
        """Ask for `operation`, and yield each answer as it comes; `timeout` is in seconds and
        holds for each. Raises WorkerDiedError and WorkerTimeoutError."""
        message = json.dumps({"op": operation, **fields}) + "\n"
        try:
            self._send(message.encode())
        except BrokenPipeError:
            raise WorkerDiedError(self._how_it_ended()) from None
        while answer := json.loads(self._line(timeout)):
            yield answer

    def ask(self, operation: str, timeout: float, **fields: Any) -> dict[str, Any]:
        """A request that has one answer."""
        (answer,) = self.request(operation, timeout, **fields)
        return answer

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def _line(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                self.kill()
                raise WorkerTimeoutError(f"no answer within {timeout:g} s")
            data = os.read(self._read, 65536)
            if not data:
                raise WorkerDiedError(self._how_it_ended())
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _how_it_ended(self) -> str:
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its pipes"
        if code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
        return f"it ended with status {code}"

    def stop(self) -> None:
        """Let the process end by itself, so that its exit handlers run; then make it."""
        self._close(self._write)
        self._write = -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        self.kill()

    def kill(self) -> None:
        """End the process and what it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for descriptor in (self._write, self._read):
            self._close(descriptor)
        self._write = self._read = -1

    @staticmethod
    def _close(descriptor: int) -> None:
        if descriptor >= 0:
            os.close(descriptor)
