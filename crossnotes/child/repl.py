"""Runs the examples of a `pycon` block as Python does at its prompt, and compares each with what
the page shows."""

from __future__ import annotations

import builtins
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crossnotes.child.protocol import Block
from crossnotes.result import BlockFailedError, Failure
from crossnotes.text import pycon

if TYPE_CHECKING:
    from crossnotes.child.blocks import Session


def run(block: Block, session: Session) -> str:
    """Run a session. What it printed that the page does not show below a prompt, where an
    `{output}` below is for that; else all that it printed.

    Raises BlockFailedError at the line of the first prompt that gives a different result.
    """
    # With an `{output}` below, an example that shows nothing may print.
    collects = block["expected"] is not None or block["update"] == "output"
    collected = []
    try:
        examples = pycon.examples(block["code"])
    except pycon.SessionError as wrong:
        line = block["line"] + wrong.offset
        raise BlockFailedError(Failure(line, str(wrong))) from wrong
    for example in examples:
        printed, error = _one(example, session)
        told = pycon.as_shown(_traceback(error, session) if error else "")
        session.capture.count(told)
        session.parts.append(pycon.as_shown(printed) + told)
        if collects and not example.shown and error is None:
            collected.append(pycon.as_shown(printed))
        elif block["update"] and (error is None or example.shows_error):
            continue
        elif not pycon.fits(example, printed, told, block["page"]):
            raise BlockFailedError(_failure(example, block, printed, error, told)) from error
    return "".join(collected if collects else session.parts)


def _one(example: pycon.Example, session: Session) -> tuple[str, BaseException | None]:
    """Run one example: what it printed, and the error that it ended with."""
    name = session.next_input(example.source)
    error = None
    try:
        # Python's prompt takes a line of nothing, and its compiler does not.
        code = session.compiled(f"{example.source if example.runs else 'pass'}\n", name, "single")
        with _numbered(example.number):
            session.execute(code)
    except BaseException as raised:
        error = raised
    return session.capture.take(), error


@contextmanager
def _numbered(number: int) -> Iterator[None]:
    """Show a value behind the number of its prompt, as IPython does."""
    if not number:
        yield
        return
    hook: Callable[[Any], None] = sys.displayhook

    def shown(value: Any) -> None:
        if value is not None:
            builtins._ = value  # type: ignore[attr-defined]
            print(f"Out[{number}]: {value!r}")

    sys.displayhook = shown
    try:
        yield
    finally:
        sys.displayhook = hook


def _traceback(error: BaseException, session: Session) -> str:
    """The traceback that Python shows, which begins with the code of the page."""
    frames = error.__traceback__
    while frames is not None and not session.is_page(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    linecache.checkcache()
    return "".join(traceback.TracebackException(type(error), error, frames).format())


def _failure(
    example: pycon.Example, block: Block, printed: str, error: BaseException | None, told: str
) -> Failure:
    from crossnotes.child.blocks import describe

    line = block["line"] + example.offset
    shown = "\n".join(example.shown)
    if error is not None and not example.shows_error:
        return Failure(line, describe(error), shown, pycon.as_shown(printed))
    typed = pycon.as_read(f">>> {example.source.strip()}").split("\n")[0][4:]
    got = pycon.as_shown(printed) + told
    return Failure(line, f"{typed} gives a different result", shown, got or "nothing")
