"""Where a worker's programs run: a copy of the project, a home and a folder for temporary files,
each as it was before the next program begins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
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
        self._make()

    def _make(self) -> None:
        own = (self.copy, self.home, self.temporary, self.state)
        _empty(self.path, keep=[folder.name for folder in own])
        for folder in own:
            _empty(folder)
        if self.project is not None:
            self.project.copy_to(self.copy)
        self._entries = list(_entries(str(self.path)))

    def clean(self) -> None:
        """Make it as it was. What a program left is removed, what it changed is copied anew."""
        if list(_entries(str(self.path))) != self._entries:
            self._make()


def _entries(folder: str) -> Iterator[Entry]:
    """Everything below a folder, and when it was changed: by the system's own clock, which nobody
    sets back."""
    try:
        own = os.lstat(folder)
        found = sorted(os.scandir(folder), key=_name)
    except OSError:
        yield (folder, 0, 0, 0, 0)
        return
    # A program may put a link, or another folder, in its place.
    yield (folder, own.st_mode, own.st_ino, 0, 0)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
        else:
            at = entry.stat(follow_symlinks=False)
            yield (entry.path, at.st_mode, at.st_ino, at.st_size, at.st_ctime_ns)


_name = attrgetter("name")


def _empty(folder: Path, keep: Collection[str] = ()) -> None:
    """Make a folder with nothing in it but what is to be kept, whatever a program made of it."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        folder.mkdir(parents=True)
    folder.chmod(0o755)
    for entry in list(os.scandir(folder)):
        if entry.name in keep:
            continue
        if entry.is_dir(follow_symlinks=False):
            _open(entry.path)
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)


def _open(folder: str) -> None:
    """Take back what a program made of the rights of a folder: none could be removed else."""
    os.chmod(folder, 0o700)
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            _open(entry.path)
