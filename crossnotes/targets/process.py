"""A server process of our own: on a loopback port, in a folder that goes with it."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

from crossnotes import ranges
from crossnotes.targets import Kind, Offer, Server, TargetError, Where, keeper, series

#: Seconds in which a server has to answer. A loaded CI machine is slow.
START_TIMEOUT = 90.0

#: Where Debian has servers, which an ordinary user's PATH leaves out.
_SYSTEM = ("/usr/sbin", "/usr/local/sbin")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        # As servers do it: a connection of before that is not yet forgotten is nobody.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


#: How servers say that somebody has their port.
_PORT_TAKEN = ("ddress already in use", "could not create any TCP/IP sockets")


def on_a_free_port(start: Callable[[int, Path], Server], folder: Path) -> Server:
    """What `start` returns, which is given a port and the folder; called again where somebody took
    the port between our look and the server's."""
    for _attempt in range(2):
        port = free_port()
        try:
            return start(port, folder)
        except TargetError as error:
            # Who has taken it may be gone again, such as a client whose own end it was.
            if not is_taken(port) and not any(words in str(error) for words in _PORT_TAKEN):
                raise
        folder.mkdir(exist_ok=True)
    return start(free_port(), folder)


def from_binary(path: str, start: Callable[[int, Path], Server]) -> Offer:
    """A server that a program of this machine starts on a free port."""
    return Offer("binary", path, start=lambda folder: on_a_free_port(start, folder))


def program(name: str, environment: Mapping[str, str]) -> str:
    """The path of a server's program on PATH or where a system has them, or ""."""
    path = os.pathsep.join([environment.get("PATH", os.defpath), *_SYSTEM])
    return shutil.which(name, path=path) or ""


def named_programs(variable: str, environment: Mapping[str, str]) -> list[str]:
    """The programs that a variable names by path, with a colon between two of them. Raises
    TargetError for one that is not there."""
    found = []
    for named in filter(None, environment.get(variable, "").split(os.pathsep)):
        path = shutil.which(named)
        if path is None:
            raise TargetError(f"{variable} names {named}, which cannot be run")
        found.append(path)
    return found


def of_series(paths: Sequence[str], wanted: str, numbers: int) -> str:
    """The first of several programs whose `--version` is of a series, or ""; without a series the
    first of all. `numbers` is how many numbers of a version name a series."""
    if not wanted:
        return next(iter(paths), "")
    return next((path for path in paths if series(says(path), numbers) == wanted), "")


@cache
def says(path: str) -> ranges.Version:
    """The version that a server's program says that it is of; empty where it says none."""
    try:
        # MariaDB and MySQL read no file of options; the others have none to read.
        done = subprocess.run(
            [path, *_VERSION.get(Path(path).name, ("--version",))],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, **libraries(path)},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"\d+\.\d+[\d.]*", (done.stdout + done.stderr).replace(path, ""))
    return ranges.version(found[0]) if found else ()


_VERSION = {
    "mysqld": ("--no-defaults", "--version"),
    "mariadbd": ("--no-defaults", "--version"),
    "tidb-server": ("-V",),
}


def libraries(path: str) -> dict[str, str]:
    """An unpacked archive has libraries beside its programs, which the system does not know."""
    folder = Path(path).resolve().parents[1] / "lib"
    return {"LD_LIBRARY_PATH": str(folder)} if any(folder.glob("lib*ssl.so*")) else {}


def where_of(process: Started | None) -> Where:
    """How a server was had that `process` runs; an external one has none."""
    return Where(process.kind if process is not None else "external")


def unprivileged(*names: str) -> str:
    """Whom a server runs as, of `names` or nobody, where we are root, which servers refuse to be;
    "" where we are not."""
    if os.geteuid() != 0:
        return ""
    for name in (*names, "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise TargetError(f"a server does not run as root, and there is no user {' or '.join(names)}")


def private_file(path: Path, text: str, user: str) -> Path:
    """A file that only the server's user can read, such as one with a password."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    if user:
        shutil.chown(path, user)
    return path


def private_folder(path: Path, user: str) -> Path:
    """An empty folder that only the server's user can enter."""
    path.mkdir(mode=0o700)
    if user:
        shutil.chown(path, user)
    return path


def refusal(connect: Callable[[], AbstractContextManager[Any]]) -> str:
    """Why a server does not let us in; "" where it does."""
    try:
        with connect():
            return ""
    except TargetError as error:
        return str(error)


class Started(ABC):
    """A server that this run started, in whatever way."""

    name: str
    kind: Kind

    def wait_until(self, answers: Callable[[], str]) -> None:
        """Wait until `answers` returns "", calling it again while it returns what went wrong.

        Raises TargetError when the server ends or takes too long, with the end of its log.
        """
        deadline = time.monotonic() + START_TIMEOUT
        while problem := answers():
            if self.ended():
                words = self.last_words()
                self.stop()
                raise TargetError(f"{self.name} ended at its start: {words}")
            if time.monotonic() > deadline:
                words = self.last_words()
                self.stop()
                raise TargetError(f"{self.name} did not answer ({problem}): {words}")
            time.sleep(0.05)

    @abstractmethod
    def ended(self) -> bool:
        """Whether the server ended by itself."""

    def last_words(self) -> str:
        """The first lines in which the server tells of an error, the cause of others; else its
        last."""
        lines = self.log().strip().splitlines()
        errors = [line for line in lines if any(word in line for word in _ERRORS)]
        return " / ".join(errors[:3] or lines[-3:]) or "it wrote nothing"

    @abstractmethod
    def log(self) -> str:
        """All that the server wrote."""

    @abstractmethod
    def stop(self) -> None:
        """End the server and remove what it had."""


class ServerProcess(Started):
    """A server under a keeper, so that it ends with the run whatever happens to the run.

    `before` are commands that make its data, `user` is whom they and the server run as where that
    is another, `stop` the signal that ends the server.
    """

    kind: Kind = "started"

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        before: Sequence[Sequence[str]] = (),
        user: str = "",
        stop: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.name = Path(command[0]).name
        specification = {"commands": [*before, command], "user": user, "stop": stop}
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(folder), json.dumps(specification)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    def ended(self) -> bool:
        assert self._keeper.stdout is not None
        os.set_blocking(self._keeper.stdout.fileno(), False)
        return bool(self._keeper.stdout.read()) or self._keeper.poll() is not None

    def log(self) -> str:
        try:
            return (self.folder / "output.log").read_text(errors="replace")
        except OSError:
            return "it left no log"

    def stop(self) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        if not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()


#: How servers mark the lines that say why they ended.
_ERRORS = ("[ERROR]", "[FATAL]", "FATAL:", "FATAL ERROR:", "PANIC:", "No space left on device")
