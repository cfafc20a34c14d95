"""A program's interpreter, in a process of its own, and the deadline by which it has to answer."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from crossnotes.child.capture import OUTPUT_LIMIT
from crossnotes.child.protocol import Answer, FailureFields, Request
from crossnotes.result import BlockFailedError, Failure
from crossnotes.run.shell import Shell
from crossnotes.run.warmed import CODE, PACKAGES, Warmed, WarmedError, how_it_ended

#: Seconds between two looks for answers, so that each block's time begins when it does, and for
#: how much was printed: a child process of a block fills a disk in seconds.
_GLANCE = 0.1


class InterpreterDiedError(Exception):
    """The process is gone; the message says how it ended."""


class InterpreterFloodedError(InterpreterDiedError):
    """A block, or what it started, printed too much, and the process was ended."""


class InterpreterTimeoutError(Exception):
    """The process did not answer in time and was ended."""


class Interpreter:
    """One such process: a fork of a warmed one, or one with an environment of its own.

    `answers` and `printed` are files that it writes its answers and all that its blocks print to;
    they can be used again when it has ended. Django's connections in a fork lead to `databases`.
    """

    #: Whether Django is set up.
    has_django = False
    #: Whether Django's connections lead to the program's database.
    is_connected = False
    #: Whether the `setup` of the project's settings has run.
    has_setup = False
    #: Seconds that the process has to end by itself.
    patience = 2.0

    def __init__(
        self,
        warmed: Warmed,
        folder: Path,
        answers: IO[bytes],
        printed: IO[bytes],
        environment: Mapping[str, str] | None = None,
        databases: Mapping[str, Mapping[str, Any]] = {},
    ) -> None:
        self._answers, self._printed = answers.fileno(), printed.fileno()
        os.ftruncate(self._printed, 0)
        theirs, self._write = os.pipe()
        self._read, done = os.pipe()
        output = _opened_again(self._printed)
        descriptors = [theirs, done, self._answers, output]
        try:
            if environment is None:
                self.process = warmed.fork(folder, descriptors, databases)
                self.is_connected = bool(databases)
            else:
                places = [f"{{{place}}}" for place in range(len(descriptors))]
                arguments = ["-c", CODE.format("interpreter"), *places, PACKAGES]
                self.process = warmed.start(
                    sys.executable, arguments, folder, environment, output, descriptors
                )
        except WarmedError as error:
            self._close()
            raise InterpreterDiedError(str(error)) from error
        finally:
            for descriptor in (theirs, done, output):
                os.close(descriptor)

    def request(self, request: Request, timeouts: Sequence[float]) -> Iterator[Answer]:
        """Yield the answers to a request; `timeouts` are the seconds that each may take.

        Raises InterpreterDiedError and InterpreterTimeoutError, after the answers that were given;
        InterpreterFloodedError where a block and its children print more than OUTPUT_LIMIT.
        """
        offset, answered, deadline = 0, 0, time.monotonic() + timeouts[0]
        try:
            os.ftruncate(self._answers, 0)
            self._send((json.dumps(request) + "\n").encode())
        except OSError:
            raise InterpreterDiedError(self._how_it_ended()) from None
        while True:
            said = self._wait(min(deadline, time.monotonic() + _GLANCE))
            data = os.pread(self._answers, os.fstat(self._answers).st_size - offset, offset)
            lines = data[: data.rfind(b"\n") + 1].splitlines()
            offset += sum(len(line) + 1 for line in lines)
            yield from json.loads(b"[%s]" % b",".join(lines))
            if said == b"\n":
                return
            if said == b"":
                raise InterpreterDiedError(self._how_it_ended())
            if os.fstat(self._printed).st_size > 4 * OUTPUT_LIMIT:  # bytes of a character
                self.kill()
                raise InterpreterFloodedError(f"printed more than {OUTPUT_LIMIT:,} characters")
            answered += len(lines)
            timeout = timeouts[min(answered, len(timeouts) - 1)]
            if lines:
                deadline = time.monotonic() + timeout
            elif time.monotonic() >= deadline:
                self.kill()
                raise InterpreterTimeoutError(f"no answer within {timeout:g} s")

    def ask(self, request: Request, timeout: float) -> Answer:
        """A request that has one answer."""
        (answer,) = self.request(request, [timeout])
        return answer

    def printed_so_far(self) -> str:
        """What the block printed that the process died of."""
        return os.pread(self._printed, OUTPUT_LIMIT, 0).decode(errors="replace")

    def watch(self, shell: Shell, block: int) -> None:
        """Let a shell watch how much the children of a block print, while it runs others."""
        shell.watch(block, self._printed, self.process, 4 * OUTPUT_LIMIT)

    def _send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def _wait(self, deadline: float) -> bytes | None:
        """A line break when all answers are there, nothing when the process is gone, None when
        the time is over."""
        watched = [self._read]
        if self.process.descriptor >= 0:
            # What the page forked may hold the pipe open when the process itself is gone.
            watched.append(self.process.descriptor)
        left = max(0.0, deadline - time.monotonic())
        ready = select.select(watched, [], [], left)[0]
        if self._read in ready:
            return os.read(self._read, 1)
        return b"" if ready else None

    def _how_it_ended(self) -> str:
        status = self.process.wait(5)
        return "it closed its pipes" if status is None else how_it_ended(status)

    def stop(self) -> None:
        """Let the process end by itself, so that its exit handlers run; then make it."""
        if self._write >= 0:
            os.close(self._write)
            self._write = -1
        self.process.ends_within(self.patience)
        self.kill()

    def kill(self) -> None:
        """End the process and what it started, at once."""
        self.process.kill()
        self._close()

    def _close(self) -> None:
        for descriptor in (self._write, self._read):
            if descriptor >= 0:
                os.close(descriptor)
        self._write = self._read = -1


def _opened_again(file: int) -> int:
    """A descriptor of the same file whose place in it, and whose flags, no earlier program knew:
    one that prints when it ends leaves the next one behind its own output."""
    try:
        return os.open(f"/proc/self/fd/{file}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # other systems than Linux
        os.lseek(file, 0, os.SEEK_SET)
        return os.dup(file)


def demand(interpreter: Interpreter, request: Request, timeout: float) -> Answer:
    """The one answer to a request that has to succeed. Raises BlockFailedError where it did not,
    InterpreterDiedError and InterpreterTimeoutError."""
    answer = interpreter.ask(request, timeout)
    if answer["failure"] is not None:
        raise BlockFailedError(failure_of(answer["failure"]), answer["output"])
    return answer


def failure_of(fields: FailureFields) -> Failure:
    """A Failure as a child process told it."""
    return Failure(
        fields["line"],
        fields["message"],
        fields["expected"],
        fields["got"],
        tuple(fields["details"]),
    )
