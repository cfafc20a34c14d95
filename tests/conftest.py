"""A repository of a test's own, and TiDB stand-ins for those that need a server."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crossnotes import cli
from crossnotes import config as configuration
from crossnotes.book import Book, Source
from crossnotes.page import Page
from crossnotes.result import Result
from crossnotes.run import project as projects
from crossnotes.run.benches import Benches, Options, opened
from crossnotes.run.driver import Driver, TargetRun
from crossnotes.targets import Identity, Server, every_target, keeper, mariadb, mysql, tidb

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
PAGES = Path(__file__).parent / "pages"
STANDIN = Path(__file__).parent / "standin" / "tidb-server"

#: What `make test` brought, found before each test gets a cache of its own.
MYSQLD = os.environ.get("MYSQLD") or str(mysql.downloaded())

#: Variables by which the person who runs the tests would reach into them.
_OUTSIDE = (
    "TIDB_",
    "CROSSNOTES_",
    "DJANGO_",
    "CA_PATH",
    "COVERAGE_",
    "MYSQLD",
    "DB_",
    "GITHUB_ACTIONS",
)

SETTINGS = """\
[tool.crossnotes]
dotenv = ["GREETING"]

[tool.crossnotes.tabs]
"MariaDB" = "mariadb"
"MySQL" = "mysql"
"Oracle" = "oracle"
"PostgreSQL" = "postgresql"
"SQLite" = "sqlite"
"TiDB Serverless" = "tidb-serverless"
"TiDB Dedicated" = "tidb-dedicated"
"TiDB Self-Hosted" = "tidb-self-hosted"

[tool.crossnotes.elsewhere]
"macOS" = "not run on macOS"

[tool.crossnotes.languages]
en = "English"
ja = "日本語"

[tool.crossnotes.connection]
TIDB_HOST = "host"
TIDB_PORT = "port"
TIDB_USER = "user"
TIDB_PASSWORD = "password"
TIDB_DB_NAME = "database"
CA_PATH = "ca"
DB_ENGINE = "engine"
DB_HOST = "host"
DB_PORT = "port"
DB_USER = "user"
DB_PASSWORD = "password"
DB_NAME = "database"
"""


def _begin_children_with_default_signals() -> None:
    """`make test &` in a script, or under nohup, begins with signals ignored, and what it starts
    would, too: no Ctrl-C that a test sends would end it. A handler ends with the process that has
    it, unlike what is ignored; it ignores the signal for us as before."""
    for number in keeper.SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda number, frame: None)


_begin_children_with_default_signals()


@pytest.fixture(autouse=True)
def _nothing_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    # A container takes minutes; tests/targets/test_containers.py asks for them.
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for name in list(os.environ):
        if name.startswith(_OUTSIDE):
            monkeypatch.delenv(name)


@dataclass(frozen=True)
class Outcome:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Repository:
    """A folder with pages in docs/, settings, and the Django project of tests/pages/project."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def django(self) -> Path:
        return self.root / "project"

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def page(self, text: str, name: str = "a.md") -> Path:
        return self.write(f"docs/{name}", text)

    def with_django(self) -> "Repository":
        shutil.copytree(PAGES / "project", self.django)
        return self

    @property
    def book(self) -> Book:
        return Book(configuration.find(self.root))

    def sources(self, book: Book) -> list[Source]:
        return book.sources([str(self.root / "docs")])

    def parsed(self) -> list[Page]:
        """Every page, read."""
        book = self.book
        return [book.read(source).page for source in self.sources(book)]

    def run(
        self,
        *,
        target: str = "sqlite",
        jobs: int = 1,
        fail_fast: bool = False,
        options: Options | None = None,
    ) -> TargetRun:
        """Run every page on one target, by the driver itself."""
        book = self.book
        project = projects.find(self.django) if self.django.exists() else None
        environment = self.environment
        with opened(Benches(book.config, project, environment, options or Options())) as benches:
            driver = Driver(book, benches, jobs, fail_fast)
            (done,) = driver.on([every_target()[target]], self.sources(book))
        assert "mistake in crossnotes" not in done.problem, done.problem
        return done

    def results(self, text: str, *, target: str = "sqlite") -> list[Result]:
        """The results of one page."""
        self.page(text)
        done = self.run(target=target)
        assert not done.problem, done.problem
        return done.results

    def failure(self, text: str, *, target: str = "sqlite") -> tuple[int, str]:
        """The line and the message of a page's one failure."""
        failed = [r.failure for r in self.results(text, target=target) if r.status == "failed"]
        assert len(failed) == 1
        assert failed[0] is not None
        return failed[0].line, failed[0].message

    def crossnotes(self, *arguments: str | Path) -> Outcome:
        """The command line, inside this process; an exception that escapes is the test's."""
        with contextlib.chdir(self.root):
            done = CliRunner(catch_exceptions=False).invoke(
                cli.main, [str(argument) for argument in arguments], prog_name="crossnotes"
            )
        return Outcome(done.exit_code, done.stdout, done.stderr)

    def json(self, path: str) -> Any:
        return json.loads((self.root / path).read_text(encoding="utf-8"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository without pages and without a Django project."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return Repository(root)


@pytest.fixture
def project(repository: Repository) -> Repository:
    """A repository with a small Django project."""
    return repository.with_django()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- processes ------------------------------------------------------------------------------------


def processes_with(text: str) -> list[int]:
    """The processes whose command line or environment names `text`, zombies left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            of_process = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            if text.encode() in of_process:
                found.append(int(folder.name))
    return found


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not our child has ended; fail if it lives on."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], 60)
    finally:
        os.close(descriptor)
    assert ended, f"process {pid} lives on"


# -- disks ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own at `folder`, so large; what the folder held is copied into it. Skips
    the test where we may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        for name, data in held.items():
            (folder / name).write_bytes(data)
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


# -- TiDB -----------------------------------------------------------------------------------------


def standin_identity(cursor: Any) -> Identity:
    """For the stand-in alone: it has no TIDB_VERSION()."""
    cursor.execute("SELECT VERSION()")
    return Identity(cursor.fetchone()[0], "Release Version: v8.5.3\nStand-in: MariaDB")


def missing_for_standins() -> str:
    if missing := mariadb.missing(os.environ):
        return f"not installed: {missing}"
    try:
        import django_tidb
        import MySQLdb
    except ImportError as error:
        return f"{error.name} is not installed"
    del django_tidb, MySQLdb
    return ""


@pytest.fixture(scope="session")
def needs_mariadb() -> None:
    """Skips what cannot be tested without MariaDB's server and mysqlclient."""
    if missing := missing_for_standins():
        pytest.skip(missing)


@pytest.fixture
def identified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in passes for a TiDB. Nothing else is ever replaced."""
    monkeypatch.setattr(tidb, "identify", standin_identity)


@dataclass(frozen=True)
class StandIns:
    """The three deployments, started once by the code that starts a tidb-server."""

    servers: Mapping[str, Server]

    def account(self, deployment: str) -> tidb.Account:
        server = self.servers[deployment]
        assert isinstance(server, tidb.Cluster)
        return server.account

    def environment(self, deployment: str) -> dict[str, str]:
        """The variables that name this deployment as an external cluster."""
        account = self.account(deployment)
        return {
            "TIDB_DEPLOYMENT": deployment,
            "TIDB_HOST": account.host,
            "TIDB_PORT": str(account.port),
            "TIDB_USER": account.user,
            "TIDB_PASSWORD": account.password,
            "CA_PATH": account.ca,
        }

    def databases(self, deployment: str) -> list[str]:
        """The databases that runs have left there."""
        with tidb.connected(self.account(deployment)) as cursor:
            cursor.execute("SHOW DATABASES LIKE 'crossnotes\\_%'")
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture(scope="session")
def standins(needs_mariadb: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    servers: dict[str, Server] = {}
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr(tidb, "identify", standin_identity)
        for deployment in tidb.DEPLOYMENTS:
            offer = every_target()[f"tidb-{deployment}"].look({"TIDB_SERVER": str(STANDIN)})
            assert offer.start is not None, offer.problem
            folder = tmp_path_factory.mktemp(deployment)
            servers[deployment] = offer.start(folder)
            stack.callback(servers[deployment].close)
        patch.undo()
        yield StandIns(servers)


# -- PostgreSQL, MariaDB, MySQL -------------------------------------------------------------------


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder that a server which drops root's rights can reach, unlike tmp_path."""
    with tempfile.TemporaryDirectory(prefix="crossnotes-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        folder = Path(name, "server")
        folder.mkdir()
        yield folder


@dataclass
class LiveServers:
    """Real servers, each started when a test first asks for it."""

    folder: Path
    stack: contextlib.ExitStack
    servers: dict[str, Server] = field(default_factory=dict)

    def environment(self, target: str) -> dict[str, str]:
        """The variable that names the server as an external one."""
        share = every_target()[target].share
        assert share is not None
        return dict(share(self.server(target)))

    def server(self, target: str) -> Server:
        """The server; skips the test where its programs are not installed."""
        if target not in self.servers:
            offer = every_target()[target].look({**os.environ, "MYSQLD": MYSQLD})
            if offer.start is None:
                pytest.skip(offer.problem)
            folder = self.folder / target
            folder.mkdir()
            self.servers[target] = offer.start(folder)
            self.stack.callback(self.servers[target].close)
        return self.servers[target]


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One for all tests of a process: Playwright runs once in each."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServers]:
    with (
        tempfile.TemporaryDirectory(prefix="crossnotes-test-", ignore_cleanup_errors=True) as name,
        contextlib.ExitStack() as stack,
    ):
        Path(name).chmod(0o755)
        yield LiveServers(Path(name), stack)


def files_of(page: str) -> dict[str, str]:
    """The files that the blocks of one of our own pages are, each with its text."""
    book = Book(configuration.find(REPOSITORY))
    (source,) = book.sources([str(REPOSITORY / page)])
    snippets = book.read(source).page.snippets
    return {s.options["file"]: s.code.rstrip("\n") + "\n" for s in snippets if "file" in s.options}


def command(
    *arguments: str | Path, cwd: Path, environment: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crossnotes", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def failures(results: Sequence[Result]) -> list[tuple[int, str]]:
    """Line and message of every failure."""
    return [(r.failure.line, r.failure.message) for r in results if r.failure is not None]
