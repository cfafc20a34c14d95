"""Results of an earlier run that still hold, so that their pages need no running again.

They hold while nothing changed that could change them: the page and all that it takes in, the
Django project, the settings, crossnotes itself, and the versions of Django, driver and server. A
page with a failure is never taken from here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from crossnotes import files, folders
from crossnotes.ledger import from_row, row_of
from crossnotes.page import Page
from crossnotes.result import Result, is_not_reached


@cache
def own_digest() -> str:
    """Changes when crossnotes itself does; as of when the process first asked."""
    package = Path(__file__).parents[1]
    stamps = (
        f"{path.relative_to(package)} {stat.st_mtime_ns} {stat.st_size}"
        for path in sorted(package.rglob("*.py"))
        for stat in [path.stat()]
    )
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()


class Reuse:
    """The kept results of one target, for one combination of all that they depend on."""

    def __init__(self, target: str, depends_on: Mapping[str, Any]) -> None:
        text = json.dumps([target, depends_on], sort_keys=True, default=str)
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        self.path = folders.cache() / f"results-{key}.json"
        self.pages: dict[str, Any] = _read(self.path)
        self._changed: dict[str, Any] = {}

    def known(self, page: Path) -> list[Result] | None:
        """The Results of a page that did not change, or None."""
        entry = self.pages.get(str(page))
        try:
            if entry is None or any(_digest(name) != was for name, was in entry["files"].items()):
                return None
            return [from_row(row) for row in entry["results"]]
        except (AttributeError, KeyError, TypeError, ValueError):
            return None  # of another shape: the page is run

    def remember(self, path: Path, page: Page, results: Sequence[Result]) -> None:
        """Keep the Results of a page, unless something on it failed."""
        bad = any(r.status == "failed" or is_not_reached(r) for r in results)
        if bad or page.problems or not results:
            self._changed[str(path)] = None
            return
        files = {str(file): _digest(str(file)) for file in (path, *page.files)}
        rows = [row_of(result) for result in results]
        self._changed[str(path)] = {"files": files, "results": rows}

    def save(self) -> None:
        """Write what was remembered. A folder that cannot be written to costs time only."""
        if not self._changed:
            return
        # Another process of the same run may have written meanwhile.
        pages = {**_read(self.path), **self._changed}
        with contextlib.suppress(OSError):
            files.write(self.path, _lines(pages))


def _lines(pages: Mapping[str, Any]) -> Iterable[str]:
    for name, entry in pages.items():
        if entry is not None:
            yield json.dumps([name, entry]) + "\n"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            return dict(json.loads(line) for line in file)
    except (OSError, TypeError, ValueError):
        return {}


def _digest(name: str) -> str:
    try:
        with open(name, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
