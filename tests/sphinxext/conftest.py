"""A small repository with our real settings, templates and scripts, built in both languages."""

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from crossnotes.site import build as site
from crossnotes.site.project import find

REPOSITORY = Path(__file__).parents[2]
ROOTS = Path(__file__).parent / "roots"

Read = Callable[[str], str]

#: What [tool.crossnotes] says in the repository, and a root has none of.
LANGUAGES = 'crossnotes_languages = {"en": "English", "ja": "日本語"}\n'


def copy_root(name: str, target: Path) -> Path:
    """A root as a repository of its own, with the real conf.py."""
    shutil.copytree(ROOTS / name, target)
    shutil.copy(REPOSITORY / "conf.py", target)
    with (target / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(LANGUAGES)
    return target


@dataclass(frozen=True)
class Outcome:
    """What one Sphinx build wrote and said."""

    out: Path
    exit_code: int
    messages: str

    def read(self, path: str) -> str:
        return (self.out / path).read_text(encoding="utf-8")


def sphinx_build(root: Path, language: str = "en", builder: str = "html") -> Outcome:
    """Build a root as `make html` does, strict."""
    out = root / "build" / builder / language
    doctrees = root / "build" / "doctrees" / builder / language
    project = find(root)
    command = site.sphinx(project, builder, out, doctrees, "-n", "-W", "--keep-going")
    build = site.run_sphinx(command, project, language)
    return Outcome(out, build.exit_code, build.messages)


def write_root(root: Path, pages: dict[str, str]) -> Path:
    """A root of the given pages."""
    copy_root("empty", root)
    for name, text in pages.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def without(root: Path, *extensions: str) -> Path:
    """The root with some of our files left out, to see whether upstream still has the fault."""
    lines = [
        "from crossnotes import mends, site",
        f"left_out = {extensions!r}",
        "mends.MENDS[:] = [mend for mend in mends.MENDS if mend.name not in left_out]",
        "site.EXTENSIONS[:] = [name for name in site.EXTENSIONS if name not in left_out]",
    ]
    conf = root / "conf.py"
    text = conf.read_text(encoding="utf-8")
    conf.write_text("\n".join([text, *lines, ""]))
    return root


@pytest.fixture(scope="session", autouse=True)
def _our_package_is_found() -> Iterator[None]:
    """The builds run elsewhere, and crossnotes need not be installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(REPOSITORY), prepend=os.pathsep)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Make a root of pages written in the test."""
    return lambda pages: write_root(tmp_path / "root", pages)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """build/html of the root "site", made by crossnotes.site itself."""
    root = copy_root("site", tmp_path_factory.mktemp("site") / "root")
    assert site.build(root=root) == 0
    return root / "build" / "html"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """build/html of our own pages, as a reader who cloned the repository would build it."""
    root = tmp_path_factory.mktemp("published") / "root"
    for name in ("docs", "ledger", "locale", "snippets"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("*.mo"))
    for name in ("conf.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, root)
    assert site.build(root=root, offline=True) == 0
    return root / "build" / "html"


@pytest.fixture(scope="session")
def unfixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root "site" after a Japanese build without our fixes."""
    root = copy_root("site", tmp_path_factory.mktemp("unfixed") / "root")
    without(root, "axefix", "leading_marks", "reown", "search_ja", "copybutton_ja")
    sphinx_build(root, "ja")
    return root


@pytest.fixture(scope="session")
def read(built: Path) -> Read:
    """A built page's HTML: `read("ja/tabs.html")`."""
    return lambda path: (built / path).read_text(encoding="utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Not in the test's output."""


class Host(Quiet):
    """Answers as a host does: with the 404 page of a language, wherever nothing is."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        language = self.path.split("/")[1]
        body = Path(self.directory, language, "404.html").read_bytes()
        self.send_response(HTTPStatus(code))
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serve(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """A folder on the loopback, at a free port."""
    in_folder = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), in_folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def url(built: Path) -> Iterator[str]:
    """The built site, served on the loopback."""
    with serve(built) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a visitor who has not been here before; any script error fails the test."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture
def page_without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True
    ).stdout
