"""The servers of a process that runs one program after another, such as a pytest session."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes.config import Config
from crossnotes.run.project import Project
from crossnotes.run.registration import PREFIX, Lifetime
from crossnotes.run.supervisor import Supervisor
from crossnotes.targets import Server, TargetError, every_target

if TYPE_CHECKING:
    from crossnotes.run.inside import InsideSupervisor

#: Variables that name an external server, by target; and why others cannot be had.
Environments = Mapping[str, Mapping[str, str]]
Problems = Mapping[str, str]


class Servers:
    """Each target is had when it is first asked for, and kept until `close`.

    `environments` names servers that another process of the same run has started for all, and
    `problems` says what it could not start.
    """

    def __init__(
        self,
        config: Config,
        project: Project | None,
        environments: Environments | None = None,
        problems: Problems | None = None,
    ) -> None:
        self.config = config
        self.project = project
        self.environments = environments or {}
        self._servers: dict[str, Server] = {}
        self._problems = dict(problems or {})
        self._supervisors: dict[str, Supervisor] = {}
        self._inside: dict[str, InsideSupervisor] = {}
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self._lifetime = Lifetime(Path(self._folder.name))
        # Servers that drop root's rights have to reach their own folder in it.
        Path(self._folder.name).chmod(0o755)

    def supervisor(self, target: str) -> Supervisor:
        """Runs programs on a target in processes of their own. Raises TargetError."""
        if target not in self._supervisors:
            self._supervisors[target] = Supervisor(
                every_target()[target],
                self.server(target),
                self.config,
                self.project,
                self._lifetime.name,
                self._new_folder(target),
            )
        return self._supervisors[target]

    def inside(self, target: str) -> InsideSupervisor:
        """Runs programs on a target inside this process. Raises TargetError."""
        from crossnotes.run.inside import InsideSupervisor

        if target not in self._inside:
            self._inside[target] = InsideSupervisor(
                every_target()[target],
                self.server(target),
                self.config,
                self.project,
                f"{self._lifetime.name}_inside",
                self._new_folder(f"{target}-inside"),
            )
        return self._inside[target]

    def server(self, target: str) -> Server:
        """The server of a target. Raises TargetError, each time for the same reason."""
        if target in self._problems:
            raise TargetError(self._problems[target])
        if target not in self._servers:
            try:
                self._servers[target] = self._had(target)
            except TargetError as error:
                self._problems[target] = str(error)
                raise
        return self._servers[target]

    def _had(self, target: str) -> Server:
        environment = {**os.environ, **self.environments.get(target, {})}
        offer = every_target()[target].look(environment)
        if offer.start is None:
            raise TargetError(offer.problem)
        server = offer.start(self._new_folder(f"{target}-server"))
        self._lifetime.uses(every_target()[target], offer, server)
        return server

    def _new_folder(self, name: str) -> Path:
        folder = Path(self._folder.name, name)
        folder.mkdir()
        return folder

    def share(self, target: str) -> Mapping[str, str]:
        """Start a server of our own, and say how other processes find it; nothing where each of
        them finds or has its own. Raises TargetError."""
        share = every_target()[target].share
        if share is None or every_target()[target].look(os.environ).source == "external":
            return {}
        return share(self.server(target))

    def after_debugger(self) -> None:
        """A debugger that a block inside this process called has given the output back."""
        for supervisor in self._inside.values():
            supervisor.interpreter.printed.go_on()
            # A debugger handles signals in its own way.
            supervisor.interpreter.surroundings.remember()

    def close(self) -> None:
        """End what was started, drop what was made, and leave external servers as they were."""
        supervisors = (*self._inside.values(), *self._supervisors.values())
        for supervisor in supervisors:
            supervisor.close()
        for server in self._servers.values():
            server.close()
        self._folder.cleanup()
        self._lifetime.end(left=any(supervisor.lost for supervisor in supervisors))
