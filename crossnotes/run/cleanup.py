"""What a run tells the runs after it, in case it is killed: its folder, and the external servers on
which it makes databases. The next run removes what is left, and nothing of a run that lives."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from crossnotes import folders
from crossnotes.targets import Database, Offer, Server, Target, TargetError

#: The names of runs. Of nothing else a database is ever dropped.
_NAME = re.compile(r"crossnotes_[0-9a-f]{10}")
#: How the temporary folders of runs begin.
PREFIX = "crossnotes-"
_FOLDER = re.compile(r"crossnotes-[a-z0-9_]{8}")


def machine() -> str:
    """What stays when a machine gets another name."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with contextlib.suppress(OSError):
            if found := Path(path).read_text(encoding="utf-8").strip():
                return found
    return socket.gethostname()


class Lifetime:
    """A run, from its registration in `folder` to its end, which cleans up after dead ones."""

    def __init__(self, folder: Path) -> None:
        self.name = f"crossnotes_{os.urandom(5).hex()}"
        self._dead, self._alive = DeadRuns(), Registration(self.name, folder)

    def uses(self, target: Target, offer: Offer, server: Server) -> None:
        """Begin to use a server; what dead runs have left on an external one is dropped."""
        if offer.source == "external":
            where = f"{target.name} {offer.where}"
            self._dead.drop_databases(where, server)
            self._alive.uses(where)

    def end(self, left: bool) -> None:
        """`left` says whether something could not be dropped."""
        self._alive.end(left)
        self._dead.close()


def drop_all(server: Server, name: str) -> None:
    """Drop what a run of this name has left on a server: databases, those that Django's tests make
    beside them, and its account. Raises TargetError."""
    for prefix in (f"{name}_", f"test_{name}_"):
        for database in server.databases(prefix):
            server.drop_database(Database(database, {}))
    server.release(name)


class Registration:
    """A run that lives: it holds the lock on its file, which the system lets go when it ends."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._said: dict[str, Any] = {
            "machine": machine(),
            "folder": str(folder),
            "servers": [],
        }
        self._thread = threading.Lock()
        self._path = _place() / f"{name}.json"
        #: None where the home cannot be written to: then nobody cleans up after a kill.
        self._file: TextIO | None = None
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Under its real name only when it is locked, or a run could take it for a dead one.
            new = self._path.with_suffix(".new")
            self._file = new.open("x+", encoding="utf-8")
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._write()
            new.rename(self._path)

    def uses(self, server: str) -> None:
        """Say that databases are made on an external server, named by its target and address."""
        with self._thread:
            self._said["servers"].append(server)
            self._write()

    def end(self, left: bool) -> None:
        """Take the file away, unless something was `left` that could not be dropped: a server that
        went away may come back."""
        if self._file is None:
            return
        if not left:
            self._path.unlink(missing_ok=True)
        self._file.close()

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.seek(0)
        self._file.truncate()
        json.dump(self._said, self._file)
        self._file.flush()


def _place() -> Path:
    return folders.state() / "runs"


class DeadRuns:
    """The runs of this machine that are known to have ended without cleaning up. Their folders are
    removed at once, their databases when a server is used again. Until `close` no other run takes
    care of them."""

    def __init__(self) -> None:
        self._runs = [found for path in sorted(_place().glob("*.json")) for found in _dead(path)]
        self._thread = threading.Lock()
        for run in self._runs:
            run.remove_folder()

    def drop_databases(self, key: str, server: Server) -> None:
        """Drop what they left on a server."""
        with self._thread:
            for run in self._runs:
                if key in run.servers:
                    run.drop_databases(key, server)

    def close(self) -> None:
        for run in self._runs:
            run.close()


class _Dead:
    """One such run; `file` is locked by us."""

    def __init__(self, path: Path, file: Any, said: dict[str, Any]) -> None:
        self.path = path
        self.file = file
        self.folder = Path(said["folder"])
        self.servers: list[str] = said["servers"]
        self.said = said

    def remove_folder(self) -> None:
        # Wherever its TMPDIR was; but nothing else than what a run makes there.
        with contextlib.suppress(OSError):
            is_a_runs = _FOLDER.fullmatch(self.folder.name) and not self.folder.is_symlink()
            if is_a_runs and self.folder.stat().st_uid == os.getuid():
                shutil.rmtree(self.folder, ignore_errors=True)

    def drop_databases(self, key: str, server: Server) -> None:
        # What cannot be dropped now is for the run after this one.
        with contextlib.suppress(TargetError):
            drop_all(server, self.path.stem)
            self.servers = [other for other in self.servers if other != key]

    def close(self) -> None:
        if self.servers:
            self.file.seek(0)
            self.file.truncate()
            json.dump(self.said | {"servers": self.servers}, self.file)
        else:
            self.path.unlink(missing_ok=True)
        self.file.close()


def _dead(path: Path) -> Iterator[_Dead]:
    """The run of a file, if nobody holds its lock and it is of this machine."""
    try:
        file = path.open("r+", encoding="utf-8")
    except OSError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = json.load(file)
        # The lock may have been that of a run which took the file away meanwhile.
        known = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
        folder, servers = said["folder"], said["servers"]
        is_a_runs = isinstance(folder, str) and all(isinstance(each, str) for each in servers)
        is_here = said["machine"] == machine()
        if known and is_a_runs and is_here and _NAME.fullmatch(path.stem):
            yield _Dead(path, file, said)
            return
    except (OSError, ValueError, KeyError, TypeError):
        pass
    file.close()
