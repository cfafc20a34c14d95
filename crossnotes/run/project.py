"""The Django project that pages teach, and working copies of it.

What belongs to it is what git tracks, or would, below its folder, less the pages, the ledgers and
what is built there: a project may be the root of a repository.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crossnotes.config import Config

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


#: Folders at the root of a repository that hold what was made from the others.
BUILT = ("build", "dist")


@dataclass(frozen=True, slots=True)
class Project:
    """A Django project: its folder, the module of its settings, the files that belong to it, and a
    digest of them."""

    folder: Path
    settings: str
    digest: str
    files: frozenset[Path] = frozenset()

    def copy_to(self, folder: Path) -> None:
        """A fresh working copy of the files."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.files):
            to = folder / path.relative_to(self.folder)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)

    def holds(self, path: Path) -> bool:
        """Whether a file belongs to it."""
        return path in self.files


def of(config: Config, folder: Path | None = None) -> Project | None:
    """The project of a configuration, or one in another folder; None where there is neither. Raises
    ProjectError."""
    if folder is None:
        if not config.django:
            return None
        folder = config.root / config.django
    return find(folder, config.settings, [config.root / config.source, config.root / config.ledger])


def find(folder: Path, settings: str = "", apart: Collection[Path] = ()) -> Project:
    """The project in `folder`; what is below the folders `apart` does not belong to it. Its
    settings module is the one that manage.py names, if none is given. Raises ProjectError."""
    manage = folder / "manage.py"
    if not manage.is_file():
        raise ProjectError(f"{folder} is not a Django project: it has no manage.py")
    here = folder.resolve()
    try:
        files = frozenset(_files(here, [path.resolve() for path in apart]))
        return Project(here, settings or _settings_of(manage), _digest(here, files), files)
    except OSError as error:
        raise ProjectError(
            f"{error.filename or folder}: cannot read it: {error.strerror}"
        ) from error


def _settings_of(manage: Path) -> str:
    try:
        tree = ast.parse(manage.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ProjectError(f"{manage}:{line}: not Python: {error}") from error
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[ast.Constant("DJANGO_SETTINGS_MODULE"), ast.Constant(str(name))]):
                return name
    raise ProjectError(
        f"{manage} names no DJANGO_SETTINGS_MODULE; give it as `settings` in [tool.crossnotes]"
    )


def digest(folder: Path) -> str:
    """A hash over the names and contents of the files that a working copy would hold."""
    return _digest(folder.resolve(), _files(folder.resolve(), ()))


def _digest(folder: Path, files: Collection[Path] | Iterator[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(str(path.relative_to(folder)).encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _files(folder: Path, apart: Collection[Path]) -> Iterator[Path]:
    """The files of a project, as absolute paths."""
    is_root = any(path.is_relative_to(folder) for path in apart)
    for path in _known_to_git(folder) or _below(folder):
        parts = path.relative_to(folder).parts
        if any(part in LEFT_OUT for part in parts) or any(map(path.is_relative_to, apart)):
            continue
        if is_root and (parts[0] in BUILT or _is_translation_of_pages(parts)):
            continue
        yield path


def _known_to_git(folder: Path) -> list[Path]:
    """What git tracks below a folder, and new files that it does not ignore; nothing where there
    is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    # A hook of git names its repository to all that it starts.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, check=False
        )
    except OSError:
        return []
    names = dict.fromkeys(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
    found: list[Path] = []
    for name in names if done.returncode == 0 else ():
        path = folder / name
        # A repository within is one entry; a file that was removed is one still.
        found += _below(path) if path.is_dir() else [path] if path.is_file() else []
    return found


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder, virtual environments left out."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if name not in LEFT_OUT and not Path(parent, name, "pyvenv.cfg").exists()
        ]
        yield from (path for name in files if (path := Path(parent, name)).is_file())


def _is_translation_of_pages(parts: tuple[str, ...]) -> bool:
    """Whether a file is a catalogue of the pages; Django's own are all called django."""
    is_catalogue = parts[0] == "locale" and parts[-1].endswith((".po", ".mo"))
    return is_catalogue and not parts[-1].startswith("django")


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


def state(project: Project | None, setup: str) -> str:
    """What programs depend on besides their page: the project, and the `setup` of the settings."""
    digest = project.digest if project else ""
    return hashlib.sha256(f"{digest}\0{setup}".encode()).hexdigest() if setup else digest


def connection_environment(
    connection: Mapping[str, str], facts: Mapping[str, str]
) -> dict[str, str]:
    """The connection keys of the project with the live values, for programs whose page does not
    write a `.env` of its own."""
    return {key: facts[fact] for key, fact in connection.items() if fact in facts}
