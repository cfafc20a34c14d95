"""Runs one server and outlives the run by a moment: `python keeper.py FOLDER COMMAND…`.

When the run ends in whatever way, a SIGKILL included, its end of our standard input closes; we end
the server then, and remove its folder. Only the standard library is used, by its path, so that a
keeper starts fast and needs nothing of the project.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

#: Seconds a server has to end by itself.
PATIENCE = 10


def main() -> int:
    folder, command = sys.argv[1], sys.argv[2:]
    # The group is ours alone, so a Ctrl-C of the run does not reach the server before we do.
    with open(os.path.join(folder, "output.log"), "ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    threading.Thread(target=_report, args=(server,), daemon=True).start()
    sys.stdin.buffer.read()
    with contextlib.suppress(ProcessLookupError):
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _report(server: subprocess.Popen[bytes]) -> None:
    """Tell the run that the server ended by itself."""
    print(server.wait(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
