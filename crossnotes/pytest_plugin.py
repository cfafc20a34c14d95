"""The pytest edge: collects pages, one item a page and target.

`[tool.crossnotes] pages` says which pages are collected; without it nothing is. A page runs as in
`crossnotes test`, on servers that live as long as the session; its results are reused and written
into ledgers as there. A page whose front matter names fixtures, and every page under `--pdb`, runs
inside pytest.

Nothing of the engine is imported before the first page is collected.
"""

from __future__ import annotations

import bdb
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from crossnotes.book import Book, Reading
    from crossnotes.config import Config
    from crossnotes.page import Problem
    from crossnotes.program import Program
    from crossnotes.result import Result
    from crossnotes.run.bench import Bench
    from crossnotes.run.benches import Benches
    from crossnotes.run.driver import TargetRun
    from crossnotes.run.inside import InsideBench
    from crossnotes.run.reuse import Reuse

DEFAULT_TARGET = "sqlite"

#: The property of a report that says where the item is: its page and line.
PLACE = "crossnotes"

_PAGES = pytest.StashKey["Pages | None"]()
#: Markdown that was not collected.
_LEFT_OUT = pytest.StashKey[list[Path]]()


class PageFailedError(Exception):
    """A page that is not green; the message is what a person reads."""


# -- hooks ----------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crossnotes", "pages whose code blocks are run")
    group.addoption(
        "--crossnotes-target",
        dest="crossnotes_targets",
        action="append",
        metavar="NAME",
        help="a database to run the pages on; may be given more than once (default: "
        "crossnotes_targets of the configuration, else targets of [tool.crossnotes], else "
        f"{DEFAULT_TARGET})",
    )
    parser.addini("crossnotes_targets", "databases to run the pages on", "args", [])
    group.addoption(
        "--crossnotes-ledger",
        metavar="DIR",
        help="write the results into ledgers there (default: crossnotes_ledger of the "
        "configuration, else nowhere)",
    )
    parser.addini("crossnotes_ledger", "folder of the ledgers that are written")
    group.addoption(
        "--crossnotes-no-reuse",
        action="store_true",
        help="run the pages that did not change since they passed, too",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_PAGES] = _configured(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PageFile | None:
    if file_path.suffix != ".md" or file_path.name.startswith("."):
        return None
    pages = parent.config.stash.get(_PAGES, None)
    if pages is None or not pages.include(file_path):
        parent.config.stash.setdefault(_LEFT_OUT, []).append(file_path)
        return None
    collector: PageFile = PageFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: the servers that we start, we start once, for all workers."""
    pages = node.config.stash.get(_PAGES, None)
    if pages is not None and pages.are_asked_for():
        node.workerinput["crossnotes"] = pages.shared_servers


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist: a worker has ended; its results belong into our ledgers."""
    pages = node.config.stash.get(_PAGES, None)
    if pages is not None:
        pages.take_over(getattr(node, "workeroutput", {}).get("crossnotes", {}))


def pytest_leave_pdb(config: pytest.Config) -> None:
    """A debugger that a block called has given the output back."""
    pages = config.stash.get(_PAGES, None)
    if pages is not None and "benches" in pages.__dict__:
        for bench in pages.benches.inside_benches():
            bench.session.printed.go_on()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say why pages that a person may have wanted were not collected."""
    session = terminalreporter._session
    if session is not None and session.testscollected:
        return
    for line in _why_nothing(config):
        terminalreporter.write_line(f"crossnotes: {line}")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Before a worker of pytest-xdist says that it has finished, and after the workers of a
    controller have."""
    yield
    pages = session.config.stash.get(_PAGES, None)
    if pages is None:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["crossnotes"] = pages.handed_over()
    else:
        pages.write_ledgers()
    pages.close()
    report = session.config.getoption("xmlpath", None)
    if report and not hasattr(session.config, "workerinput"):
        add_places(Path(os.path.expanduser(os.path.expandvars(report))))


# -- the session ----------------------------------------------------------------------------------


def _configured(config: pytest.Config) -> Pages | None:
    """The pages of the project, or None. Raises pytest.UsageError."""
    settings = _settings(config.rootpath)
    if settings is not None and settings.pages:
        return Pages(config, settings)
    if config.getoption("crossnotes_targets"):
        raise pytest.UsageError(
            "--crossnotes-target: no pages to run; name them as `pages` in [tool.crossnotes] of "
            f"{config.rootpath / 'pyproject.toml'}"
        )
    return None


def _why_nothing(config: pytest.Config) -> Iterator[str]:
    pages = config.stash.get(_PAGES, None)
    left_out = config.stash.get(_LEFT_OUT, [])
    if pages is not None:
        yield from pages.without_items
    if not left_out:
        return
    first = os.path.relpath(left_out[0], config.invocation_params.dir)
    others = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
    if pages is None:
        yield (
            f"{first}{others} not collected: name the pages as `pages` in [tool.crossnotes] of "
            f"{config.rootpath / 'pyproject.toml'}"
        )
    else:
        named = ", ".join(pages.settings.pages)
        yield f"{first}{others} not collected: pages in [tool.crossnotes] names {named}"


def _settings(root: Path) -> Config | None:
    """The project's settings, if it may have any; nothing is imported otherwise."""
    files = (folder / "pyproject.toml" for folder in (root, *root.parents))
    if not any(file.is_file() and b"crossnotes" in file.read_bytes() for file in files):
        return None
    from crossnotes import config as configuration

    try:
        return configuration.find(root)
    except configuration.ConfigError as error:
        raise pytest.UsageError(str(error)) from error


class Pages:
    """The pages of a project, the targets that they are run on, and their servers."""

    def __init__(self, config: pytest.Config, settings: Config) -> None:
        self.config = config
        self.settings = settings
        self.paths = [(settings.root / page).resolve() for page in settings.pages]
        for page, path in zip(settings.pages, self.paths, strict=True):
            if not path.exists():
                raise pytest.UsageError(
                    f"pages in [tool.crossnotes] names {page!r}; there is no such file or folder "
                    f"in {settings.root}"
                )
        if settings.django and not (settings.root / settings.django / "manage.py").is_file():
            raise pytest.UsageError(
                f"django in [tool.crossnotes] names {settings.django!r}, which is not a Django "
                "project: it has no manage.py"
            )
        named = config.getoption("crossnotes_targets") or config.getini("crossnotes_targets")
        self.targets = list(dict.fromkeys(named or settings.targets or [DEFAULT_TARGET]))
        if self.targets != [DEFAULT_TARGET]:
            _check_targets(self.targets)
        #: Why pages gave no item.
        self.without_items: list[str] = []
        self.runs: dict[str, TargetRun] = {}
        self._kept: dict[str, Reuse] = {}

    def include(self, path: Path) -> bool:
        """Whether a file is one of the pages."""
        resolved = _resolved(path.parent) / path.name
        return any(resolved.is_relative_to(page) for page in self.paths)

    def are_asked_for(self) -> bool:
        """Whether the paths that pytest was called with lead to pages."""
        folder = self.config.invocation_params.dir
        asked = [(folder / arg.partition("::")[0]).resolve() for arg in self.config.args]
        return any(
            page.is_relative_to(path) or path.is_relative_to(page)
            for page in self.paths
            for path in asked
        )

    # -- reading pages ---------------------------------------------------------------------------

    @cached_property
    def book(self) -> Book:
        from crossnotes.book import Book

        return Book(self.settings)

    # -- running them ----------------------------------------------------------------------------

    @cached_property
    def benches(self) -> Benches:
        """Raises ProjectError where the Django project is none."""
        from crossnotes.run import project as projects
        from crossnotes.run.benches import Benches, Options, from_here

        settings = self.settings
        project = projects.of(settings)
        shared = getattr(self.config, "workerinput", {}).get("crossnotes", {})
        return Benches(
            settings,
            project,
            from_here(),
            Options(keep_going=settings.on_failure == "keep-going", shell=settings.shell),
            shared=shared.get("servers", {}),
            problems=shared.get("problems", {}),
        )

    @cached_property
    def shared_servers(self) -> dict[str, dict[str, Any]]:
        """How the workers of pytest-xdist find the servers that we start, or why there are none."""
        from crossnotes.targets import TargetError

        servers: dict[str, dict[str, str]] = {}
        problems: dict[str, str] = {}
        for target in self.targets:
            try:
                servers[target] = dict(self.benches.share(target))
            except TargetError as error:
                problems[target] = str(error)
        return {"servers": servers, "problems": problems}

    @cached_property
    def debugged(self) -> bool:
        return bool(self.config.getoption("usepdb", False))

    def inside(self, target: str) -> InsideBench:
        """What runs pages inside pytest."""
        bench = self.benches.inside(target)
        bench.session.passing = (
            KeyboardInterrupt,
            bdb.BdbQuit,
            pytest.exit.Exception,
            pytest.skip.Exception,
        )
        bench.session.hold = self.debugged
        return bench

    def run_of(self, target: str) -> TargetRun:
        """The record of what a target did. Raises TargetError."""
        from crossnotes.run.driver import TargetRun
        from crossnotes.targets import requests

        if target not in self.runs:
            run = TargetRun(requests.parse(target).target, asked=target)
            run.had_by(self.benches)
            self.runs[target] = run
        return self.runs[target]

    def kept(self, target: str) -> Reuse | None:
        """The results of earlier runs that still hold. Raises TargetError."""
        if self.debugged or self.config.getoption("crossnotes_no_reuse"):
            return None
        if target not in self._kept:
            from crossnotes.run.driver import reuse_of

            run = self.run_of(target)
            self._kept[target] = reuse_of(self.benches, run)
        return self._kept[target]

    # -- ledgers ---------------------------------------------------------------------------------

    @property
    def ledger_folder(self) -> Path | None:
        named = self.config.getoption("crossnotes_ledger") or self.config.getini(
            "crossnotes_ledger"
        )
        return self.config.rootpath / named if named else None

    def handed_over(self) -> dict[str, list[list[Any]]]:
        """This worker's results, for the controller of pytest-xdist."""
        from crossnotes.ledger import row_of

        return {target: [row_of(r) for r in run.results] for target, run in self.runs.items()}

    def take_over(self, results: Mapping[str, Iterable[Sequence[Any]]]) -> None:
        """Take the results of a worker."""
        from crossnotes.ledger import from_row

        for target, rows in results.items():
            self.run_of(target).results += map(from_row, rows)

    def write_ledgers(self) -> None:
        if self.ledger_folder is None:
            return
        from crossnotes.run.driver import write_ledgers

        pages = {result.page for run in self.runs.values() for result in run.results}
        write_ledgers(self.runs.values(), self.ledger_folder, pages)

    def close(self) -> None:
        for kept in self._kept.values():
            kept.save()
        if "benches" in self.__dict__:
            self.benches.close()


def _check_targets(names: Sequence[str]) -> None:
    from crossnotes.targets import requests

    for name in names:
        try:
            requests.parse(name)
        except requests.RequestError as error:
            raise pytest.UsageError(str(error)) from error


@cache
def _resolved(folder: Path) -> Path:
    return folder.resolve()


# -- collection -----------------------------------------------------------------------------------


class PageFile(pytest.Module):
    """One page. It is a Module since that is where fixtures of module scope belong, as pytest's
    own collector of text files is one."""

    obj = None

    def collect(self) -> Iterable[PageItem]:
        from crossnotes.book import BookError

        pages = self.config.stash[_PAGES]
        assert pages is not None
        try:
            reading = pages.book.read(pages.book.source(self.path))
        except BookError as error:
            raise self.CollectError(str(error)) from error
        fixtures = reading.page.fixtures
        kind = FixtureItem if fixtures else PageItem
        given = {"callobj": _with_fixtures(fixtures)} if fixtures else {}
        found = False
        for target in pages.targets:
            # `mysql@9.7` is the target mysql in one version.
            if programs := pages.book.programs(reading, target.partition("@")[0]):
                found = True
                yield kind.from_parent(
                    self, name=target, reading=reading, programs=programs, **given
                )
        if reading.problems and not found:
            yield PageItem.from_parent(self, name="page", reading=reading, programs=())
        elif not found:
            wanted = ", ".join(pages.targets)
            known = ", ".join(target.name for target in pages.book.targets_of(reading.page))
            has = f"it is for {known}" if reading.page.snippets else "it has no block that is run"
            pages.without_items.append(f"{reading.page.path}: nothing for {wanted}: {has}")


def _with_fixtures(names: Sequence[str]) -> Any:
    """A function that takes these fixtures, by which pytest knows what to set up."""

    def page(**fixtures: Any) -> None:
        """Never called: the item runs its page."""

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    page.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return page


# -- items ----------------------------------------------------------------------------------------


class PageItem(pytest.Item):
    """All programs of one page on one target. `results` are those of its last run."""

    def __init__(
        self,
        *,
        reading: Reading,
        programs: Sequence[Program],
        **others: Any,
    ) -> None:
        super().__init__(**others)
        self.reading = reading
        self.page = page = reading.page
        self.programs = programs
        self.problems: Sequence[Problem] = reading.problems
        self.results: Sequence[Result] = ()
        #: What runs it, where that is inside pytest.
        self.inside: InsideBench | None = None
        lines = [problem.line for problem in self.problems]
        lines += [snippet.line for program in programs for snippet in program.snippets]
        self._found_at(page.path, min(lines, default=1))

    @property
    def pages(self) -> Pages:
        pages = self.config.stash[_PAGES]
        assert pages is not None
        return pages

    @property
    def given(self) -> Mapping[str, Any]:
        """The names that the page finds bound."""
        return {}

    @property
    def is_inside(self) -> bool:
        """Whether the page runs inside pytest."""
        return self.pages.debugged

    def _found_at(self, page: str, line: int) -> None:
        """The item is at this line from now on."""
        self.place = page, line
        self.__dict__.pop("location", None)  # pytest remembers it

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.place[1] - 1, f"{self.page.path} [{self.name}]"

    # -- running ---------------------------------------------------------------------------------

    def runtest(self) -> None:
        from crossnotes.ledger import one_per_snippet

        lines = self._problem_lines()
        found: list[Result] = []
        try:
            found += self._known() or ()
            for program in () if found else self.programs:
                results = self._results(program)
                found += results
                lines += self._failure_lines(results)
                if lines and self.is_inside:
                    break
        finally:
            self.results = one_per_snippet(found)
            self._report()
        self._keep(found)
        if lines:
            self._raise(PageFailedError("\n".join(dict.fromkeys(lines))))
        if all(result.status == "excused" for result in self.results):
            reasons = dict.fromkeys(result.reason for result in self.results)
            self._raise(pytest.skip.Exception("; ".join(reasons)))

    def _known(self) -> list[Result] | None:
        """The results of an earlier run, if the page did not change since it passed."""
        if not self.programs or self.page.fixtures or self.problems:
            return None
        kept = self._had(lambda: self.pages.kept(self.name))
        return kept.known(self.reading.source.path) if kept else None

    def _keep(self, results: Sequence[Result]) -> None:
        """Have the results in the ledger, and let the next run reuse them."""
        if not self.programs:
            return
        self.pages.run_of(self.name).results += results
        if not self.page.fixtures and (kept := self.pages.kept(self.name)):
            kept.remember(self.reading.source.path, self.page, results)

    def _results(self, program: Program) -> list[Result]:
        from crossnotes.run.driver import results_of

        return results_of(self._bench(program), program)

    def _bench(self, program: Program) -> Bench:
        from crossnotes.run.inside import problem_of

        if not self.is_inside or problem_of(program):
            bench: Bench = self._had(lambda: self.pages.benches.bench(self.name))
            return bench
        inside: InsideBench = self._had(lambda: self.pages.inside(self.name))
        inside.session.given = self.given
        self.inside = inside
        return inside

    def _had(self, ask: Callable[[], Any]) -> Any:
        """What is asked for; the page fails where the project or the server cannot be had."""
        from crossnotes.run.project import ProjectError
        from crossnotes.targets import TargetError

        try:
            return ask()
        except (ProjectError, TargetError) as error:
            problem = str(error)
        self._refuse(self.place[1], problem)

    def _refuse(self, line: int, reason: str) -> NoReturn:
        """Fail before anything ran."""
        self._found_at(self.page.path, line)
        self._raise(PageFailedError(f"{self.page.path}:{line}: [{self.name}] {reason}"))

    def teardown(self) -> None:
        if self.inside is not None:
            self.inside.let_go()
        super().teardown()

    # -- what is said of it ----------------------------------------------------------------------

    def _problem_lines(self) -> list[str]:
        from crossnotes.text.report import problem_line

        return [problem_line(problem) for problem in self.problems]

    def _failure_lines(self, results: Iterable[Result]) -> list[str]:
        from crossnotes.text.report import failure_lines, snippet_of

        failed = [result for result in results if result.status == "failed"]
        if not failed:
            return []
        if not self.problems:
            self._found_at(*_place_of(failed[0]))
        version = self.pages.benches.had(self.name).server.identity.version
        return [
            line
            for result in failed
            for line in failure_lines(
                result, *snippet_of(self.page, result), f"{self.name} {version}"
            )
        ]

    def _report(self) -> None:
        """Every Result is in the report: its status as a property, its output as a section."""
        statuses = [(f"{result.page}:{result.line}", _status(result)) for result in self.results]
        ours = {PLACE, *(name for name, _ in statuses)}
        others = [item for item in self.user_properties if item[0] not in ours]
        page, line = self.place
        self.user_properties[:] = [(PLACE, f"{page}:{line}"), *statuses, *others]
        for result in self.results:
            if result.output:
                self.add_report_section("call", f"{result.page}:{result.line}", result.output)

    def _raise(self, error: BaseException) -> NoReturn:
        """Raise it on the page, where debuggers and reports then are."""
        page, line = self.place
        path = self.pages.settings.root / page
        namespace: dict[str, Any] = {}
        if self.inside is not None and self.inside.session.error is not None:
            namespace = self.inside.session.namespace
            if frame := self.inside.session.page_frames():
                raise error.with_traceback(frame)
        code = compile("\n" * (line - 1) + "raise error", str(path), "exec")
        # It is the two words above that are run, among the names of the page.
        exec(code, namespace, {"error": error})  # noqa: S102
        raise AssertionError("unreachable")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *others: Any) -> Any:
        """The engine's own lines; a traceback only for a mistake of ours."""
        if not isinstance(excinfo.value, PageFailedError):
            return super().repr_failure(excinfo, *others)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
        return shown


class FixtureItem(PageItem, pytest.Function):
    """A page that uses fixtures, inside pytest."""

    has_moved = False

    @property
    def is_inside(self) -> bool:
        return True

    @property
    def given(self) -> Mapping[str, Any]:
        return {name: self.funcargs[name] for name in self.page.fixtures}

    def setup(self) -> None:
        """Set the fixtures up. One that changes the folder decides where the page runs."""
        before = os.getcwd()
        try:
            super().setup()
            missing = ""
        except pytest.FixtureLookupError as error:
            missing = error.argname or "?"
        if missing:
            page, line = self.page.path, 1
            pytest.fail(f"{page}:{line}: there is no fixture {missing!r}", pytrace=False)
        self.has_moved = os.getcwd() != before

    def _bench(self, program: Program) -> Bench:
        from crossnotes.run.inside import problem_of

        if problem := problem_of(program):
            line, reason = problem
            self._refuse(line, f"{reason}, and pages with fixtures run inside pytest")
        bench = super()._bench(program)
        assert self.inside is not None
        self.inside.moves = not self.has_moved
        return bench


def _place_of(result: Result) -> tuple[str, int]:
    """The file and line of a failed Result."""
    failure = result.failure
    return (failure.page or result.page, failure.line) if failure else (result.page, result.line)


def _status(result: Result) -> str:
    return f"{result.status}: {result.reason}" if result.reason else result.status


# -- JUnit ----------------------------------------------------------------------------------------


def add_places(report: Path) -> None:
    """Give the test cases of pages in a JUnit report the file and line of their page, which
    pytest's own families of it leave out or count from 0."""
    text = report.read_text(encoding="utf-8") if report.is_file() else ""
    if f'name="{PLACE}"' not in text:
        return
    tree = ElementTree.fromstring(text)  # noqa: S314 (pytest has just written it)
    for case in tree.iter("testcase"):
        place = case.find(f"properties/property[@name='{PLACE}']")
        if place is not None:
            file, _, line = place.attrib["value"].rpartition(":")
            case.attrib |= {"file": file, "line": line}
    head = '<?xml version="1.0" encoding="utf-8"?>'
    from crossnotes import files

    files.write(report, head + ElementTree.tostring(tree, encoding="unicode"))
