"""Ledger: the Results of one target in one version, in JSON. The only reader and writer of them.

There are two forms. A run writes its own (`build/ledger/sqlite.json`): all that it saw, with the
seconds. The repository keeps another (`ledger/sqlite@3.40.json`), made for review and for text
merges: one result a line, sorted, an empty line between two pages, nothing that changes from run
to run, and with each result the day on which this answer was first seen.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from crossnotes import files
from crossnotes.ranges import version as numbers_of
from crossnotes.result import Result, Status
from crossnotes.targets import Identity, Kind, Where, every_target, series

#: The schema of a run's own ledger, and of the repository's.
SCHEMA, KEPT = 1, 2


class LedgerError(Exception):
    """A file that is not a ledger; its message names the file, the line, and what is wrong."""


@dataclass(frozen=True)
class Ledger:
    """What one target was seen to do. `finished` is in UTC, `versions` maps django, the driver
    and python to their versions."""

    target: str
    finished: datetime
    server: Identity
    versions: Mapping[str, str]
    results: tuple[Result, ...]

    @property
    def series(self) -> str:
        """The server's series as its vendor counts; "" where there was no server."""
        target = every_target().get(self.target)
        return series(self.server.number, 2) if target is None else target.series(self.server)

    @property
    def name(self) -> str:
        """The target and its series, `mysql@9.7`."""
        return f"{self.target}@{self.series}" if self.series else self.target

    @cached_property
    def _by_page(self) -> Mapping[str, Mapping[int, Result]]:
        found: dict[str, dict[int, Result]] = {}
        for result in self.results:
            found.setdefault(result.page, {})[result.index] = result
        return found

    def of_page(self, page: str) -> Mapping[int, Result]:
        """The Results of a page by the index of their block."""
        return self._by_page.get(page, {})

    def merged_into(self, earlier: Ledger | None, whole_pages: Collection[str]) -> Ledger:
        """This run's Results beside the earlier ones: of pages that are not in `whole_pages`, as
        far as this run has no Result for the same block. Results of another server or driver
        version do not stand beside ours and are left behind."""
        if earlier is None or _origin(earlier) != _origin(self):
            return self
        ours = {(result.page, result.index) for result in self.results}
        kept = [
            result
            for result in earlier.results
            if result.page not in whole_pages and (result.page, result.index) not in ours
        ]
        return dataclasses.replace(self, results=in_page_order((*kept, *self.results)))


def _origin(ledger: Ledger) -> tuple[Any, ...]:
    return ledger.server, ledger.server.where, ledger.versions


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


# -- files ----------------------------------------------------------------------------------------


def path_of(folder: Path, name: str) -> Path:
    """The file of a target, or of a target in one version."""
    return folder / f"{name}.json"


def files_of(folder: Path) -> list[Path]:
    """The ledgers of a folder; what a write that was killed has left is none."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def shown(path: Path) -> str:
    """A path as a person names it: from the folder that he is in, where it is below that."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def line_of(path: Path, page: str) -> int:
    """The line of a ledger's first result of a page."""
    lines = path.read_text(encoding="utf-8").split("\n")
    quoted = _encode(page)
    return next((number for number, line in enumerate(lines, 1) if quoted in line), 1)


def write(ledger: Ledger, path: Path) -> None:
    """Replace the file at once, so that a killed run leaves the old ledger or the new one."""
    files.write(path, lines_of(ledger))


def write_kept(ledger: Ledger, path: Path) -> bool:
    """The same in the form of the repository; whether anything was to be written."""
    text = "".join(kept_lines_of(ledger))
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return False
    files.write(path, text)
    return True


def set_aside(path: Path) -> Path:
    """Keep a file that cannot be read beside the one that will replace it; where it is then."""
    kept = path.with_suffix(".broken")
    os.replace(path, kept)
    return kept


_NOT_KEPT = ("failure", "parts", "when", "answer", "on")
#: The fields of a Result that outlast the run, in the order of design.md.
FIELDS = tuple(field.name for field in dataclasses.fields(Result) if field.name not in _NOT_KEPT)

_encode = json.JSONEncoder(ensure_ascii=False).encode


def lines_of(ledger: Ledger) -> Iterator[str]:
    """A run's ledger as JSON, a line a Result, so that a diff of two ledgers can be read."""
    head = {
        "schema": SCHEMA,
        "target": ledger.target,
        "finished": ledger.finished.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "server": _server(ledger.server),
        **_where(ledger.server),
        "versions": dict(ledger.versions),
    }
    yield _encode(head)[:-1] + ', "results": ['
    before = "\n"
    for result in ledger.results:
        fields = {name: getattr(result, name) for name in FIELDS}
        yield before + _encode(fields | _answer(result))
        before = ",\n"
    yield "\n]}\n"


def kept_lines_of(ledger: Ledger) -> Iterator[str]:
    """The repository's ledger as JSON. What is empty is left out."""
    head = {
        "schema": KEPT,
        "target": ledger.target,
        **({"series": ledger.series} if ledger.series else {}),
        **_where(ledger.server),
        "server": _server(ledger.server),
        "versions": dict(ledger.versions),
    }
    yield "{" + "".join(f"{_encode(name)}: {_encode(value)},\n" for name, value in head.items())
    yield '"results": ['
    page, before, day = "", "\n", ledger.finished.date().isoformat()
    for result in ledger.results:
        # An empty line keeps the changes of two people to two pages apart.
        dated = dataclasses.replace(result, when=result.when or day)
        yield before + ("\n" if result.page != page else "") + _encode(_kept(dated))
        page, before = result.page, ",\n"
    yield "\n\n]}\n"


#: The fields of a result in the repository, as a reviewer reads them.
_KEPT_FIELDS = (
    *("page", "line", "index", "name", "language", "tab", "status", "reason", "output"),
    *("when", "code_sha256", "program_sha256"),
)


def _kept(result: Result) -> dict[str, Any]:
    found = {name: getattr(result, name) for name in _KEPT_FIELDS}
    optional = ("name", "tab", "reason", "output", "when")
    fields = {k: v for k, v in found.items() if v or k not in optional}
    at = list(fields).index("status") + 1
    items = list(fields.items())
    on = {"on": dict(result.on)} if result.on else {}
    return {**dict(items[:at]), **_answer(result), **on, **dict(items[at:])}


def _answer(result: Result) -> dict[str, str]:
    """What a block that failed really answered."""
    if result.status != "failed":
        return {}
    got = result.failure.got if result.failure else ""
    found = result.answer or got or result.output
    return {"answer": found} if found else {}


def _server(server: Identity) -> dict[str, Any]:
    return {"version": server.version, "tidb_version": server.tidb_version}


def _where(server: Identity) -> dict[str, Any]:
    return {"where": where_as_json(server.where)} if server.where.kind else {}


def where_as_json(where: Where) -> dict[str, str]:
    found = {"kind": where.kind, "store": where.store, "contract": where.contract}
    return {name: value for name, value in found.items() if value}


# -- reading --------------------------------------------------------------------------------------


def read(path: Path) -> Ledger:
    """Raises LedgerError for a file that is not a ledger of a schema that we know, with the line
    that is wrong."""
    try:
        text = path.read_bytes().decode("utf-8")
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _no_ledger(path, error.lineno, f"no JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, MemoryError) as error:
        what = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise _no_ledger(path, 1, what) from error
    try:
        return _Reading(path, text, document).ledger()
    except RecursionError as error:
        raise _no_ledger(path, 1, "nested too deep") from error


def _no_ledger(path: Path, line: int, what: str) -> LedgerError:
    return LedgerError(
        f"{shown(path)}:{line}: not a ledger: {what}; restore the file, or delete it "
        "and run `make snippet-test` again"
    )


class _Reading:
    """Makes a Ledger of a JSON document, and names the line of what does not belong there."""

    def __init__(self, path: Path, text: str, document: Any) -> None:
        self.path = path
        self.text = text
        self.document = document
        #: The place among the results of the one that is read, where one is.
        self.at: int | None = None

    def ledger(self) -> Ledger:
        found = self.document
        self.demand(isinstance(found, dict), "", "a table was expected")
        schema = found.get("schema")
        if schema not in (SCHEMA, KEPT) or isinstance(schema, bool):
            raise LedgerError(
                f"{shown(self.path)}:{self.line('schema')}: schema {schema!r}; this version knows "
                f"{SCHEMA} and {KEPT}: install a newer crossnotes, or create the file again"
            )
        target = self.text_of(found, "target")
        self.demand(
            re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", target) is not None,
            "target",
            f"{target!r} cannot be the name of a target",
        )
        server = self.server(found)
        versions = self.texts(found, "versions")
        results = tuple(self.each(self.value(found, "results", list, "a list")))
        finished = self.finished(found) if schema == SCHEMA else _last_day(results)
        ledger = Ledger(target, finished, server, versions, results)
        given = found.get("series", ledger.series)
        self.demand(
            given == ledger.series,
            "series",
            f"series {given!r}, and the server's version {server.version} is of {ledger.series}",
        )
        return ledger

    def server(self, found: Mapping[str, Any]) -> Identity:
        server = self.value(found, "server", dict, "a table")
        version = self.text_of(server, "version", "server")
        self.demand(
            not version or bool(numbers_of(version)),
            "server",
            f"the server's version {version!r} has no number",
        )
        of_tidb = server.get("tidb_version")
        if of_tidb is not None:
            of_tidb = self.text_of(server, "tidb_version", "server")
        return Identity(version, of_tidb, self.where(found))

    def where(self, found: Mapping[str, Any]) -> Where:
        if "where" not in found:
            return Where()
        where = self.value(found, "where", dict, "a table")
        kind = where.get("kind")
        known = [each for each in get_args(Kind) if each]
        self.demand(kind in known, "where", f"kind {kind!r}; known are: {', '.join(known)}")
        store, contract = (
            self.text_of(where, name, "where") if name in where else ""
            for name in ("store", "contract")
        )
        return Where(kind, store, contract)

    def finished(self, found: Mapping[str, Any]) -> datetime:
        text = self.text_of(found, "finished")
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise self.wrong(
                "finished", f"{text!r} is not a time such as 2026-11-20T01:02:03Z"
            ) from None

    def each(self, entries: list[Any]) -> Iterator[Result]:
        seen: dict[tuple[str, int], int] = {}
        for self.at, entry in enumerate(entries):
            result = self.result(entry)
            other = seen.setdefault((result.page, result.index), self.at)
            if other != self.at:
                where = f"line {self.line_of(other)}"
                raise self.wrong("", f"a second result of one block, which {where} has, too")
            yield result
        self.at = None

    def result(self, entry: Any) -> Result:
        self.demand(isinstance(entry, dict), "", "a result is a table")
        status = entry.get("status")
        known = get_args(Status)
        self.demand(status in known, "", f"status {status!r}; known are: {', '.join(known)}")
        optional = {"name": "", "reason": "", "output": "", "answer": "", "when": ""}
        entry = {**optional, "tab": [], "on": {}, "seconds": 0.0, **entry}
        when = self.text_of(entry, "when")
        self.demand(not when or _is_day(when), "", f"when {when!r} is not a day such as 2026-11-20")
        return Result(
            page=self.text_of(entry, "page"),
            line=self.number(entry, "line"),
            index=self.number(entry, "index"),
            name=self.text_of(entry, "name"),
            language=self.text_of(entry, "language"),
            tab=tuple(self.list_of_texts(entry, "tab")),
            code_sha256=self.text_of(entry, "code_sha256"),
            program_sha256=self.text_of(entry, "program_sha256"),
            status=status,
            reason=self.text_of(entry, "reason"),
            seconds=self.seconds(entry),
            output=self.text_of(entry, "output"),
            when=when,
            answer=self.text_of(entry, "answer"),
            on=tuple(self.texts(entry, "on").items()),
        )

    # -- values ----------------------------------------------------------------------------------

    def value(self, table: Mapping[str, Any], name: str, kind: type, wanted: str) -> Any:
        self.demand(name in table, name, f"{name} is missing")
        self.demand(isinstance(table[name], kind), name, f"{name} has to be {wanted}")
        return table[name]

    def text_of(self, table: Mapping[str, Any], name: str, inside: str = "") -> str:
        self.demand(name in table, inside or name, f"{name} is missing")
        self.demand(_is_text(table[name]), inside or name, f"{name} has to be a text")
        found: str = table[name]
        return found

    def texts(self, table: Mapping[str, Any], name: str) -> dict[str, str]:
        found: dict[str, str] = self.value(table, name, dict, "a table")
        good = all(map(_is_text, (*found, *found.values())))
        self.demand(good, name, f"{name} has to be a table of texts")
        return found

    def list_of_texts(self, table: Mapping[str, Any], name: str) -> list[str]:
        found: list[str] = self.value(table, name, list, "a list")
        self.demand(all(map(_is_text, found)), name, f"{name} has to be a list of texts")
        return found

    def number(self, table: Mapping[str, Any], name: str) -> int:
        found = table.get(name)
        good = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9
        self.demand(good, name, f"{name} has to be a whole number")
        assert isinstance(found, int)
        return found

    def seconds(self, table: Mapping[str, Any]) -> float:
        found = table["seconds"]
        good = isinstance(found, int | float) and not isinstance(found, bool)
        good = good and math.isfinite(found)
        self.demand(good, "seconds", "seconds has to be a number")
        return float(found)

    # -- what is wrong ---------------------------------------------------------------------------

    def demand(self, holds: bool, name: str, what: str) -> None:
        if not holds:
            raise self.wrong(name, what)

    def wrong(self, name: str, what: str) -> LedgerError:
        return _no_ledger(self.path, self.line(name), what)

    def line(self, name: str) -> int:
        """The line of a key of the head, or of the result that is read: each has one of its own in
        a file that we wrote."""
        if self.at is not None:
            return self.line_of(self.at)
        for number, line in enumerate(self.text.split("\n"), 1):
            if name and f'"{name}":' in line:
                return number
        return 1

    def line_of(self, result: int) -> int:
        lines = enumerate(self.text.split("\n"), 1)
        begun = [number for number, line in lines if re.match(r'\s*\{"page":', line)]
        entries = self.document["results"]
        if len(begun) == len(entries):
            return begun[result]
        # Somebody has written it otherwise; the start of the list is the best that there is.
        return next((n for n, x in enumerate(self.text.split("\n"), 1) if '"results"' in x), 1)


def _is_day(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y-%m-%d").strftime("%Y-%m-%d") == text
    except ValueError:
        return False


def _last_day(results: Iterable[Result]) -> datetime:
    """When the last of the answers was first seen."""
    days = [result.when for result in results if result.when]
    return datetime.strptime(max(days, default="1970-01-01"), "%Y-%m-%d").replace(tzinfo=UTC)


def _is_text(value: Any) -> bool:
    """A text that can be written to a file again, which half of a surrogate pair cannot."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def read_if_there(path: Path) -> Ledger | None:
    """The ledger at `path`, or None where there is none. Raises LedgerError."""
    return read(path) if path.exists() else None


def read_all(folder: Path) -> list[Ledger]:
    """Every ledger of a folder, by target. Raises LedgerError."""
    return [read(path) for path in files_of(folder)]


def row_of(result: Result) -> list[Any]:
    """What outlasts a run of a Result, as a list."""
    return [getattr(result, name) for name in FIELDS]


def from_row(row: Iterable[Any]) -> Result:
    """The Result of such a list; JSON makes lists of tuples."""
    fields = dict(zip(FIELDS, row, strict=True))
    return Result(**fields | {"tab": tuple(fields["tab"])})
