"""Asks a project's Sphinx what its Markdown is, and remembers the answer until conf.py changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from crossnotes import files, folders
from crossnotes.markdown import Myst

CONF = "conf.py"

#: Seconds that loading a conf.py and trying its directives may take.
TIMEOUT = 120


class ConfError(Exception):
    """A conf.py that Sphinx cannot load; the message is Sphinx's last line."""


def conf_folder(pages: Path, root: Path) -> Path | None:
    """The folder of the conf.py that holds for the pages in `pages`: there or above, as far up as
    `root`."""
    start = pages.resolve()
    for folder in (start, *start.parents):
        if (folder / CONF).is_file():
            return folder
        if folder == root.resolve() or not folder.is_relative_to(root.resolve()):
            break
    return None


def myst_of(folder: Path | None) -> Myst:
    """The MyST of the project with its conf.py in `folder`; the default one without a conf.py or,
    which is said on standard error, without Sphinx. Raises ConfError."""
    if folder is None:
        return Myst()
    cache = _cache_file(folder)
    found = _read(cache)
    if found is None:
        found = _ask(folder)
        if found is None:
            _say_that_it_is_not_asked(folder / CONF)
            return Myst()
        _write(cache, found)
    return Myst(frozenset(found["extensions"]), found["directives"], found["substitutions"])


@cache
def _say_that_it_is_not_asked(conf: Path) -> None:
    print(
        f"{conf}: Sphinx is not installed, so this file is not read, and pages are read with the "
        "defaults of MyST. To read them as your site does: pip install 'crossnotes[site]'",
        file=sys.stderr,
    )


def _cache_file(folder: Path) -> Path:
    """Named after all that the answer depends on: conf.py, what is installed, and the asking.
    Raises ConfError."""
    packages = sysconfig.get_paths()["purelib"]
    parts = [
        str(folder),
        _text_of(folder / CONF),
        f"{packages} {os.stat(packages).st_mtime_ns}",
        (Path(__file__).parent / "sphinxext" / "registry.py").read_text(encoding="utf-8"),
    ]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    return folders.cache() / f"myst-{key}.json"


def _text_of(conf: Path) -> str:
    try:
        return conf.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfError(f"{conf}: cannot read it: {error.strerror}") from error


def _read(cache: Path) -> dict[str, Any] | None:
    try:
        return _answer(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _answer(text: str) -> dict[str, Any]:
    """What the registry says. Raises ValueError for anything else, such as a file of another
    version."""
    try:
        found = json.loads(text)
        is_right = (
            all(isinstance(each, str) for each in found["extensions"])
            and isinstance(found["extensions"], list)
            and set(found["directives"].values()) <= {"content", "code", "none"}
            and all(isinstance(each, str) for each in found["substitutions"].values())
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not what the registry says: {error}") from error
    if not is_right:
        raise ValueError("not what the registry says")
    return dict(found)


def _write(cache: Path, found: dict[str, Any]) -> None:
    try:
        files.write(cache, json.dumps(found))
    except OSError:
        return  # a home that cannot be written to costs time, nothing else


def _ask(folder: Path) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "crossnotes.sphinxext.registry", str(folder)]
    packages = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")]))
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            env=os.environ | {"PYTHONPATH": path},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfError(f"{folder / CONF}: Sphinx did not load it in {TIMEOUT} s") from None
    if run.returncode == 0:
        try:
            return _answer(run.stdout)
        except ValueError:
            raise ConfError(
                f"{folder / CONF}: it ends the process that loads it; take the call of exit away"
            ) from None
    if "No module named 'sphinx'" in run.stderr or "No module named 'docutils'" in run.stderr:
        return None
    last = run.stderr.strip().splitlines()[-1:] or ["it said nothing"]
    raise ConfError(f"{folder / CONF}: Sphinx cannot load it: {last[0]}")
