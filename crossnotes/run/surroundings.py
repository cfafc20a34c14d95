"""What a block must not leave changed in a process that other pages use after it."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import contextlib
import os
import signal
import sys
import time
from typing import Any

_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGCHLD", "SIGHUP", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)

#: Seconds that a forked child has to end after the block that forked it.
PATIENCE = 2.0


class Surroundings:
    """The state of the process before a block, and what became of it.

    Python's audit events say when the environment or the folder may have changed, so that a block
    which touches neither costs next to nothing.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._touched: set[str] = set()
        self._forks = 0
        self._children, self._tell_child = _pipe()
        self._escaped, self._tell_escape = _pipe()
        os.register_at_fork(after_in_parent=self._forked, after_in_child=self._born)
        sys.addaudithook(self._note)
        self.remember()

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.putenv", "os.unsetenv", "os.chdir"):
            self._touched.add(event)

    def remember(self) -> None:
        """Take the state as it is now for the right one."""
        self._environment = dict(os.environ)
        self._folder = os.getcwd()
        self._often = _often()
        self._touched.clear()
        self._forks = 0
        _read(self._children)

    def changed(self) -> str:
        """What is not as it was, in words for the page's author; "" if all is."""
        if self._touched and (what := self._changed_rarely()):
            return what
        now = _often()
        for name, before in self._often.items():
            if now[name] != before:
                return name
        return ""

    def _changed_rarely(self) -> str:
        self._touched.clear()
        names = {
            name
            for name in {*os.environ, *self._environment}
            if os.environ.get(name) != self._environment.get(name)
        }
        if names:
            return f"the environment ({', '.join(sorted(names))})"
        with contextlib.suppress(FileNotFoundError):
            if os.getcwd() == self._folder:
                return ""
        return "the working directory"

    # -- forks -----------------------------------------------------------------------------------

    def _forked(self) -> None:
        self._forks += 1

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
        if not self._forks:
            return False
        children: list[int] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            children += _read_pids(self._children)
            if len(children) >= self._forks and all(map(_has_ended, children)):
                break
            time.sleep(0.005)
        self._forks = 0
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


def _often() -> dict[str, Any]:
    """What no audit event tells of, by its name for a person."""
    found: dict[str, Any] = {
        "the time zone": time.tzname,
        # signal.getsignal makes an enum of each answer, which takes ten times as long.
        "signal handlers": [_signal.getsignal(number) for number in _SIGNALS],
    }
    return found | _django()


def _django() -> dict[str, Any]:
    module = sys.modules.get("django.conf")
    settings = module.settings if module else None
    if settings is None or not settings.configured:
        return {"Django's settings": None, "Django's language and time zone": None}
    found = {"Django's settings": dict(vars(settings._wrapped))}
    zone = sys.modules.get("django.utils.timezone")
    translation = sys.modules.get("django.utils.translation")
    active = [
        getattr(zone._active, "value", None) if zone else None,
        translation.get_language() if translation and settings.USE_I18N else None,
    ]
    return found | {"Django's language and time zone": active}
