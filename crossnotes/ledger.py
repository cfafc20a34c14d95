"""Ledger: the Results of one target in one JSON file. The only reader and writer of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossnotes import files
from crossnotes.result import Result
from crossnotes.targets import Identity

SCHEMA = 1


class LedgerError(Exception):
    """A file that is not a ledger; its message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one target was seen to do. `finished` is in UTC, `versions` maps django, the driver
    and python to their versions."""

    target: str
    finished: datetime
    server: Identity
    versions: Mapping[str, str]
    results: tuple[Result, ...]

    def merged_into(self, earlier: Ledger | None, whole_pages: Collection[str]) -> Ledger:
        """This run's Results beside the earlier ones: of pages that are not in `whole_pages`, as
        far as this run has no Result for the same block. Results of another server or driver
        version do not stand beside ours and are left behind."""
        if earlier is None or (earlier.server, earlier.versions) != (self.server, self.versions):
            return self
        ours = {(result.page, result.index) for result in self.results}
        kept = [
            result
            for result in earlier.results
            if result.page not in whole_pages and (result.page, result.index) not in ours
        ]
        return dataclasses.replace(self, results=in_page_order((*kept, *self.results)))


def in_page_order(results: Iterable[Result]) -> tuple[Result, ...]:
    return tuple(sorted(results, key=lambda result: (result.page, result.index)))


def one_per_snippet(results: Iterable[Result]) -> tuple[Result, ...]:
    """A block that several programs read has one Result: the worst, else the first."""
    rank = {"failed": 2, "passed": 1, "excused": 0}
    found: dict[tuple[str, int], Result] = {}
    for result in results:
        key = (result.page, result.index)
        other = found.get(key)
        if other is None or rank[result.status] > rank[other.status]:
            found[key] = result
    return in_page_order(found.values())


def path_of(folder: Path, target: str) -> Path:
    return folder / f"{target}.json"


def write(ledger: Ledger, path: Path) -> None:
    """Replace the file at once, so that a killed run leaves the old ledger or the new one."""
    files.write(path, lines_of(ledger))


def lines_of(ledger: Ledger) -> Iterator[str]:
    """The ledger as JSON, a line a Result, so that a diff of two ledgers can be read."""
    head = {
        "schema": SCHEMA,
        "target": ledger.target,
        "finished": ledger.finished.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "server": {"version": ledger.server.version, "tidb_version": ledger.server.tidb_version},
        "versions": dict(ledger.versions),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "results": ['
    before = "\n"
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for result in ledger.results:
        yield before + encode({name: getattr(result, name) for name in FIELDS})
        before = ",\n"
    yield "\n]}\n"


_NOT_KEPT = ("failure", "parts")
#: The fields of a Result that outlast the run, in the order of design.md.
FIELDS = tuple(field.name for field in dataclasses.fields(Result) if field.name not in _NOT_KEPT)


def read(path: Path) -> Ledger:
    """Raises LedgerError for a file that is not a ledger of a schema that we know."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise LedgerError(f"{path}: schema {document['schema']!r}; this version knows {SCHEMA}")
        return Ledger(
            document["target"],
            datetime.strptime(document["finished"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
            Identity(document["server"]["version"], document["server"]["tidb_version"]),
            document["versions"],
            tuple(_result(entry) for entry in document["results"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{path}: not a ledger ({type(error).__name__}: {error}); remove it and run "
            "`make snippet-test` again"
        ) from error


def _result(entry: Mapping[str, Any]) -> Result:
    fields = {name: entry[name] for name in FIELDS}
    return Result(**fields | {"tab": tuple(fields["tab"])})


def read_if_there(path: Path) -> Ledger | None:
    """The ledger at `path`, or None where there is none or it cannot be used any more."""
    try:
        return read(path) if path.exists() else None
    except LedgerError:
        return None


def read_all(folder: Path) -> list[Ledger]:
    """Every ledger of a folder, by target. Raises LedgerError."""
    return [read(path) for path in sorted(folder.glob("*.json"))]


def row_of(result: Result) -> list[Any]:
    """What outlasts a run of a Result, as a list."""
    return [getattr(result, name) for name in FIELDS]


def from_row(row: Iterable[Any]) -> Result:
    """The Result of such a list; JSON makes lists of tuples."""
    fields = dict(zip(FIELDS, row, strict=True))
    return Result(**fields | {"tab": tuple(fields["tab"])})
