"""Asks a project's Sphinx what its Markdown is, and remembers the answer until conf.py changes."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from crossnotes import files, folders, markdown
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
    """The MyST of the project with its conf.py in `folder`; the default one without a conf.py.
    Without Sphinx, or an extension that it loads, it is read as far as it is written out, which is
    said on standard error. Raises ConfError."""
    if folder is None:
        return Myst()
    cache = _cache_file(folder)
    found = _read(cache)
    if found is None:
        answer = _ask(folder)
        if isinstance(answer, str):
            _say_that_it_is_not_asked(folder / CONF, answer)
            return as_written(folder / CONF)
        found = answer
        _write(cache, found)
    return Myst(frozenset(found["extensions"]), found["directives"], found["substitutions"])


@cache
def _say_that_it_is_not_asked(conf: Path, missing: str) -> None:
    of = "'crossnotes[site]'" if missing == "Sphinx" else "what your site is built with"
    print(
        f"{conf}: {missing} is not installed, so this file is not run, and pages are read as far "
        f"as it is written out. To read them as your site does: pip install {of}",
        file=sys.stderr,
    )


def _cache_file(folder: Path) -> Path:
    """Named after all that the answer depends on: conf.py, what is installed, our own directives,
    and the asking. Raises ConfError."""
    packages = sysconfig.get_paths()["purelib"]
    parts = [
        str(folder),
        _text_of(folder / CONF),
        f"{packages} {os.stat(packages).st_mtime_ns}",
        *(
            (Path(__file__).parent / name).read_text(encoding="utf-8")
            for name in ("directives.json", "sphinxext/registry.py")
        ),
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


def _ask(folder: Path) -> dict[str, Any] | str:
    """What Sphinx says, or the name of what is not installed. Raises ConfError."""
    command = [sys.executable, "-m", "crossnotes.sphinxext.registry", str(folder)]
    packages = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")]))
    try:
        # What it and conf.py make there goes with it, however it ends.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            run = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                env=os.environ | {"PYTHONPATH": path, "TMPDIR": temporary},
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise ConfError(f"{folder / CONF}: Sphinx did not load it in {TIMEOUT} s") from None
    if run.returncode == 0:
        try:
            return _answer(run.stdout)
        except ValueError:
            raise ConfError(
                f"{folder / CONF}: it ends the process that loads it; remove the call of exit"
            ) from None
    if "No module named 'sphinx'" in run.stderr or "No module named 'docutils'" in run.stderr:
        return "Sphinx"
    if missing := re.search(r"Could not import extension (\S+)", run.stderr):
        return missing[1]
    last = run.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
    raise ConfError(f"{folder / CONF}: Sphinx cannot load it: {last[0]}")


# -- without running it --------------------------------------------------------------------------


def conf_values(conf: Path) -> dict[str, Any]:
    """What a conf.py writes out: names and literal values, with what is added to lists. What it
    computes is left out."""
    try:
        tree = ast.parse(files.read(conf))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Any] = {}
    for statement in ast.walk(tree):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = _literal(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = _literal(value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                found[name] = [*_list(found.get(name)), *_list(_literal(value))]
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend"), args=[value]
            ):
                more = _literal(value)
                found[name] = [*_list(found.get(name)), *(_list(more) or [more])]
    return found


def _literal(value: ast.expr) -> Any:
    """A value that is written out; of a list, the items that are."""
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return [item for each in value.elts if (item := _literal(each)) is not None]
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def as_written(conf: Path) -> Myst:
    """The MyST that a conf.py asks for, as far as it writes it out; nothing of it is run."""
    values = conf_values(conf)
    loaded = {str(name) for name in _list(values.get("extensions"))}
    directives = dict(markdown.default_directives())
    if "sphinx_inline_tabs" in loaded and "sphinx_tabs.tabs" not in loaded:
        for name in ("tabs", "group-tab", "code-tab"):
            directives.pop(name, None)
    extensions = frozenset(str(name) for name in _list(values.get("myst_enable_extensions")))
    substitutions = values.get("myst_substitutions")
    return Myst(
        extensions,
        directives,
        {str(k): str(v) for k, v in substitutions.items()}
        if isinstance(substitutions, dict)
        else {},
    )
