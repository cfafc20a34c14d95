"""The Results of the repository, `ledger/`: what each database answered to each block, in each of
its versions, for the pages as they are now."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossnotes import ledger as ledgers
from crossnotes import ranges, reader
from crossnotes.book import dialect_of, targets_of_project
from crossnotes.config import Config
from crossnotes.ledger import Ledger, LedgerError
from crossnotes.markdown import Myst
from crossnotes.page import Page, Snippet
from crossnotes.program import Labels, hashes, programs, targets_of
from crossnotes.ranges import Version
from crossnotes.result import Result
from crossnotes.run import project as projects
from crossnotes.targets import Target, Where, every_target

#: Where a repository keeps its results.
FOLDER = "ledger"

#: The variable with the folder whose problems `crossnotes html` has told, once for all languages.
REPORTED = "CROSSNOTES_LEDGERS_REPORTED"


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one block on one target in one version. `state` is passed, failed, excused,
    not-run, or changed (since the run); `answer` is what a block that failed answered, `earlier`
    what one answered whose own code is as it was, before what stands around it changed."""

    state: str
    target: str
    label: str
    version: str = ""
    date: str = ""
    reason: str = ""
    output: str = ""
    series: str = ""
    where: Where = field(default_factory=Where)
    answer: str = ""
    earlier: str = ""

    @property
    def key(self) -> str:
        """The target and its series, `mysql@9.7`."""
        return f"{self.target}@{self.series}" if self.series else self.target


@dataclass(frozen=True, slots=True)
class Column:
    """A target in one version, or one of which nothing is known."""

    target: Target
    ledger: Ledger | None = None

    @property
    def key(self) -> str:
        return self.ledger.name if self.ledger else self.target.name

    @property
    def version(self) -> Version | None:
        return (self.ledger.server.number if self.ledger else ()) or None


class Results:
    """All that the ledgers of a folder say, for the pages as they are now."""

    def __init__(self, config: Config, myst: Myst, folder: Path, django: Path | None) -> None:
        self.config = config
        self.folder = folder
        self.labels = Labels(config.tabs, config.elsewhere)
        self.dialect = dialect_of(config, myst)
        #: The databases that a page is for whose tabs and front matter name none.
        self.of_project = targets_of_project(config)
        #: The Django project that the pages' programs depend on, where there is one.
        self.project: projects.Project | None = None
        if django and (django / "manage.py").is_file():
            self.project = projects.of(config, django)
        #: The ledgers by target, the oldest version first; and what is wrong with the others.
        self.ledgers, self.problems = read_folder(folder, config.root)
        self._pages: dict[Path, Page] = {}
        self._marks: dict[str, dict[int, list[Mark]]] = {}

    # -- pages -----------------------------------------------------------------------------------

    def page(self, path: Path) -> Page:
        """A page as it is now; a build asks for it more than once."""
        if path not in self._pages:
            shown_as = str(path.relative_to(self.config.root))
            self._pages[path] = reader.read(path, shown_as, self.dialect)
        return self._pages[path]

    def pages(self) -> Iterator[Page]:
        """All pages of the project."""
        for name in self.config.paths:
            folder = Path(name)
            for path in [folder] if folder.is_file() else sorted(folder.rglob("*.md")):
                yield self.page(path)

    def targets(self, page: Page) -> list[Target]:
        """The databases that a page is for, in any of their versions."""
        return [every_target()[n] for n in targets_of(page, self.labels, self.of_project)]

    def columns(self, page: Page) -> list[Column]:
        """The databases and versions that a page is for, as far as anything is known of them."""
        found = []
        for target in self.targets(page):
            known = [Column(target, ledger) for ledger in self.ledgers.get(target.name, ())]
            found += [
                column
                for column in known
                if not page.targets or ranges.may_hold(page.targets, target.name, column.version)
            ] or ([] if known else [Column(target)])
        return found

    def blocks(
        self, page: Page, target: str, version: Version | None
    ) -> Iterator[tuple[Snippet, str]]:
        """Each snippet that readers of a target's tabs see, with its program's hash (empty for a
        label that is not for here)."""
        seen: set[int] = set()
        for program in programs(page, target, self.labels, version):
            of_program = hashes(program, projects.state(self.project, self.config.setup))
            for snippet in (*program.snippets, *(excused for excused, _reason in program.excused)):
                if snippet.index not in seen:
                    seen.add(snippet.index)
                    yield snippet, of_program.get(snippet.index, "")

    # -- what is known ---------------------------------------------------------------------------

    def marks(self, page: Page) -> dict[int, list[Mark]]:
        """The marks of each snippet of a page, by its index."""
        if page.path not in self._marks:
            self._marks[page.path] = self._marks_of(page)
        return self._marks[page.path]

    def _marks_of(self, page: Page) -> dict[int, list[Mark]]:
        found: dict[int, list[Mark]] = {snippet.index: [] for snippet in page.snippets}
        for column in self.columns(page):
            known = column.ledger.of_page(page.path) if column.ledger else {}
            for snippet, program in self.blocks(page, column.target.name, column.version):
                result = known.get(snippet.index)
                found[snippet.index].append(_mark(snippet, program, result, column))
        return found


def read_folder(folder: Path, root: Path) -> tuple[dict[str, list[Ledger]], list[str]]:
    """The ledgers of a folder by target, the oldest version first; and, for each that is not used,
    or only in part, a line that says what is wrong and what to do. Pages are below `root`."""
    files: dict[str, Path] = {}
    found: dict[str, list[Ledger]] = {}
    problems = []
    for path in ledgers.files_of(folder):
        try:
            ledger = ledgers.read(path)
        except LedgerError as error:
            problems.append(f"{error}; until then its results are not shown")
            continue
        if problem := _unusable(ledger, path, files):
            problems.append(problem)
            continue
        problems += _gone(ledger, path, root)
        files[ledger.name] = path
        found.setdefault(ledger.target, []).append(ledger)
    for of_target in found.values():
        of_target.sort(key=lambda ledger: ledger.server.number)
    return found, problems


def _gone(ledger: Ledger, path: Path, root: Path) -> Iterator[str]:
    """The pages of a ledger that are there no more."""
    for page in dict.fromkeys(result.page for result in ledger.results):
        if not (root / page).is_file():
            line = ledgers.line_of(path, page)
            yield (
                f"{ledgers.shown(path)}:{line}: the page {page} no longer exists; `make results` "
                "removes its results"
            )


def _unusable(ledger: Ledger, path: Path, files: Mapping[str, Path]) -> str:
    """Why a ledger that can be read is not used."""
    shown = ledgers.shown(path)
    if ledger.name in files:
        other = ledgers.shown(files[ledger.name])
        return (
            f"{shown}:1: a second file of {ledger.name}, beside {other}; its results are not "
            "shown: keep one of the two"
        )
    if ledger.target not in every_target():
        known = ", ".join(every_target())
        return f"{shown}:1: unknown target {ledger.target!r}; known are: {known}"
    if ledger.target.startswith("tidb-") and not ledger.server.tidb_version:
        return (
            f"{shown}:1: no answer to TIDB_VERSION(), which every TiDB gives; its results are not "
            "shown"
        )
    return ""


def _mark(snippet: Snippet, program: str, result: Result | None, column: Column) -> Mark:
    ledger = column.ledger
    whose = (column.target.name, column.target.label)
    series = ledger.series if ledger else ""
    if "skip" in snippet.options:
        return Mark("excused", *whose, reason=snippet.options["skip"], series=series)
    if result is None or ledger is None:
        return Mark("not-run", *whose, series=series)
    found = Mark(
        result.status,
        *whose,
        dict(result.on).get("server", ledger.server.short),
        result.when or ledger.finished.date().isoformat(),
        result.reason,
        result.output,
        series,
        ledger.server.where,
        result.answer,
    )
    if Block(snippet.line, snippet.code_sha256, program).holds(result):
        return found
    earlier = ""
    if result.status == "passed" and result.code_sha256 == snippet.code_sha256:
        earlier = result.output
    return dataclasses.replace(
        found, state="changed", reason="", output="", answer="", earlier=earlier
    )


#: The states of a block, the worst first.
WORST_FIRST = ("failed", "changed", "not-run", "passed", "excused")


def worst(marks: Iterable[Mark]) -> dict[str, Mark]:
    """One mark for each target: of its versions the one where things stand worst."""
    found: dict[str, Mark] = {}
    for mark in marks:
        other = found.get(mark.target)
        if other is None or _rank(mark) < _rank(other):
            found[mark.target] = mark
    return found


def _rank(mark: Mark) -> int:
    return WORST_FIRST.index(mark.state)


# -- taking over ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Taken:
    """What became of a ledger in the repository: how many results are new, answer otherwise than
    before, were taken away, or stayed; and the lines that a person reads."""

    name: str
    new: int = 0
    other: list[str] = field(default_factory=list)
    gone: int = 0
    same: int = 0
    written: bool = False


def take(run: Ledger, results: Results, mask: Callable[[str], str]) -> Taken:
    """Bring what a run found into the repository's ledger of the same target and version.

    What it did not run stays, as far as the pages still have it, and so does the day of an answer
    that is the same. `mask` takes out of a text what nobody else should see. Raises LedgerError
    where the ledger that is there cannot be read: nothing of it is replaced then.
    """
    run = _masked(run, mask)
    path = results.folder / f"{run.name}.json"
    earlier = ledgers.read(path) if path.exists() else None
    taken = Taken(run.name)
    now = current(results, run.target, run.server.number or None)
    before = {(r.page, r.index): r for r in earlier.results} if earlier else {}
    paired = _paired(run.results, before)
    found: dict[tuple[str, int], Result] = {}
    for result in run.results:
        key = (result.page, result.index)
        if key not in now:
            continue  # a block that no page has any more
        new = dataclasses.replace(
            result, seconds=0.0, when=result.when or run.finished.date().isoformat()
        )
        there, old = before.get(key), paired.get(key)
        if there is not None and now[key].holds(there) and not now[key].holds(new):
            new = _on(there, earlier, run)  # the run is of an older page
        elif old is not None and _same(old, new):
            new = dataclasses.replace(new, when=old.when, output=old.output)
            taken.same += 1
        elif old is None:
            taken.new += 1
        else:
            taken.other.append(_told(old, new))
        found[key] = new
    for key, old in before.items():
        if key in found:
            continue
        if key in now:
            found[key] = _on(old, earlier, run)
            taken.same += 1
        else:
            taken.gone += 1
    # Where a block stands now, so that a reviewer finds it.
    moved = {key: dataclasses.replace(result, line=now[key].line) for key, result in found.items()}
    ordered = ledgers.in_page_order(moved.values())
    kept = dataclasses.replace(run, results=ordered)
    taken.written = ledgers.write_kept(kept, path)
    return taken


def _paired(
    results: Sequence[Result], before: Mapping[tuple[str, int], Result]
) -> dict[tuple[str, int], Result]:
    """For each result, by page and place, the earlier one of the same block: that of the same code,
    wherever it stood on the page, else what stood in its place and stands nowhere now."""
    by_code: dict[tuple[str, str], list[Result]] = {}
    for old in before.values():
        by_code.setdefault((old.page, old.code_sha256), []).append(old)
    found = {}
    for result in results:
        if same := by_code.get((result.page, result.code_sha256)):
            found[result.page, result.index] = same.pop(0)
    left = {(old.page, old.index) for olds in by_code.values() for old in olds}
    for result in results:
        key = (result.page, result.index)
        if key not in found and key in left:
            found[key] = before[key]
    return found


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it is now: its line, and the hashes that a result of it has to have."""

    line: int
    code_sha256: str
    program_sha256: str

    def holds(self, result: Result) -> bool:
        """Whether the block, and all before it, are what they were when it was run."""
        return (result.code_sha256, result.program_sha256) == (
            self.code_sha256,
            self.program_sha256,
        )


def current(results: Results, target: str, version: Version | None) -> dict[tuple[str, int], Block]:
    """Every block that a target has now, by page and place."""
    return {
        (page.path, snippet.index): Block(snippet.line, snippet.code_sha256, program)
        for page in results.pages()
        if target in targets_of(page, results.labels, results.of_project)
        for snippet, program in results.blocks(page, target, version)
    }


def _masked(run: Ledger, mask: Callable[[str], str]) -> Ledger:
    """The ledger without what nobody else should see, wherever a server or a program said it."""
    server = dataclasses.replace(
        run.server,
        version=mask(run.server.version),
        tidb_version=mask(run.server.tidb_version) if run.server.tidb_version else None,
    )
    results = tuple(
        dataclasses.replace(
            result,
            name=mask(result.name),
            tab=tuple(map(mask, result.tab)),
            reason=mask(result.reason),
            output=mask(result.output),
            answer=mask(result.answer),
            failure=None,
        )
        for result in run.results
    )
    versions = {name: mask(value) for name, value in run.versions.items()}
    return dataclasses.replace(run, server=server, versions=versions, results=results)


def _same(old: Result, new: Result) -> bool:
    """Whether a block gave the same answer. What differs from one run to the next, such as a time,
    is no other answer."""
    return (
        _facts(old) == _facts(new)
        and old.on == new.on
        and _steady(old.output) == _steady(new.output)
        and _steady(old.answer) == _steady(new.answer)
    )


def _facts(result: Result) -> tuple[Any, ...]:
    shas = (result.code_sha256, result.program_sha256)
    return (*shas, result.status, result.reason, result.name, result.tab)


#: What no two runs print alike: times, durations, addresses, ports, ids of objects.
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?|\d\d:\d\d:\d\d(\.\d+)?|\d+(\.\d+)? ?(ms|s|sec)\b"
    r"|\d+\.\d{2,}|0x[0-9a-f]{6,}|(?<=:)\d{4,5}\b|\b[0-9a-f]{12,}\b|crossnotes_\w+|\b\d{6,}\b",
    re.IGNORECASE,
)


def _steady(text: str) -> str:
    return _PASSING.sub("~", text)


def _on(old: Result, earlier: Ledger | None, run: Ledger) -> Result:
    """An earlier result beside those of this run: it says on which versions it was seen, where
    they are others than this run's."""
    assert earlier is not None
    was = {"server": earlier.server.short, **earlier.versions, **dict(old.on)}
    now = {"server": run.server.short, **run.versions}
    differs = tuple((name, value) for name, value in was.items() if now.get(name) != value)
    return dataclasses.replace(old, on=differs)


def _told(old: Result, new: Result) -> str:
    place = f"{new.page}:{new.line}"
    if old.status != new.status:
        return f"{place}: {old.status} before, {new.status} now"
    if (old.output, old.answer) != (new.output, new.answer):
        was, is_now = (_line(each.answer or each.output) for each in (old, new))
        if was != is_now:
            return f"{place}: answered {was} before, {is_now} now"
    return f"{place}: {new.status}, as before; the block has changed"


def _line(text: str) -> str:
    first, *more = text.strip().splitlines() or ["nothing"]
    return f"{first[:60]} …" if more or len(first) > 60 else first


# -- whether they are confirmed -------------------------------------------------------------------


def unconfirmed(results: Results, runs: Iterable[Ledger]) -> Iterator[str]:
    """What the repository's ledgers say that no run confirms, of each target and version that
    `runs` have: those that anybody could have written by hand."""
    confirming = {run.name: {(r.page, r.index): r for r in run.results} for run in runs}
    for ledger in (each for of_target in results.ledgers.values() for each in of_target):
        if ledger.name not in confirming:
            continue
        now = current(results, ledger.target, ledger.server.number or None)
        for result in ledger.results:
            key = (result.page, result.index)
            if key not in now or not now[key].holds(result):
                continue  # it claims nothing of the page as it is
            seen = confirming[ledger.name].get(key)
            if seen is None or not now[key].holds(seen):
                yield f"{result.page}:{result.line}: {ledger.name}: no run has a result of it"
            elif (seen.status, _steady(seen.answer)) != (result.status, _steady(result.answer)):
                yield (
                    f"{result.page}:{result.line}: {ledger.name}: {result.status} in "
                    f"{FOLDER}/{ledger.name}.json, {seen.status} in the run"
                )
            elif result.status == "passed" and _steady(seen.output) != _steady(result.output):
                yield (
                    f"{result.page}:{result.line}: {ledger.name}: answered "
                    f"{_line(result.output)} in {FOLDER}/{ledger.name}.json, {_line(seen.output)} "
                    "in the run"
                )


# -- for programs ---------------------------------------------------------------------------------


def subject_of(page: str) -> str:
    """What a page is called where its folder does not matter: `row-locks`."""
    return Path(page).stem


def question_of(snippet: Snippet) -> str:
    """The id of a block that stays when others are put before it: its name, else of its code."""
    return snippet.name or snippet.code_sha256[:12]


def questions(
    page: Page, marks: Mapping[int, Sequence[Mark]], columns: Collection[str] | None = None
) -> Iterator[dict[str, Any]]:
    """The blocks of a page, and what each database answered in each version."""
    seen: dict[str, int] = {}
    for snippet in page.snippets:
        name = question_of(snippet)
        seen[name] = seen.get(name, 0) + 1
        number = f"-{seen[name]}" if seen[name] > 1 else ""
        yield {
            "id": f"{subject_of(page.path)}/{name}{number}",
            "name": snippet.name,
            "source": f"{snippet.place}:{snippet.line}",
            "index": snippet.index,
            "language": snippet.language,
            "tab": snippet.labels,
            "code": snippet.code,
            "answers": {
                mark.key: _answer(mark)
                for mark in marks[snippet.index]
                if columns is None or mark.key in columns
            },
        }


def _answer(mark: Mark) -> dict[str, Any]:
    found = {
        "status": mark.state,
        "version": mark.version,
        "when": mark.date,
        "output": mark.output if mark.state == "passed" else mark.answer,
        "reason": mark.reason,
    }
    return {name: value for name, value in found.items() if value or name == "status"}


def database(column: Column) -> dict[str, Any]:
    """A database in one version, as results.json has it."""
    found: dict[str, Any] = {
        "id": column.key,
        "target": column.target.name,
        "label": column.target.label,
    }
    if column.ledger is not None:
        found |= {
            "series": column.ledger.series,
            "version": column.ledger.server.short,
            "where": ledgers.where_as_json(column.ledger.server.where),
            "versions": dict(column.ledger.versions),
        }
    return found
