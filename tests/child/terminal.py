"""What a terminal shows of a session with Python: typed into a real one."""

import os
import pty
import re
import select
import sys
from collections.abc import Sequence

#: Seconds that Python may take to answer.
LIMIT = 20.0


def transcript(typed: Sequence[str]) -> str:
    """The session, as a person would copy it: prompts, what is typed there, and what comes."""
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    environment |= {"PYTHON_BASIC_REPL": "1", "PYTHON_COLORS": "0"}
    process, terminal = pty.fork()
    if not process:
        os.execve(sys.executable, [sys.executable, "-i", "-q", "-I"], environment)
    try:
        shown = _until_prompt(terminal)
        for line in typed:
            os.write(terminal, f"{line}\n".encode())
            shown += _until_prompt(terminal)
    finally:
        os.close(terminal)
        os.kill(process, 9)
        os.waitpid(process, 0)
    text = shown.replace("\r\n", "\n")
    return re.sub(r"\x1b\[\?2004[hl]\r?", "", text).removesuffix(">>> ").rstrip("\n")


def _until_prompt(terminal: int) -> str:
    data = b""
    while not data.endswith((b">>> ", b"... ")):
        readable, _, _ = select.select([terminal], [], [], LIMIT)
        assert readable, f"Python shows no prompt: {data!r}"
        data += os.read(terminal, 1 << 16)
    return data.decode()
