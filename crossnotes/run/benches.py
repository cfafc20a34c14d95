"""The benches of a run, one a target: each is set up when it is first asked for, and kept."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes.config import Config
from crossnotes.extras import needed
from crossnotes.run.bench import Bench
from crossnotes.run.cleanup import PREFIX, Lifetime, drop_all
from crossnotes.run.project import Project
from crossnotes.targets import Offer, Server, Target, TargetError, requests
from crossnotes.targets.given import GivenDatabase
from crossnotes.targets.requests import Request

if TYPE_CHECKING:
    from crossnotes.run.inside import InsideBench


@dataclass(frozen=True, slots=True)
class Options:
    """How programs are run. `database` is one of an external server that is given to the run,
    instead of the right to make some; `keep_db` leaves databases and working copies."""

    update: bool = False
    keep_db: bool = False
    keep_going: bool = False
    database: str = ""
    #: Whether pages may run with the rights of the account that names an external server.
    trust_pages: bool = False
    #: Whether commands of console blocks are run.
    shell: bool = True


@dataclass(slots=True)
class Had:
    """A server that was had: where it came from, and, for a compiler in its place, why there is
    none."""

    server: Server
    offer: Offer
    no_server: str = ""
    #: Whether the run started it, and whether its programs may change it.
    is_own: bool = False
    is_open: bool = False


@dataclass
class Benches:
    """`environment` is where external servers are looked for; `shared` names, by target, servers
    that another process of the same run has started for all, and `problems` what it could not
    start."""

    config: Config
    project: Project | None
    environment: Mapping[str, str]
    options: Options = field(default_factory=Options)
    shared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Servers that drop root's rights have to reach their own folder in it.
        self.folder.chmod(0o755)
        self._lifetime = Lifetime(self.folder)
        self._problems = dict(self.problems)
        self._had: dict[str, Had] = {}
        self._benches: dict[str, Bench] = {}
        self._inside: dict[str, InsideBench] = {}
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def had(self, target: str) -> Had:
        """The server of a target. Raises TargetError, each time for the same reason."""
        with self._lock_of(target):
            if target in self._problems:
                raise TargetError(self._problems[target])
            if target not in self._had:
                try:
                    self._had[target] = self._have(requests.parse(target))
                except TargetError as error:
                    self._problems[target] = str(error)
                    raise
                except ModuleNotFoundError as error:
                    self._problems[target] = needed(error)
                    raise TargetError(needed(error)) from error
            return self._had[target]

    def _lock_of(self, target: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(target, threading.Lock())

    def look(self, target: str) -> Offer:
        """Where a target, or one in a version, would come from."""
        return requests.parse(target).look({**self.environment, **self.shared.get(target, {})})

    def _have(self, request: Request) -> Had:
        target, offer = request.target, self.look(request.name)
        if self.project is not None and not target.engine:
            raise TargetError(
                f"Django has no backend for {target.label}, and these pages run in a Django project"
            )
        if offer.start is not None:
            server = self._as_given(offer, offer.start(self._new_folder(f"{request.name}-server")))
            self._check(request, server)
            self._lifetime.uses(target, offer, server)
            is_own = offer.source != "external"
            is_open = is_own or bool(self.shared.get(request.name)) or self.options.trust_pages
            if not is_open:
                self._confine(server)
            return Had(server, offer, is_own=is_own, is_open=is_open)
        if offer.compiler is not None:
            return Had(offer.compiler(), offer, offer.problem)
        raise TargetError(offer.problem)

    @staticmethod
    def _check(request: Request, server: Server) -> None:
        """Raise TargetError for a server of another version than was asked for."""
        try:
            request.check(server.identity)
        except TargetError:
            server.close()
            raise

    def _confine(self, server: Server) -> None:
        """Have pages run with rights on the run's own databases only. Raises TargetError."""
        try:
            server.confine(self._lifetime.name)
        except TargetError:
            server.close()
            raise

    def _as_given(self, offer: Offer, server: Server) -> Server:
        """The server, with the database that was given, if one was. Raises TargetError."""
        name = self.options.database
        if not name:
            return server
        try:
            if offer.source != "external":
                raise TargetError(
                    f"--database {name} is for an external server, and this is one of the run's "
                    "own; remove the option"
                )
            return GivenDatabase(server, name)
        except TargetError:
            server.close()
            raise

    def bench(self, target: str) -> Bench:
        """What programs on a target run on. Raises TargetError."""
        had = self.had(target)
        with self._lock_of(target):
            if target not in self._benches:
                self._benches[target] = bench = Bench(
                    requests.parse(target).target,
                    had.server,
                    self.config,
                    self.project,
                    self._lifetime.name,
                    self._new_folder(target),
                    self.options.update,
                    self.options.keep_db,
                    self.options.keep_going,
                    self.options.shell,
                    compiling=bool(had.no_server),
                )
                bench.is_open = had.is_open
                if had.is_own:
                    bench.another = lambda: self._another(target, had)
            return self._benches[target]

    def _another(self, target: str, had: Had) -> Server:
        """Another server of our own in place of one that a program changed."""
        assert had.offer.start is not None
        had.server = had.offer.start(self._new_folder(f"{target}-server"))
        return had.server

    def inside(self, target: str) -> InsideBench:
        """What runs programs on a target inside this process. Raises TargetError."""
        from crossnotes.run.inside import InsideBench

        if target not in self._inside:
            had = self.had(target)
            self._inside[target] = InsideBench(
                requests.parse(target).target,
                had.server,
                self.config,
                self.project,
                f"{self._lifetime.name}_inside",
                self._new_folder(f"{target}-inside"),
                compiling=bool(had.no_server),
            )
            self._inside[target].is_open = had.is_open
        return self._inside[target]

    def share(self, target: str) -> Mapping[str, str]:
        """Start a server of our own, and say how other processes find it; nothing where each of
        them finds or has its own. Raises TargetError."""
        share = requests.parse(target).target.share
        if share is None or self.look(target).source == "external":
            return {}
        had = self.had(target)
        return {} if had.no_server else share(had.server)

    def _new_folder(self, name: str) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        folder.chmod(0o755)
        return folder

    def interrupt(self) -> None:
        """End what runs now; for another thread, when the person has had enough."""
        for bench in list(self._benches.values()):
            bench.interrupt()

    def inside_benches(self) -> list[InsideBench]:
        return list(self._inside.values())

    def close(self) -> None:
        """End what was started, drop what was made, and leave external servers as they were."""
        benches: list[Bench] = [*self._inside.values(), *self._benches.values()]
        for bench in benches:
            bench.close()
        left = any(bench.databases.lost for bench in benches)
        for had in self._had.values():
            if had.offer.source == "external":
                left = not self._released(had.server) or left
            had.server.close()
        if not self.options.keep_db:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lifetime.end(left)

    def _released(self, server: Server) -> bool:
        """Whether nothing of this run is left on an external server."""
        try:
            if not self.options.keep_db:
                drop_all(server, self._lifetime.name)
        except TargetError:
            return False
        return True


@contextmanager
def opened(benches: Benches) -> Iterator[Benches]:
    """Close them in the end."""
    try:
        yield benches
    finally:
        benches.close()


def from_here() -> Mapping[str, str]:
    """Where external servers are named unless a person says otherwise: the environment."""
    return dict(os.environ)


def versions_of(target: Target) -> dict[str, str]:
    """Versions of what stands between a program and its server."""
    names = {"django": "Django"}
    if target.driver:
        names[target.driver] = target.driver
    if target.engine == "django_tidb":
        names["django-tidb"] = "django-tidb"
    found = {"python": platform.python_version()}
    for name, distribution in names.items():
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
