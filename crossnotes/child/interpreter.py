"""One Python session of one program: it takes requests, and answers what became of each block.

Nothing here decides what is run; it only runs it and says what happened, at the page's line.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
import time
import types
from collections.abc import Callable, Iterator

from crossnotes.child import blocks, django
from crossnotes.child.capture import OUTPUT_LIMIT, Capture
from crossnotes.child.forks import Forks
from crossnotes.child.protocol import Answer, Block, FailureFields, Request
from crossnotes.result import BlockFailedError, Failure


class Interpreter:
    """A namespace, what hears what is printed, and Django once it was set up."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.forks = Forks()
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.session = blocks.Session(module.__dict__, capture)

    def answer(self, request: Request) -> Iterator[Answer]:
        """Carry out one request; an answer a block, or one for the request."""
        match request["op"]:
            case "run":
                yield from self.run(request["blocks"], request["keep_going"])
            case "setup":
                yield self.guarded(lambda: django.set_up(request))
            case "connect":
                yield self.guarded(lambda: django.connect(request))
            case "open":
                yield self.guarded(lambda: self.session.open(request))
            case "refresh":
                path = request["path"]
                yield self.guarded(lambda: "" if django.refresh(path) else "restart")

    def run(self, many: list[Block], keep_going: bool) -> Iterator[Answer]:
        for block in many:
            self.session.parts, self.session.counts = [], []
            answer = self.guarded(lambda block=block: blocks.run(block, self.session), block)  # type: ignore[misc]
            yield answer
            # A block that was to fail and passes is a failure, too.
            failed = (answer["failure"] is None) == block["xfail"]
            if failed and not keep_going:
                return

    def guarded(self, action: Callable[[], str | None], block: Block | None = None) -> Answer:
        """Run `action`; whatever it does is turned into an answer."""
        started = time.perf_counter()
        output: str | None = None
        failure: FailureFields | None = None
        line = block["line"] if block else 0
        self.capture.begin()
        try:
            output = action()
        except BlockFailedError as error:
            failure = _fields(error.failure)
        except BaseException as error:  # sys.exit and Ctrl-C of a page are its failures, not ours
            failure = _fields(Failure(line, blocks.describe(error)))
        self.forks.end_if_forked()
        printed = self.capture.end()
        if self.forks.child_came_back() and failure is None:
            failure = _fields(Failure(line, _CAME_BACK))
        return {
            "failure": failure,
            "output": blocks.storable(printed if output is None else output),
            "seconds": round(time.perf_counter() - started, 6),
            "parts": self.session.parts,
            "counts": self.session.counts,
        }


_CAME_BACK = "this block forks, and the child ran on past the block's end; end it with os._exit()"


def _fields(failure: Failure) -> FailureFields:
    return {
        "line": failure.line,
        "message": blocks.storable(_cut(failure.message)),
        "expected": blocks.storable(failure.expected),
        "got": blocks.storable(_cut(failure.got, OUTPUT_LIMIT)),
        "details": [blocks.storable(_cut(line)) for line in failure.details],
    }


def _cut(text: str, most: int = 10_000) -> str:
    """The beginning of a text, such as an exception's, which may be as long as the memory."""
    if len(text) <= most:
        return text
    return f"{text[:most]} … and {len(text) - most:,} more characters"


def serve(interpreter: Interpreter, requests: int, done: int, answers: int) -> None:
    """Serve the requests of one program until the other end is closed.

    Requests are lines on the descriptor `requests`. Answers are lines in the file `answers`, and a
    byte on `done` tells that all of a request's are there: to wake the run for each of them would
    cost more than most blocks take.
    """
    interpreter.forks.listen()
    with contextlib.suppress(BrokenPipeError), os.fdopen(requests, encoding="utf-8") as lines:
        for line in lines:
            at = 0
            for answer in interpreter.answer(json.loads(line)):
                # Before the next block runs, which may end the process.
                at += os.pwrite(answers, (json.dumps(answer) + "\n").encode(), at)
            os.write(done, b"\n")


def leave() -> None:
    """End this process as Python ends, for a process that was forked cannot do so by itself."""
    import threading

    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    with contextlib.suppress(BaseException):
        if tracker is not None:
            # It removes shared memory that the program has left, and would be ended before.
            tracker._resource_tracker._stop()
    os._exit(0)


def main() -> None:
    """Serve one program in a process that was started for it."""
    requests, done, answers, printed = (int(argument) for argument in sys.argv[1:5])
    for descriptor in (requests, done, answers, printed):
        os.set_inheritable(descriptor, False)
    sys.argv = [""]
    serve(Interpreter(Capture(printed)), requests, done, answers)
