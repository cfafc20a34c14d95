"""Runs something in a fork of this process: what keeping pages apart costs at the least."""

import os
from collections.abc import Callable


def in_fork(action: Callable[[], object]) -> None:
    """Wait for it. Raises AssertionError where it failed."""
    if pid := os.fork():
        assert os.waitpid(pid, 0)[1] == 0
        return
    try:
        action()
        os._exit(0)
    finally:
        os._exit(1)
