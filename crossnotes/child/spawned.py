"""Processes that multiprocessing starts anew: they import `__main__` from its file, and what a page
defines is in none. A pool starts another in place of each that ends so, and waits for ever."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from typing import Any

from crossnotes.child.capture import Capture

#: Seconds between two looks at what is printed.
PAUSE = 0.5

_LOST = re.compile(r"^AttributeError: Can't get attribute .* on <module '__main__'.*$", re.M)
_STARTERS = ("multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver")


class _Finder:
    """Finds no module, and hears of the one that starts processes anew."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name in _STARTERS and hasattr(Capture, "current"):
            threading.Thread(target=_watch, daemon=True).start()


def listen() -> None:
    """End a block that waits for such processes. Its author is told what the first of them said,
    as `Capture.lost`."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _watch() -> None:
    while True:
        block = Capture.current.blocks
        if _LOST.search(Capture.current.so_far()):
            time.sleep(PAUSE)
            _interrupt(block)
        time.sleep(PAUSE)


def _interrupt(block: int) -> None:
    """Interrupt the block, if it is still the one, with what was printed last."""
    capture = Capture.current
    lost = _LOST.findall(capture.so_far())
    if lost and capture.is_listening and capture.blocks == block:
        capture.lost = lost[0]
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
