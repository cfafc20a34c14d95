"""Servers in containers: the last that is looked for, where Docker runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from crossnotes.targets import Kind, Offer, Server
from crossnotes.targets.process import Started

#: Seconds in which Docker has to answer. One that is there answers at once.
TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Image:
    """An image with its tag, the port of its server, and what it takes to start it."""

    name: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    #: A folder of this machine that the server finds under the same path, to read.
    folder: Path | None = None


class Container(Started):
    """A running container, whose port is open to this machine alone. testcontainers has a keeper
    of its own (Ryuk), which removes it if the run is killed."""

    kind: Kind = "container"

    def __init__(self, image: Image) -> None:
        from testcontainers.core.container import DockerContainer

        self.name = image.name
        self._container = DockerContainer(image.name).with_envs(**image.environment)
        # docker takes an address alone, which testcontainers does not know.
        self._container.ports[str(image.port)] = ("127.0.0.1",)  # type: ignore[assignment]
        if image.command:
            self._container.with_command(list(image.command))
        if image.folder is not None:
            self._container.with_volume_mapping(str(image.folder), str(image.folder), "ro")
        self._container.start()
        self.port = int(self._container.get_exposed_port(image.port))

    def ended(self) -> bool:
        return str(self._container.status) in ("exited", "dead")

    def log(self) -> str:
        return b"\n".join(self._container.get_logs()).decode(errors="replace")

    def stop(self) -> None:
        self._container.stop()


def offer(image: str, start: Callable[[Path], Server]) -> Offer | None:
    """A server in a container, or None where no Docker runs; `no_engine` says why."""
    return None if no_engine() else Offer("docker", image, start=start)


@cache
def no_engine() -> str:
    """Why no container can be run; "" where it can."""
    try:
        import docker
        import testcontainers.core.container
    except ImportError as error:
        return f"{error.name} is not installed: pip install 'crossnotes[servers]'"
    del testcontainers
    try:
        with contextlib.closing(docker.from_env(timeout=TIMEOUT)) as client:
            client.ping()
    except docker.errors.DockerException:
        return "no Docker runs on this machine"
    return ""
