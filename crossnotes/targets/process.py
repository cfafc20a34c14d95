"""A server process of our own: on a loopback port, in a folder that goes with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crossnotes.targets import TargetError, keeper

#: Seconds in which a server has to answer. A loaded CI machine is slow.
START_TIMEOUT = 90.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A server under a keeper, so that it ends with the run whatever happens to the run."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self.name = Path(command[0]).name
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(keeper.__file__), str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

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

    def ended(self) -> bool:
        """Whether the server ended by itself."""
        assert self._keeper.stdout is not None
        os.set_blocking(self._keeper.stdout.fileno(), False)
        return bool(self._keeper.stdout.read()) or self._keeper.poll() is not None

    def last_words(self) -> str:
        """The last lines that the server wrote."""
        try:
            text = (self.folder / "output.log").read_text(errors="replace")
        except OSError:
            return "it left no log"
        return " / ".join(text.strip().splitlines()[-3:]) or "it wrote nothing"

    def stop(self) -> None:
        """End the server and remove its folder."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        if not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()
