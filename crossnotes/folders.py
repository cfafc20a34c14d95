"""Folders of the person who runs crossnotes, as the XDG base directories name them."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """What can be made again: answers of Sphinx, results of earlier runs, a downloaded server."""
    return _folder("XDG_CACHE_HOME", "~/.cache")


def state() -> Path:
    """What a run tells the runs after it."""
    return _folder("XDG_STATE_HOME", "~/.local/state")


def _folder(variable: str, default: str) -> Path:
    """A relative path in the variable does not count, as the specification has it: it would name
    another folder in each working directory."""
    named = os.environ.get(variable, "")
    return Path(named if os.path.isabs(named) else os.path.expanduser(default), "crossnotes")
