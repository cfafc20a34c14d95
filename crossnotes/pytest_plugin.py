"""The pytest edge: collects pages, one item a page and target.

`[tool.crossnotes] pages` says which pages are collected; without it nothing is. A page runs as in
`crossnotes test`, on servers that live as long as the session. A page whose front matter names
fixtures, and every page under `--pdb`, runs inside pytest.

Nothing of the engine is imported before the first page is collected.
"""

from __future__ import annotations

import bdb
import inspect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from crossnotes.config import Config
    from crossnotes.page import Page, Problem
    from crossnotes.program import Labels, Program
    from crossnotes.reader import Dialect
    from crossnotes.result import Result
    from crossnotes.run.inside import InsideSupervisor
    from crossnotes.run.servers import Servers
    from crossnotes.run.supervisor import Supervisor
    from crossnotes.run.together import Ahead

DEFAULT_TARGET = "sqlite"

#: The property of a report that says where the item is: its page and line.
PLACE = "crossnotes"

_PAGES = pytest.StashKey["Pages | None"]()


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
        f"crossnotes_targets of the configuration, else {DEFAULT_TARGET})",
    )
    parser.addini("crossnotes_targets", "databases to run the pages on", "args", [DEFAULT_TARGET])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_PAGES] = _configured(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PageFile | None:
    if file_path.suffix != ".md":
        return None
    pages = parent.config.stash.get(_PAGES, None)
    if pages is None or not pages.include(file_path):
        return None
    collector: PageFile = PageFile.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: the servers that we start, we start once, for all workers."""
    pages = node.config.stash.get(_PAGES, None)
    if pages is not None and pages.are_asked_for():
        node.workerinput["crossnotes"] = pages.shared_servers


def pytest_leave_pdb(config: pytest.Config) -> None:
    pages = config.stash.get(_PAGES, None)
    if pages is not None and "servers" in pages.__dict__:
        pages.servers.after_debugger()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Before a worker of pytest-xdist says that it has finished, and after the workers of a
    controller have."""
    yield
    pages = session.config.stash.get(_PAGES, None)
    if pages is None:
        return
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
        self.targets = list(dict.fromkeys(named))
        if self.targets != [DEFAULT_TARGET]:
            _check_targets(self.targets)
        self._dialects: dict[Path, Dialect] = {}
        self._ahead: dict[str, Ahead] = {}
        self._places: dict[pytest.Item, int] = {}

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
    def labels(self) -> Labels:
        from crossnotes.program import Labels

        return Labels(self.settings.tabs, self.settings.elsewhere)

    def read(self, path: Path) -> tuple[Page, list[Problem]]:
        """A page, and what its author has to mend. Raises dialects.ConfError."""
        from crossnotes import reader
        from crossnotes.program import tab_problems

        resolved, root = _resolved(path.parent) / path.name, self.settings.root
        inside = resolved.is_relative_to(root)
        shown_as = str(resolved.relative_to(root) if inside else path)
        page = reader.read(path, shown_as, self._dialect(path.parent))
        return page, [*page.problems, *tab_problems(page, self.labels)]

    def _dialect(self, folder: Path) -> Dialect:
        from crossnotes import dialects
        from crossnotes.reader import Dialect
        from crossnotes.targets import every_target

        if folder not in self._dialects:
            names = frozenset(every_target())
            myst = dialects.myst_of(dialects.conf_folder(folder, self.settings.root))
            self._dialects[folder] = Dialect(self.settings.show_only, names, myst)
        return self._dialects[folder]

    def programs(self, page: Page, target: str) -> list[Program]:
        """The programs of a page on a target."""
        from crossnotes.program import programs, targets_of
        from crossnotes.targets import every_target

        if target not in targets_of(page, self.labels, list(every_target())):
            return []
        found = programs(page, target, self.labels)
        return [program for program in found if program.snippets or program.excused]

    # -- running them ----------------------------------------------------------------------------

    @cached_property
    def servers(self) -> Servers:
        """Raises ProjectError where the Django project is none."""
        from crossnotes.run import project as projects
        from crossnotes.run.servers import Servers

        settings = self.settings
        project = None
        if settings.django:
            project = projects.find(settings.root / settings.django, settings.settings)
        shared = getattr(self.config, "workerinput", {}).get("crossnotes", {})
        return Servers(settings, project, shared.get("environments"), shared.get("problems"))

    @cached_property
    def shared_servers(self) -> dict[str, dict[str, Any]]:
        """How the workers of pytest-xdist find the servers that we start, or why there are none."""
        from crossnotes.targets import TargetError

        environments: dict[str, dict[str, str]] = {}
        problems: dict[str, str] = {}
        for target in self.targets:
            try:
                environments[target] = dict(self.servers.share(target))
            except TargetError as error:
                problems[target] = str(error)
        return {"environments": environments, "problems": problems}

    @cached_property
    def debugged(self) -> bool:
        return bool(self.config.getoption("usepdb", False))

    def inside(self, target: str) -> InsideSupervisor:
        """What runs pages inside pytest."""
        supervisor = self.servers.inside(target)
        supervisor.passing = (
            KeyboardInterrupt,
            bdb.BdbQuit,
            pytest.exit.Exception,
            pytest.skip.Exception,
        )
        supervisor.interpreter.hold = self.debugged
        return supervisor

    def ahead(self, supervisor: Supervisor) -> Ahead:
        """What runs programs on a target together with those that follow."""
        from crossnotes.run.together import Ahead

        name = supervisor.target.name
        if name not in self._ahead:
            self._ahead[name] = Ahead(supervisor)
        return self._ahead[name]

    def following(self, item: PageItem, program: Program) -> Iterator[Program]:
        """The programs on the target of `program` that pytest will ask for after it; none where
        it could be otherwise: the first failure ends the session, or other workers take some."""
        if self.config.getoption("maxfail") or hasattr(self.config, "workerinput"):
            return
        items = item.session.items
        if not self._places:
            self._places = {each: place for place, each in enumerate(items)}
        programs = item.programs
        yield from programs[programs.index(program) + 1 :]
        for place in range(self._places[item] + 1, len(items)):
            each = items[place]
            if not isinstance(each, PageItem) or each.name != item.name:
                continue
            # A mark may mean that it is not to be run.
            if each.is_inside or any(each.iter_markers()):
                return
            yield from each.programs

    def close(self) -> None:
        if "servers" in self.__dict__:
            self.servers.close()


def _check_targets(names: Sequence[str]) -> None:
    from crossnotes.targets import every_target

    for name in names:
        if name not in every_target():
            known = ", ".join(every_target())
            raise pytest.UsageError(f"unknown target {name!r}; known are: {known}")


@cache
def _resolved(folder: Path) -> Path:
    return folder.resolve()


# -- collection -----------------------------------------------------------------------------------


class PageFile(pytest.Module):
    """One page. It is a Module since that is where fixtures of module scope belong, as pytest's
    own collector of text files is one."""

    obj = None

    def collect(self) -> Iterable[PageItem]:
        from crossnotes.dialects import ConfError

        pages = self.config.stash[_PAGES]
        assert pages is not None
        try:
            page, problems = pages.read(self.path)
        except ConfError as error:
            raise self.CollectError(str(error)) from error
        kind = FixtureItem if page.fixtures else PageItem
        given = {"callobj": _with_fixtures(page.fixtures)} if page.fixtures else {}
        found = False
        for target in pages.targets:
            if programs := pages.programs(page, target):
                found = True
                yield kind.from_parent(
                    self, name=target, page=page, programs=programs, problems=problems, **given
                )
        if problems and not found:
            yield PageItem.from_parent(self, name="page", page=page, programs=(), problems=problems)


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
        page: Page,
        programs: Sequence[Program],
        problems: Sequence[Problem],
        **others: Any,
    ) -> None:
        super().__init__(**others)
        self.page = page
        self.programs = programs
        self.problems = problems
        self.results: Sequence[Result] = ()
        #: What runs it, where that is inside pytest.
        self.inside: InsideSupervisor | None = None
        lines = [problem.line for problem in problems]
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
            for program in self.programs:
                results = self._results(program)
                found += results
                lines += self._failure_lines(results)
                if lines and self.is_inside:
                    break
        finally:
            self.results = one_per_snippet(found)
            self._report()
        if lines:
            self._raise(PageFailedError("\n".join(dict.fromkeys(lines))))
        if all(result.status == "excused" for result in self.results):
            reasons = dict.fromkeys(result.reason for result in self.results)
            self._raise(pytest.skip.Exception("; ".join(reasons)))

    def _results(self, program: Program) -> list[Result]:
        supervisor = self._supervisor(program)
        if self.is_inside:
            return supervisor.results(program)
        ahead = self.pages.ahead(supervisor)
        try:
            return ahead.results(program, self.pages.following(self, program))
        except BaseException:
            # Of pytest, such as a deadline; the worker may be amid a block.
            ahead.forget()
            raise

    def _supervisor(self, program: Program) -> Supervisor:
        from crossnotes.run.project import ProjectError
        from crossnotes.targets import TargetError

        try:
            if not self.is_inside:
                return self.pages.servers.supervisor(program.target)
            self.inside = self.pages.inside(program.target)
        except (ProjectError, TargetError) as error:
            problem = str(error)
        else:
            self.inside.interpreter.given = self.given
            return self.inside
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
        version = self.pages.servers.server(self.name).identity.version
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
        if self.inside is not None and self.inside.interpreter.error is not None:
            namespace = self.inside.interpreter.namespace
            if frame := self.inside.interpreter.page_frames():
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

    def _supervisor(self, program: Program) -> Supervisor:
        from crossnotes.run.inside import problem_of

        if problem := problem_of(program):
            line, reason = problem
            self._refuse(line, f"{reason}, and pages with fixtures run inside pytest")
        supervisor = super()._supervisor(program)
        assert self.inside is not None
        self.inside.moves = not self.has_moved
        return supervisor


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
    report.write_text(head + ElementTree.tostring(tree, encoding="unicode"), encoding="utf-8")
