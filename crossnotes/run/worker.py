"""A child process with an interpreter in it, and the deadline by which it has to answer."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import crossnotes

_CODE = (
    "import sys; sys.path.append(sys.argv.pop()); "
    "from crossnotes.child.interpreter import main; main()"
)
_PACKAGES = str(Path(crossnotes.__file__).parents[1])

#: More bytes than the answers of one request have: a block may print a million characters.
_MOST = 1 << 31


#: Seconds between two looks for answers, so that each block's time begins when it does.
_GLANCE = 0.5


class WorkerDiedError(Exception):
    """The process is gone; the message says how it ended."""


class WorkerTimeoutError(Exception):
    """The process did not answer in time and was killed."""


class Worker:
    """One interpreter process, in `folder`, with exactly the environment given."""

    #: Whether the process has Django set up.
    has_django = False
    #: Seconds that the process has to end by itself.
    patience = 10.0

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        to_child, self._write = os.pipe()
        self._read, from_child = os.pipe()
        # Answers are written into a file and their end is told by the pipe: to wake this process
        # for each of them would cost more than most blocks take.
        self._answers = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        answers = self._answers.fileno()
        descriptors = (to_child, from_child, answers)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _CODE, *map(str, descriptors), _PACKAGES],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
                start_new_session=True,
            )
        finally:
            os.close(to_child)
            os.close(from_child)

    def request(
        self, operation: str, timeouts: Sequence[float], **fields: Any
    ) -> Iterator[dict[str, Any]]:
        """Ask for `operation`, and yield its answers; `timeouts` are the seconds that each may
        take. Raises WorkerDiedError and WorkerTimeoutError, after the answers that were given."""
        message = json.dumps({"op": operation, **fields}) + "\n"
        offset, answered, deadline = 0, 0, time.monotonic() + timeouts[0]
        try:
            os.ftruncate(self._answers.fileno(), 0)
            self._send(message.encode())
        except BrokenPipeError:
            raise WorkerDiedError(self._how_it_ended()) from None
        while True:
            said = self._wait(min(deadline, time.monotonic() + _GLANCE))
            data = os.pread(self._answers.fileno(), _MOST, offset)
            lines = data[: data.rfind(b"\n") + 1].splitlines()
            offset += sum(len(line) + 1 for line in lines)
            answers = [json.loads(line) for line in lines]
            yield from answers
            if said == b"\n":
                return
            if said == b"":
                raise WorkerDiedError(self._how_it_ended())
            answered += len(answers)
            timeout = timeouts[min(answered, len(timeouts) - 1)]
            if answers:
                deadline = time.monotonic() + timeout
            elif time.monotonic() >= deadline:
                self.kill()
                raise WorkerTimeoutError(f"no answer within {timeout:g} s")

    def ask(self, operation: str, timeout: float, **fields: Any) -> dict[str, Any]:
        """A request that has one answer."""
        (answer,) = self.request(operation, [timeout], **fields)
        return answer

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def _wait(self, deadline: float) -> bytes | None:
        """A line break when all answers are there, nothing when the process is gone, None when
        the time is over."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._read], [], [], left)[0]:
            return None
        return os.read(self._read, 1)

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
            self.process.wait(timeout=self.patience)
        self.kill()

    def end_group(self) -> None:
        """Kill the process and what it started, and leave the rest to who waits for it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process and what it started, at once."""
        self.end_group()
        self.process.wait()
        for descriptor in (self._write, self._read):
            self._close(descriptor)
        self._write = self._read = -1
        self._answers.close()

    @staticmethod
    def _close(descriptor: int) -> None:
        if descriptor >= 0:
            os.close(descriptor)
