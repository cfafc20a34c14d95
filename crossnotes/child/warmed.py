"""The warmed process: Python with its imports done, and Django set up where it is needed, but no
connection open. Each program runs in a fork of it, or in a process that it starts.

It is the parent of all that a program starts, and stays so when a program's process detaches
itself: what is left when a program has ended is ended here.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from crossnotes.child import django, heap, interpreter, rehearsal
from crossnotes.child.capture import Capture
from crossnotes.child.protocol import Command, Said, Setup, Start

#: Bytes of one message: the environment of a process that is started, at the most.
MOST = 1 << 20
DESCRIPTORS = 8
_SIZE = array.array("i").itemsize

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
#: Linux's; other systems have none.
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)


def main() -> None:
    """Serve commands until the run is gone, and end with everything that was started then."""
    control, printed, modules = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(control, False)
    run = socket.socket(fileno=control)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        # A background job begins with SIGINT ignored, and so would what a page starts.
        signal.signal(number, signal.SIG_DFL)
    # Of a page that has it in mind for its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopt_orphans()
    warmed = Warmed(run, printed, modules)
    with contextlib.suppress(ConnectionError):
        warmed.serve()
    warmed.end_all()


class Warmed:
    """Serves one run over the socket `run`; `printed` is the file that hears what is printed."""

    def __init__(self, run: socket.socket, printed: int, modules: Sequence[str]) -> None:
        self.run = run
        self.printed = printed
        os.set_inheritable(printed, False)
        self._started: set[int] = set()
        self._statuses: dict[int, int] = {}
        for name in modules:
            # What is not installed is told when a page needs it.
            with contextlib.suppress(ImportError):
                __import__(name)
        rehearsal.of_python(Capture(printed))
        # What each fork begins with is made once, and here: so it has not to be made its own.
        sys.argv = [""]
        self._interpreter = interpreter.Interpreter(Capture(printed))
        heap.settle()

    def serve(self) -> None:
        # Of which a message touches as much as it needs.
        room = bytearray(MOST)
        ancillary = socket.CMSG_LEN(DESCRIPTORS * _SIZE)
        while True:
            size, others, _, _ = self.run.recvmsg_into([room], ancillary)
            if not size:
                return
            descriptors = array.array("i")
            for _, _, data in others:
                descriptors.frombytes(data)
            command: Command = json.loads(room[:size])
            said = self._one(command, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            self.run.send(json.dumps(said).encode())

    def _one(self, command: Command, descriptors: Sequence[int]) -> Said:
        match command["op"]:
            case "setup":
                return self._set_up(command)
            case "rehearse":
                rehearsal.of_driver(command["database"])
                heap.settle()
                return {}
            case "fork":
                # Here, where no page of memory has to be made the program's own.
                django.lead(command["databases"])
                return {"pid": self._fork(command["folder"], descriptors)}
            case "start":
                return {"pid": self._start(command, descriptors)}
            case "wait":
                return {"status": self._wait(command["pid"], command["now"])}
            case "end":
                self.end_all()
                self._statuses.clear()
                return {}
        raise AssertionError(command)

    def _set_up(self, request: Setup) -> Said:
        """Set up Django, in this process, for all that are forked from now on."""
        answer = self._interpreter.guarded(lambda: django.set_up(request))
        if answer["failure"] is None:
            rehearsal.of_django()
        heap.settle()
        return {"answer": answer}

    def _fork(self, folder: str, descriptors: Sequence[int]) -> int:
        """A program's interpreter, in a session of its own; see interpreter.serve."""
        requests, done, answers, printed = descriptors

        def serve() -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.run.close()
            # Only what the page registers is run at its end.
            atexit._clear()
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(printed, self.printed, inheritable=False)
            for number, given in enumerate((nothing, printed, printed)):
                os.dup2(given, number)
            os.close(nothing)
            os.close(printed)
            interpreter.serve(self._interpreter, requests, done, answers)
            interpreter.leave()

        return self._child(folder, serve)

    def _start(self, command: Start, descriptors: Sequence[int]) -> int:
        """A program such as bash, in a session of its own. The descriptors that it gets are its
        standard input and output, and others, which it finds by their numbers."""

        def execute() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            given, printed, *others = descriptors
            os.dup2(given, 0)
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            for descriptor in others:
                os.set_inheritable(descriptor, True)
            numbers = {f"{{{place}}}": str(number) for place, number in enumerate(others)}
            arguments = [numbers.get(argument, argument) for argument in command["arguments"]]
            os.execve(command["program"], arguments, command["environment"])  # noqa: S606

        return self._child(command["folder"], execute)

    def _child(self, folder: str, action: Callable[[], None]) -> int:
        """The id of a child process in which `action` runs, in a session of its own."""
        pid = os.fork()
        if pid:
            self._started.add(pid)
            return pid
        try:
            os.setsid()
            _end_with_parent()
            os.chdir(folder)
            action()
        finally:
            os._exit(127)

    def _wait(self, pid: int, now: bool) -> int | None:
        if pid not in self._statuses:
            self._reap(os.waitpid(pid, os.WNOHANG if now else 0))
        return self._statuses.get(pid)

    def _reap(self, ended: tuple[int, int]) -> None:
        pid, status = ended
        if pid:
            self._statuses[pid] = os.waitstatus_to_exitcode(status)
            self._started.discard(pid)

    def end_all(self) -> None:
        """End every process below this one. A process that forks while it is ended leaves its
        child to us, so that there is none left at the end."""
        while self._some_run():
            children = self._children()
            for child in children:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child, signal.SIGKILL)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            for child in children:
                with contextlib.suppress(ChildProcessError):
                    self._reap(os.waitpid(child, 0))

    def _some_run(self) -> bool:
        """Whether a child of this process has not ended; those that have are reaped."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._reap(ended)
        except ChildProcessError:
            return False
        return True

    def _children(self) -> list[int]:
        """The children of this process as Linux tells them; elsewhere those that it started."""
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return list(self._started)


def _adopt_orphans() -> None:
    """Become the parent of processes below this one whose own parents have ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end_with_parent() -> None:
    """End this process when the warmed one is killed, by whomever."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _PRCTL is not None:
        _PRCTL(option, value, 0, 0, 0)
