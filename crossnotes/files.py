"""Files that are written whole or not at all, and read without an end to wait for.

The new text is written beside the file and takes its place when it is complete: whatever ends the
write (a full disk, a signal, a power cut where it is asked for), the old file is there until then.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

#: How a file is named while it is written. No pattern of pages, catalogues or ledgers matches it.
SUFFIX = ".crossnotes-new"


#: Bytes that a page, or what it includes, may have.
LARGEST = 50_000_000


def read(path: Path) -> bytes:
    """What a file holds. Raises OSError, for a device, a pipe and a file of more than `LARGEST`
    too: reading them would not end, or take all memory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a device or a pipe, not a file", str(path))
        if status.st_size > LARGEST:
            raise OSError(errno.EFBIG, f"it has more than {LARGEST // 1_000_000} MB", str(path))
        return file.read(LARGEST + 1)


def write(path: Path, text: str | Iterable[str], *, sync: bool = False) -> None:
    """Write a text, or its parts, as UTF-8, and make the folders above where they are missing.

    A byte of a name that is no UTF-8 (a lone surrogate) becomes an escape such as `\\udcff`, which
    JSON reads back as it was. `sync` is for what nobody can make again: it is on the disk when this
    returns. Raises OSError; the old file is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, sync=sync) as file:
        for part in [text] if isinstance(text, str) else text:
            file.write(part.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = False) -> Iterator[BinaryIO]:
    """A file to write into, which becomes `path` at the end of the block, with the rights and the
    owner that `path` had. After an exception, or where the disk is full, `path` is as it was.

    A link is followed. What is no regular file, such as /dev/stdout or a FIFO, is written into.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() and not _is_system(path) else path
    if _is_system(path) or (path.exists() and not path.is_file()):
        # At the end, where what a process has open already is a file.
        with path.open("ab") as device:
            yield device
        return
    remove_leftovers(path.parent)
    temporary, file = _new_beside(path)
    # Keeps the lock until the file has its name.
    held = os.dup(file.fileno())
    try:
        with file:
            yield file
            file.flush()
            _like(path, file.fileno())
            if sync:
                os.fsync(file.fileno())
        # Only when it is closed, some file systems say that they are full.
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(held)
    if sync:
        _sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writes have left in a folder; writes that still go on are let alone."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(".") and name.endswith(SUFFIX):
                _remove_unless_locked(folder / name)


def _is_system(path: Path) -> bool:
    """Whether a path names what a process has open already, by a link of the system."""
    return str(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))


def _new_beside(path: Path) -> tuple[Path, BinaryIO]:
    """An empty file beside `path` whose lock says that it is being written."""
    while True:
        temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}{SUFFIX}")
        file = temporary.open("xb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Before the lock it may have been taken for a leftover.
            if temporary.exists():
                return temporary, file
            file.close()
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise


def _remove_unless_locked(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _like(path: Path, descriptor: int) -> None:
    """Give the new file the rights and, where we may, the owner of the old one."""
    with contextlib.suppress(FileNotFoundError):
        old = path.stat()
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too. Not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
