"""What a block prints, in the order of printing: by Python, by C code, and by child processes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import ClassVar

#: Characters one block may print; more is a mistake in the page, and would fill the ledger.
OUTPUT_LIMIT = 1_000_000


class OutputTooLargeError(Exception):
    """A block printed more than OUTPUT_LIMIT characters."""

    # Its author knows no module of ours.
    __module__ = "builtins"


class _Stream(io.TextIOWrapper):
    """Descriptor 1 or 2 as Python's own streams are, so that lines of Python, of C and of child
    processes stay in order."""

    def __init__(self, descriptor: int, errors: str) -> None:
        raw = io.FileIO(descriptor, "w", closefd=False)
        buffer = io.BufferedWriter(raw)
        super().__init__(buffer, "utf-8", errors, line_buffering=True, write_through=True)

    def write(self, text: str) -> int:
        Capture.current.count(text)
        return super().write(text)


class _Errors(_Stream):
    """Descriptor 2, which remembers what of all that is printed was written here."""

    def write(self, text: str) -> int:
        capture = Capture.current
        capture.flush()
        begin = _place()
        written = super().write(text)
        self.flush()
        capture.errors.append((begin, _place()))
        return written


def _place() -> int:
    """How much was printed so far, or 0 where the block leads descriptor 2 elsewhere."""
    try:
        return os.lseek(2, 0, os.SEEK_CUR)
    except OSError:
        return 0


def _is_usable(stream: object) -> bool:
    """Whether no block has closed or detached a stream."""
    try:
        return not getattr(stream, "closed", False)
    except ValueError:
        return False


class Capture:
    """What is printed on descriptors 1 and 2, both of which are the file `printed`.

    The run has made that file, and reads it where this process has died amid a block. Blocks find
    Python's streams as the blocks before have left them.
    """

    #: The one that hears what this process prints.
    current: ClassVar[Capture]

    def __init__(self, printed: int) -> None:
        self._file = printed
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        self._left = OUTPUT_LIMIT
        #: The number of the block that is heard now, and whether one is.
        self.blocks, self.is_listening = 0, False
        #: What a process said that could not find what the block defines.
        self.lost = ""
        #: The spans of the file that were written to standard error by Python.
        self.errors: list[tuple[int, int]] = []
        self._text, self._output = "", ""
        self._stdout: io.TextIOWrapper = _Stream(1, "strict")
        self._stderr: io.TextIOWrapper = _Errors(2, "backslashreplace")
        sys.stdout, sys.stderr = self._stdout, self._stderr
        Capture.current = self

    def begin(self) -> None:
        """Begin to hear a block."""
        self.blocks += 1
        self.lost, self.is_listening = "", True
        self._left = OUTPUT_LIMIT
        self._text, self._output = "", ""
        self.errors.clear()
        if not _is_usable(self._stdout):
            self._stdout = _Stream(1, "strict")
        if not _is_usable(self._stderr):
            self._stderr = _Errors(2, "backslashreplace")
        if not _is_usable(sys.stdout):
            sys.stdout = self._stdout
        if not _is_usable(sys.stderr):
            sys.stderr = self._stderr

    def count(self, text: str) -> None:
        """Note that a text is about to be printed. Raises OutputTooLargeError."""
        self._left -= len(text)
        if self._left < 0:
            raise OutputTooLargeError(f"printed more than {OUTPUT_LIMIT:,} characters")

    def flush(self) -> None:
        for stream in (self._stdout, self._stderr):
            with contextlib.suppress(ValueError):  # the block may have closed it
                stream.flush()

    def take(self) -> str:
        """What was printed since the last `take`, or since `begin`."""
        self.flush()
        if not os.fstat(self._file).st_size:
            return ""
        printed = os.pread(self._file, OUTPUT_LIMIT, 0)
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        text = printed.decode(errors="replace")
        self._text += text
        self._output += self._without_errors(printed) if self.errors else text
        self.errors.clear()
        return text

    def _without_errors(self, printed: bytes) -> str:
        kept, at = b"", 0
        for begin, end in self.errors:
            kept += printed[at:begin]
            at = max(at, end)
        return (kept + printed[at:]).decode(errors="replace")

    def so_far(self) -> str:
        """What was printed since the last `take`, which is left for it; for another thread."""
        return os.pread(self._file, OUTPUT_LIMIT, 0).decode(errors="replace")

    def end(self) -> str:
        """All that was printed since `begin`."""
        self.is_listening = False
        self.take()
        return self._text

    def output(self) -> str:
        """What of that was not written to standard error by Python."""
        return self._output
