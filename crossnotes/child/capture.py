"""What a block prints, in the order of printing: by Python, by C code, and by child processes."""

from __future__ import annotations

import contextlib
import io
import os
import sys

#: Characters one block may print; more is a mistake in the page, and would fill the ledger.
OUTPUT_LIMIT = 1_000_000


class OutputTooLargeError(Exception):
    """A block printed more than OUTPUT_LIMIT characters."""


class _Printed(io.TextIOWrapper):
    """Descriptor 1 as Python's print() sees it, so that its lines and those of child processes
    stay in order."""

    def __init__(self) -> None:
        descriptor = io.FileIO(1, "w", closefd=False)
        super().__init__(io.BufferedWriter(descriptor), encoding="utf-8", line_buffering=True)
        self.left = OUTPUT_LIMIT

    def is_usable(self) -> bool:
        """Whether no block has closed or detached it."""
        try:
            return not self.closed
        except ValueError:
            return False

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise OutputTooLargeError(f"printed more than {OUTPUT_LIMIT:,} characters")
        return super().write(text)


class Capture:
    """What is printed on descriptors 1 and 2, both of which are the file `printed`.

    The run has made that file, and reads it where this process has died amid a block.
    """

    def __init__(self, printed: int) -> None:
        self._file = printed
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        self._printed = _Printed()
        self._text = ""

    def begin(self) -> None:
        self._text = ""
        if not self._printed.is_usable():
            self._printed = _Printed()
        self._printed.left = OUTPUT_LIMIT
        sys.stdout = self._printed
        sys.stderr = io.StringIO()

    def end(self) -> str:
        """All that was printed since `begin`."""
        with contextlib.suppress(ValueError):  # the block may have closed it
            self._printed.flush()
        if os.fstat(self._file).st_size:
            self._text += os.pread(self._file, OUTPUT_LIMIT, 0).decode(errors="replace")
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
        return self._text
