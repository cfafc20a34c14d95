"""What the processes of a program really ran and opened: the proof behind a listing.

coverage.py counts statements, in every Python process of the program that loads a file which is
shown; an audit hook notes what of these is opened.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes.page import Listing

if TYPE_CHECKING:
    import coverage

_SITECUSTOMIZE = '''\
"""Loaded by every Python process of a traced program."""
import os
import sys

_wanted = frozenset(os.environ["CROSSNOTES_TRACED_FILES"].split(os.pathsep))
_names = frozenset(map(os.path.basename, _wanted))
_log = os.environ["CROSSNOTES_TRACE_LOG"]
_counts = False


def _note(event, args, open_=os.open, write=os.write, close=os.close, path=os.path):
    if event != "open" or not isinstance(args[0], (str, bytes)):
        return
    name = os.fsdecode(args[0])
    if path.basename(name) in _names or path.islink(name):
        name = path.realpath(name)
        if name in _wanted:
            descriptor = open_(_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            write(descriptor, name.encode() + b"\\n")
            close(descriptor)
            if name.endswith(".py"):
                _count()


def _count():
    # Not before: most processes, such as pip's, load nothing that is shown, and coverage.py would
    # look at each call of theirs.
    global _counts
    if _counts:
        return
    _counts = True
    try:
        import coverage
    except ImportError:
        return
    # Where processes find it, coverage.py's own file in site-packages would begin with each.
    os.environ["COVERAGE_PROCESS_START"] = os.environ["CROSSNOTES_TRACE_CONFIG"]
    coverage.process_startup()
    del os.environ["COVERAGE_PROCESS_START"]


sys.addaudithook(_note)
'''

_COVERAGERC = """\
[run]
parallel = true
sigterm = true
data_file = {data}
include =
    {files}
disable_warnings = no-data-collected, module-not-measured, module-not-imported
"""


class Trace:
    """The record of one program, kept in `folder`, of the `files` that its listings show."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self.folder = folder
        self.files = sorted({str(path.resolve()) for path in files})
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE)
        rc = _COVERAGERC.format(data=folder / "data", files="\n    ".join(self.files))
        (folder / "coveragerc").write_text(rc)
        self._opened: frozenset[str] | None = None
        self._coverage: coverage.Coverage | None = None

    def environment(self) -> dict[str, str]:
        """The variables that make a Python process take part."""
        return {
            "PYTHONPATH": str(self.folder),
            "CROSSNOTES_TRACE_CONFIG": str(self.folder / "coveragerc"),
            "CROSSNOTES_TRACE_LOG": str(self.folder / "opened"),
            "CROSSNOTES_TRACED_FILES": os.pathsep.join(self.files),
        }

    def finish(self) -> None:
        """Put together what the processes left. Call it when they have all ended."""
        # Only here: importing it takes longer than most pages take to run.
        import coverage

        log = self.folder / "opened"
        self._opened = frozenset(log.read_text().splitlines()) if log.exists() else frozenset()
        self._coverage = coverage.Coverage(
            data_file=str(self.folder / "combined"), config_file=str(self.folder / "coveragerc")
        )
        data = [str(path) for path in self.folder.glob("data.*")]
        self._coverage.combine(data, strict=False, keep=True)

    def not_run(self, listing: Listing, path: Path) -> list[str]:
        """What of the listing, which stands in the working copy at `path`, did not run: lines
        such as `trading.py:31: raise NotEnoughGoods(…)`. Empty when it is proved."""
        assert self._opened is not None, "finish() first"
        opened = str(path.resolve()) in self._opened
        if path.suffix != ".py":
            return [] if opened else [f"{path.name} was not opened by this page's program"]
        if not opened:
            return [f"{path.name} was not loaded by this page's program"]
        source = path.read_text(encoding="utf-8")
        spans = dict(_spans(source))
        wanted = _wholly_inside(spans, listing.lines) - _excused(source, listing.elsewhere)
        assert self._coverage is not None
        _, statements, _, missing, _ = self._coverage.analysis2(str(path.resolve()))
        lines = source.splitlines()
        return [
            f"{path.name}:{number}: {lines[number - 1].strip()}"
            for number in sorted(wanted & set(statements) & set(missing))
        ]


def _spans(source: str) -> Iterator[tuple[int, int]]:
    """First and last line of each statement; of a compound one, of its header."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        end = node.end_lineno or node.lineno
        if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
            end = max(node.lineno, body[0].lineno - 1)
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        yield first, end
        if first != node.lineno:
            yield node.lineno, end


def _wholly_inside(spans: Mapping[int, int], lines: Sequence[int]) -> set[int]:
    shown = set(lines)
    return {first for first, last in spans.items() if shown.issuperset(range(first, last + 1))}


def _excused(source: str, elsewhere: Mapping[str, str]) -> set[int]:
    lines = source.splitlines()
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and lines[node.lineno - 1].strip() in elsewhere:
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found
