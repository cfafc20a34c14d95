"""Folders of the person who runs crossnotes, as the XDG base directories name them."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """What can be made again: answers of Sphinx, results of earlier runs, a downloaded server."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "crossnotes")


def state() -> Path:
    """What a run tells the runs after it."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "crossnotes")
