"""Where a worker's programs run: a copy of the project, a home and a folder for temporary files,
each as it was before the next program begins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from crossnotes.run.project import Project

Entry = tuple[str, int, int, int, int]


class Folder:
    """One such place. `project` is copied into it; without one its folder is empty."""

    def __init__(self, path: Path, project: Project | None) -> None:
        self.path = path
        self.project = project
        #: What a program finds itself in.
        self.copy = path / "project"
        self.home = path / "home"
        self.temporary = path / "tmp"
        #: What the run itself writes for a program, such as what its shell remembers.
        self.state = path / "state"
        #: The folder as it was named, and where links lead.
        self.names = (os.path.realpath(path), str(path))
        for folder in (self.copy, self.home, self.temporary, self.state):
            folder.mkdir(parents=True)
        self._fill()

    def _fill(self) -> None:
        if self.project is not None:
            self.project.copy_to(self.copy)
        self._entries = list(_entries(str(self.copy)))

    def clean(self) -> None:
        """Make it as it was. What a program left is removed, what it changed is copied anew."""
        for folder in (self.home, self.temporary, self.state):
            if not folder.is_dir() or any(os.scandir(folder)):
                _empty(folder)
        if list(_entries(str(self.copy))) != self._entries:
            _empty(self.copy)
            self._fill()


def _entries(folder: str) -> Iterator[Entry]:
    """Everything below a folder, and when it was changed: by the system's own clock, which nobody
    sets back."""
    try:
        own = os.stat(folder)
        found = sorted(os.scandir(folder), key=_name)
    except OSError:
        yield (folder, 0, 0, 0, 0)
        return
    yield (folder, own.st_mode, 0, 0, 0)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
        else:
            at = entry.stat(follow_symlinks=False)
            yield (entry.path, at.st_mode, at.st_ino, at.st_size, at.st_ctime_ns)


_name = attrgetter("name")


def _empty(folder: Path) -> None:
    """Remove all that is in a folder, whatever a program made of its rights."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        folder.mkdir(parents=True)
        return
    folder.chmod(0o755)
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
