"""What the ledgers say of the pages as they are now: a Mark for each block and target."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

from crossnotes import config as configuration
from crossnotes import dialects, reader
from crossnotes import ledger as ledgers
from crossnotes.config import Config
from crossnotes.ledger import Ledger
from crossnotes.markdown import Myst
from crossnotes.page import Page, Snippet
from crossnotes.program import Labels, hashes, programs, targets_of
from crossnotes.reader import Dialect
from crossnotes.result import Result
from crossnotes.run import project as projects
from crossnotes.run.reuse import own_digest
from crossnotes.sphinxext import registry
from crossnotes.targets import Target, every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one block on one target. `state` is passed, failed, excused, not-run, or
    changed (since the run)."""

    state: str
    target: str
    label: str
    version: str = ""
    date: str = ""
    reason: str = ""
    output: str = ""


class Known:
    """All that the ledgers say, for the pages as they are now."""

    def __init__(self, config: Config, myst: Myst, folder: Path, django: Path | None) -> None:
        self.config = config
        self.labels = Labels(config.tabs, config.elsewhere)
        self.dialect = Dialect(config.show_only, frozenset(every_target()), myst)
        #: The Django project that the pages' programs depend on, where there is one.
        self.project: projects.Project | None = None
        if django and (django / "manage.py").is_file():
            self.project = projects.find(django, config.settings)
        self.ledgers = {ledger.target: ledger for ledger in _usable(folder)}
        self._pages: dict[Path, Page] = {}
        self._marks: dict[str, dict[int, list[Mark]]] = {}

    def page(self, path: Path) -> Page:
        """A page as it is now; a build asks for it more than once."""
        if path not in self._pages:
            shown_as = str(path.relative_to(self.config.root))
            self._pages[path] = reader.read(path, shown_as, self.dialect)
        return self._pages[path]

    def targets(self, page: Page) -> list[Target]:
        """The databases that a page is for."""
        return [every_target()[n] for n in targets_of(page, self.labels, list(every_target()))]

    def marks(self, page: Page) -> dict[int, list[Mark]]:
        """The marks of each snippet of a page, by its index."""
        if page.path not in self._marks:
            self._marks[page.path] = self._marks_of(page)
        return self._marks[page.path]

    def _marks_of(self, page: Page) -> dict[int, list[Mark]]:
        found: dict[int, list[Mark]] = {snippet.index: [] for snippet in page.snippets}
        for target in self.targets(page):
            ledger = self.ledgers.get(target.name)
            results = _results(ledger, page.path)
            for snippet, program_sha256 in self._read_on(page, target.name):
                result = results.get(snippet.index)
                mark = _mark(snippet, program_sha256, result, ledger, target)
                found[snippet.index].append(mark)
        return found

    def _read_on(self, page: Page, target: str) -> Iterator[tuple[Snippet, str]]:
        """Each snippet that readers of a target's tabs see, with its program's hash (empty for a
        label that is not for here)."""
        seen: set[int] = set()
        for program in programs(page, target, self.labels):
            of_program = hashes(program, self.project.digest if self.project else "")
            for snippet in (*program.snippets, *(excused for excused, _reason in program.excused)):
                if snippet.index not in seen:
                    seen.add(snippet.index)
                    yield snippet, of_program.get(snippet.index, "")


def _usable(folder: Path) -> Iterator[Ledger]:
    """The ledgers of a folder; one that cannot be read is a warning, and one that claims a TiDB
    without TIDB_VERSION() is none."""
    for path in sorted(folder.glob("*.json")):
        try:
            ledger = ledgers.read(path)
        except ledgers.LedgerError as error:
            logger.warning("%s", error, type="crossnotes", subtype="ledger")
            continue
        if ledger.target.startswith("tidb-") and not ledger.server.tidb_version:
            continue
        yield ledger


def _results(ledger: Ledger | None, page: str) -> dict[int, Result]:
    if ledger is None:
        return {}
    return {result.index: result for result in ledger.results if result.page == page}


def _mark(
    snippet: Snippet,
    program_sha256: str,
    result: Result | None,
    ledger: Ledger | None,
    target: Target,
) -> Mark:
    whose = (target.name, target.label)
    if "skip" in snippet.options:
        return Mark("excused", *whose, reason=snippet.options["skip"])
    if result is None or ledger is None:
        return Mark("not-run", *whose)
    date = ledger.finished.date().isoformat()
    version = ledger.server.short
    if (result.code_sha256, result.program_sha256) != (snippet.code_sha256, program_sha256):
        return Mark("changed", *whose, version, date)
    return Mark(result.status, *whose, version, date, result.reason, result.output)


def anchor_of(index: int) -> str:
    """Where a block can be linked to, whether it has a name or not."""
    return f"block-{index + 1}"


def entry(page: Page, marks: Mapping[int, Sequence[Mark]], title: str, uri: str) -> dict[str, Any]:
    """A page as verification.json has it, kept so that a build need not read them all. Addresses
    are relative to the folder that the file is in."""
    blocks = [
        {
            "line": snippet.line,
            "index": snippet.index,
            "name": snippet.name,
            "language": snippet.language,
            "tab": snippet.labels,
            "url": f"{uri}#{anchor_of(snippet.index)}",
            "targets": {
                mark.target: {"status": mark.state, "reason": mark.reason}
                for mark in marks[snippet.index]
            },
        }
        for snippet in page.snippets
    ]
    return {"page": page.path, "title": title, "url": uri, "blocks": blocks}


def known_to(app: "Sphinx") -> Known:
    """What the ledgers say, read when the first page needs it."""
    known: Known | None = getattr(app, "crossnotes_known", None)
    if known is None:
        folder = Path(app.confdir, app.config.crossnotes_ledgers)
        django = app.config.crossnotes_django
        config = configuration.find(Path(app.confdir))
        myst = registry.myst_of(app) or dialects.myst_of(Path(app.confdir))
        known = Known(config, myst, folder, Path(app.confdir, django) if django else None)
        app.crossnotes_known = known  # type: ignore[attr-defined]
    return known


def state_of(app: "Sphinx") -> str:
    """Changes when anything does that marks depend on, besides the pages themselves."""
    folder = Path(app.confdir)
    files = sorted(Path(folder, app.config.crossnotes_ledgers).glob("*.json"))
    files += [path / configuration.FILE for path in (folder, *folder.parents)]
    files.append(folder / "conf.py")
    digest = hashlib.sha256(own_digest().encode())
    for file in files:
        if file.is_file():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    django = folder / app.config.crossnotes_django
    if app.config.crossnotes_django and (django / "manage.py").is_file():
        digest.update(projects.find(django, "").digest.encode())
    return digest.hexdigest()
