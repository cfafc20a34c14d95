"""Takes out of a text what tells of one machine: its paths, and the values of secret variables."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

#: Where machines, and those of CI services, keep what is theirs alone.
_HERE = (
    *("home", "root", "Users", "tmp", "private", "var/folders", "var/tmp", "__w", "builds"),
    *("github", "work", "workspace", "workspaces", "mnt", "opt/hostedtoolcache", "run/user"),
)
_END = r"[^\s'\"`:,;()\[\]{}<>|]"
_PATH = re.compile(
    rf"(?<![\w.~/-])(?:/(?:{'|'.join(_HERE)})(?:/{_END}*)?(?![\w-])"
    rf"|/(?:{_END}*/)?(?:site-packages|\.venv|venv|dist-packages|crossnotes[_-]\w+)(?:/{_END}*)?"
    r"|[A-Za-z]:\\{1,2}Users\\{1,2}[^\s'\"]*)"
)

#: What is shown in the place of folders.
SHORT = "…"
#: The names of variables whose values nobody should see.
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|_KEY$", re.IGNORECASE)
#: A shorter value is in too many texts by chance.
_SHORTEST_SECRET = 6


def places(root: Path) -> list[str]:
    """The folders of this machine whose paths can be in an output, the longest first."""
    found = {str(root), str(root.resolve()), sys.prefix, str(Path.home()), tempfile.gettempdir()}
    return sorted((each for each in found if len(each) > 1), key=len, reverse=True)


def secrets(environment: Mapping[str, str]) -> list[str]:
    """The values of variables that are called a password, a secret, a token or a key."""
    found = {
        value
        for name, value in environment.items()
        if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET and not os.path.exists(value)
    }
    return sorted(found, key=len, reverse=True)


def masked(text: str, here: Iterable[str] = (), hidden: Iterable[str] = ()) -> str:
    """The text with `…/name` for a path of a machine and asterisks for a secret."""
    for secret in hidden:
        text = text.replace(secret, "********")
    for place in here:
        if place in text:
            text = re.sub(rf"{re.escape(place)}(?:/{_END}*|(?![\w-]))", _short, text)
    return _PATH.sub(_short, text)


def _short(found: re.Match[str]) -> str:
    parts = [part for part in re.split(r"[\\/]+", found[0]) if part]
    return f"{SHORT}/{parts[-1]}" if len(parts) > 1 else SHORT
