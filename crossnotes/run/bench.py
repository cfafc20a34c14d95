"""A target's server, its databases and its workers: what programs on one target run on."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from crossnotes.config import Config
from crossnotes.run.databases import Databases
from crossnotes.run.project import Project
from crossnotes.run.record import Printed
from crossnotes.run.worker import Worker
from crossnotes.targets import Database, Server, Target, TargetError
from crossnotes.targets.given import GivenDatabase
from crossnotes.text.masking import Masking, machine_paths

#: What is on a server while programs run beside each other.
_OF_RUNS = ("database crossnotes_", "database test_crossnotes_")


@dataclass(slots=True)
class Bench:
    """`run_name` begins the name of each database that is made, `folder` is an empty folder."""

    target: Target
    server: Server
    config: Config
    project: Project | None
    run_name: str
    folder: Path
    #: Whether the outputs are to be written into the pages, and so are not compared.
    update: bool = False
    #: Whether to leave databases and working copies; then `databases.kept` says where they are.
    keep: bool = False
    #: Whether what follows a failed block is run all the same.
    keep_going: bool = False
    #: Whether commands of console blocks are run.
    shell: bool = True
    #: Whether there is no server, so that only blocks marked `:compiled:` do something.
    compiling: bool = False
    #: Whether pages may use the fixtures of a test suite.
    has_fixtures: bool = False
    #: What starts another server in place of one of the run's own.
    another: Callable[[], Server] | None = None
    #: Whether programs could change the server itself: it is the run's own, or the person trusts
    #: them.
    is_open: bool = False
    #: How often the server had to be put back.
    changes: int = 0
    #: How much its programs have printed.
    printed: Printed = field(default_factory=Printed)
    databases: Databases = field(init=False)
    #: What keeps passwords and paths of this machine out of results.
    masking: Masking = field(init=False)
    _idle: list[Worker] = field(default_factory=list)
    _busy: list[Worker] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _is_replacing: bool = False
    _settings: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Raises TargetError for a password that cannot be kept out of the results."""
        paths = machine_paths(self.config.root, self.folder)
        self.masking = Masking(self.server.secrets, paths, self.server.ordinary)
        if self.masking.problems:
            raise TargetError(self.masking.problems[0])
        only_one = isinstance(self.server, GivenDatabase)
        self.databases = Databases(self.server, self.run_name, self.keep, only_one=only_one)

    @property
    def is_plain(self) -> bool:
        """Whether pages use no Django: there is no project, and the driver connects by itself."""
        return self.project is None and bool(self.target.dbapi) and not self.compiling

    def worker(self) -> Worker:
        """One that is free, or another one; it is the caller's until it is done with it. Raises
        TargetError where the server is gone."""
        with self._lock:
            self._lock.wait_for(lambda: not self._is_replacing)
            if self._settings is None:
                self._settings = self.server.settings() if self.is_open else {}
            if not self._idle:
                path = self.folder / f"worker-{next(self._numbers)}"
                self._idle.append(Worker(path, self.project, self.target, self.compiling))
            worker = self._idle.pop()
            self._busy.append(worker)
            return worker

    def done_with(self, worker: Worker, page: str) -> None:
        """Make a worker free again, with nothing left of what ran there; or leave its folder as it
        is, for a person to look at."""
        if self.keep:
            worker.close()
            self.databases.kept.append(f"{page}: working copy {worker.folder.copy}")
        else:
            worker.clean()
        with self._lock:
            self._busy.remove(worker)
            if not self.keep:
                self._idle.append(worker)
            self._lock.notify_all()

    # -- the server itself -----------------------------------------------------------------------

    def put_server_back(self) -> str:
        """Undo what a program changed on the server itself: users, global variables, databases of
        others; a server of the run's own is replaced where that cannot be done. What is not as it
        was in the end, for a person; "" where all is. Raises TargetError."""
        with self._lock:
            if not self._settings:
                self.server.renew()
                return ""
            changed = self._changed()
            if not changed:
                return ""
            self.changes += 1
            for name in changed:
                self._put_back(name)
            changed = self._changed()
            if not changed or self.another is None:
                return ", ".join(changed)
            self._is_replacing = True
            try:
                # Other programs end before their server does.
                self._lock.wait_for(lambda: len(self._busy) <= 1)
                self._replace(self.another)
            finally:
                self._is_replacing = False
                self._lock.notify_all()
            return ""

    def _changed(self) -> list[str]:
        before, now = self._settings or {}, self.server.settings()
        names = [
            name
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name) and not name.startswith(_OF_RUNS)
        ]
        if not names:
            return []
        # What changes while nobody does anything changes by itself.
        later = self.server.settings()
        for name in [name for name in names if later.get(name) != now.get(name)]:
            names.remove(name)
            self._settings = {n: value for n, value in before.items() if n != name}
        return names

    def _put_back(self, name: str) -> None:
        assert self._settings is not None
        was = self._settings.get(name)
        kind, _, what = name.partition(" ")
        if kind == "database" and was is None and self.another is not None:
            with suppress(TargetError):
                self.server.drop_database(Database(what, {}))
        else:
            self.server.put_back(name, was)

    def _replace(self, another: Callable[[], Server]) -> None:
        self.databases.forget()
        self.server.close()
        self.server = another()
        self.databases.server = self.server
        self._settings = self.server.settings()

    def interrupt(self) -> None:
        """End what runs now, at once; for another thread, when the person has had enough."""
        for worker in list(self._busy):
            worker.interrupt()

    def close(self) -> None:
        """End the workers, and drop what was made."""
        for worker in (*self._busy, *self._idle):
            worker.close()
        self._busy.clear()
        self._idle.clear()
        self.databases.close()
