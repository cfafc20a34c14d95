"""Runs one server and outlives the run by a moment: `python keeper.py FOLDER SPECIFICATION`.

The specification is JSON: `commands`, of which the last is the server and the others make its
data; `user`, whom they run as; and `stop`, the signal that ends the server.

When the run ends in whatever way, a SIGKILL included, its end of our standard input closes; we end
the server then, and remove its folder. Only the standard library is used, by its path, so that a
keeper starts fast and needs nothing of the project.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from typing import Any, BinaryIO

#: Seconds a server has to end by itself.
PATIENCE = 10

#: What a background job, or one under nohup, begins with ignored, and would hand on to a server.
SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)


class Keeper:
    """One command after the other, until one fails, the last has ended, or `end` is called."""

    def __init__(self, folder: str, specification: dict[str, Any]) -> None:
        self.folder = folder
        self.commands = specification["commands"]
        self.user = specification["user"]
        self.stop = specification["stop"]
        self.process: subprocess.Popen[bytes] | None = None
        self.is_server = False
        self.over = False
        self.lock = threading.Lock()

    def run(self, log: BinaryIO) -> int:
        """The exit status of the last command that ran."""
        status = 0
        for number, command in enumerate(self.commands, 1):
            with self.lock:
                if self.over:
                    break
                self.is_server = number == len(self.commands)
                # A group of its own: a Ctrl-C of the run does not reach it before we do, and what
                # a script has started ends with the script.
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    process_group=0,
                    **self._rights(),
                )
            status = self.process.wait()
            if status:
                break
        return status

    def _rights(self) -> dict[str, Any]:
        if not self.user:
            return {}
        import pwd

        group = pwd.getpwnam(self.user).pw_gid
        return {"user": self.user, "group": group, "extra_groups": []}

    def end(self) -> None:
        """End what runs, and start nothing more."""
        with self.lock:
            self.over = True
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.is_server:
                self.process.send_signal(self.stop)
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def main() -> int:
    folder, specification = sys.argv[1:3]
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    keeper = Keeper(folder, json.loads(specification))
    threading.Thread(target=_report, args=(keeper,), daemon=True).start()
    sys.stdin.buffer.read()
    keeper.end()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _report(keeper: Keeper) -> None:
    """Tell the run that the server ended by itself."""
    with open(os.path.join(keeper.folder, "output.log"), "ab") as log:
        try:
            status = keeper.run(log)
        except OSError as error:
            log.write(f"{error}\n".encode())
            status = 127
    print(status, flush=True)


if __name__ == "__main__":
    sys.exit(main())
