"""The Django project that pages teach, and working copies of it."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: What a person's own work leaves in the project; a run never sees it, `.env` above all.
LEFT_OUT = (".env", "db.sqlite3", "__pycache__", ".venv", ".git", ".mypy_cache", ".ruff_cache")

#: Variables by which a person's environment would reach into a program.
_PREFIXES = (
    "TIDB_",
    "DB_",
    "CROSSNOTES_",
    "DJANGO_",
    "MYSQL_",
    "PG",
    "PYTHON",
    "PYTEST_",
    "PIP_",
    "COVERAGE_",
)
_NAMES = ("CA_PATH", "DATABASE_URL", "VIRTUAL_ENV", "BASH_ENV", "ENV", "LC_ALL", "LANGUAGE")


class ProjectError(Exception):
    """A folder that is not a Django project; its message says what is missing."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Django project: its folder, the module of its settings, and a digest of its files."""

    folder: Path
    settings: str
    digest: str

    def copy_to(self, folder: Path) -> None:
        """A fresh working copy, without what LEFT_OUT names."""
        shutil.copytree(
            self.folder, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True
        )


def find(folder: Path, settings: str = "") -> Project:
    """The project in `folder`. Its settings module is the one that manage.py names, if none is
    given. Raises ProjectError."""
    manage = folder / "manage.py"
    if not manage.is_file():
        raise ProjectError(f"{folder} is not a Django project: it has no manage.py")
    return Project(folder.resolve(), settings or _settings_of(manage), digest(folder))


def _settings_of(manage: Path) -> str:
    for node in ast.walk(ast.parse(manage.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(args=[ast.Constant("DJANGO_SETTINGS_MODULE"), ast.Constant(str(name))]):
                return name
    raise ProjectError(
        f"{manage} names no DJANGO_SETTINGS_MODULE; give it as `settings` in [tool.crossnotes]"
    )


def digest(folder: Path) -> str:
    """A hash over the names and contents of the files that a working copy would hold."""
    found = hashlib.sha256()
    for path in sorted(_files(folder)):
        found.update(str(path.relative_to(folder)).encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        yield from (Path(parent, name) for name in files if name not in LEFT_OUT)


def environment(home: Path, temporary: Path, python: Path) -> dict[str, str]:
    """What a program's processes see: this process's environment without what would change the
    program's meaning, the interpreter's folder first on PATH, a HOME without option files, a
    folder of its own for temporary files, and no way for pip to install anything that is not there
    already."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(_PREFIXES) and key not in _NAMES
    }
    return kept | {
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }


def connection_environment(
    connection: Mapping[str, str], facts: Mapping[str, str]
) -> dict[str, str]:
    """The connection keys of the project with the live values, for programs whose page does not
    write a `.env` of its own."""
    return {key: facts[fact] for key, fact in connection.items() if fact in facts}
