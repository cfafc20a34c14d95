"""Children that a block forks: none of them may come back from the block as if it were the page."""

from __future__ import annotations

import os
import time

#: Seconds that a forked child has to end after the block that forked it.
PATIENCE = 2.0


class Forks:
    """Counts the forks of a process, and hears of children that ran on past their block's end."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._count = 0
        #: Whether there are pipes yet: most programs fork nothing.
        self._is_open = False

    def listen(self) -> None:
        """Begin to count, in this process; it cannot be ended again."""
        self.pid = os.getpid()
        os.register_at_fork(
            before=self._open, after_in_parent=self._forked, after_in_child=self._born
        )

    def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._children, self._tell_child = _pipe()
            self._escaped, self._tell_escape = _pipe()

    def _forked(self) -> None:
        self._count += 1

    def _born(self) -> None:
        os.write(self._tell_child, os.getpid().to_bytes(8))

    def end_if_forked(self) -> None:
        """End a child process that came back from a block: it would go on as if it were us."""
        if os.getpid() != self.pid:
            os.write(self._tell_escape, b"x")
            os._exit(0)

    def child_came_back(self) -> bool:
        """Whether a child that the block forked ran on past the block's end. Waits a moment for
        the children to end; their statuses are left to the page."""
        if not self._count:
            return False
        children: list[int] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            children += _read_pids(self._children)
            if len(children) >= self._count and all(map(_has_ended, children)):
                break
            time.sleep(0.005)
        self._count = 0
        return bool(_read(self._escaped))


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    return read, write


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""


def _read_pids(descriptor: int) -> list[int]:
    data = _read(descriptor)
    return [int.from_bytes(data[at : at + 8]) for at in range(0, len(data), 8)]


def _has_ended(child: int) -> bool:
    try:
        return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # the page has waited for it, or it is a child's child
        return True
