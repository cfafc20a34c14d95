"""Every command on inputs that are broken: each says what is wrong, where, and ends. None ends in a
traceback of ours, none hangs, and none loses what was there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Outcome, Repository, mounted

#: Seconds after which a command counts as one that hangs, on a machine that others use too.
LIMIT = 240

PAGE = """\
# Home

A sentence.

```python
print(1 + 1)
```
```{output}
2
```
"""

PO = """\
msgid ""
msgstr ""
"Language: ja\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

#: docs/index.md
msgid "Home"
msgstr "ホーム"

#: docs/index.md
msgid "A sentence."
msgstr "一つの文です。"
"""

CATALOGUE = "locale/ja/LC_MESSAGES/index.po"
GLOSSARY = "locale/ja/glossary.toml"
REGISTRATION = "state/crossnotes/runs/crossnotes_0123456789.json"

#: The commands, by the word that the table has for each.
COMMANDS: Mapping[str, Sequence[str]] = {
    "list": ["list", "docs"],
    "test": ["test", "docs", "--ledger", "build/ledger", "--json", "a.json", "--junit", "a.xml"],
    "env-file": ["test", "docs", "--env-file", "servers.env"],
    "html": ["html"],
    "ledgers-from": ["ledgers-from", "given"],
    "intl": ["intl"],
    "intl-status": ["intl-status"],
    "intl-check": ["intl-check"],
}
SITE = ("html", "intl", "intl-check")
PAGES = ("list", "test")
CATALOGUES = ("html", "intl", "intl-status", "intl-check")

Break = Callable[[Path], object]


@dataclass(frozen=True)
class Broken:
    """An input, what breaks it, the commands that meet it, and words that each has to say; one of
    which nothing has to be said succeeds."""

    name: str
    break_it: Break
    commands: Sequence[str]
    said: str = ""
    #: Whether the command does its work all the same.
    goes_on: bool = False


# -- ways to break --------------------------------------------------------------------------------


def text(path: str, content: str | bytes) -> Break:
    def write(root: Path) -> None:
        file = _gone(root / path)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def appended(path: str, content: str) -> Break:
    def append(root: Path) -> None:
        with (root / path).open("a", encoding="utf-8") as file:
            file.write(content)

    return append


def replaced(path: str, old: str, new: str) -> Break:
    def replace(root: Path) -> None:
        before = (root / path).read_text(encoding="utf-8")
        assert old in before
        (root / path).write_text(before.replace(old, new), encoding="utf-8")

    return replace


def link(path: str, to: str) -> Break:
    return lambda root: _gone(root / path).symlink_to(to)


def pipe(path: str) -> Break:
    return lambda root: os.mkfifo(_gone(root / path))


def folder(path: str) -> Break:
    return lambda root: _gone(root / path).mkdir()


def all_of(*breaks: Break) -> Break:
    return lambda root: [each(root) for each in breaks]


def named(name: bytes) -> Break:
    def write(root: Path) -> None:
        with open(os.fsencode(root / "docs") + b"/" + name, "w", encoding="utf-8") as file:
            file.write(f"---\norphan: true\n---\n{PAGE}")

    return write


def _gone(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
    return path


def page(body: str) -> Break:
    return text("docs/b.md", f"---\norphan: true\n---\n# B\n\n{body}")


def pages_that_include_the_next_twice(root: Path) -> None:
    for number in range(20):
        twice = f"```{{include}} part{number + 1}.txt\n```\n" * 2
        text(f"docs/part{number}.txt", f"Part.\n\n{twice}")(root)
    text("docs/part20.txt", "The end.\n")(root)
    page("```{include} part0.txt\n```\n")(root)


DEEP = "[" * 5000 + "]" * 5000
NESTED = "".join(f"{':' * (1003 - n)}{{note}}\n" for n in range(1000))

TABLE = [
    Broken("conf.py that prints", appended("conf.py", "print('{}')\nprint('[1]')\n"), ("list",)),
    Broken(
        "conf.py whose child prints",
        appended("conf.py", "import os\nos.system('echo hello')\n"),
        ("list",),
    ),
    Broken(
        "conf.py that ends the process",
        appended("conf.py", "import os\nos._exit(0)\n"),
        ("list", "html", "intl"),
        "end",
    ),
    Broken("conf.py that exits", appended("conf.py", "raise SystemExit\n"), PAGES, "conf.py"),
    Broken(
        "conf.py that raises",
        appended("conf.py", "raise ValueError('oh')\n"),
        ("list", *SITE),
        "ValueError: oh",
    ),
    Broken("conf.py that is no Python", text("conf.py", "x = (\n"), SITE, "conf.py:1: '(' was"),
    Broken("conf.py that is not UTF-8", text("conf.py", b"x = '\xff'\n"), SITE, "not UTF-8"),
    Broken("conf.py with a NUL", text("conf.py", b"x = 1\0\n"), SITE, "conf.py:1: source"),
    Broken("conf.py that is a folder", folder("conf.py"), SITE, "conf.py: cannot read"),
    Broken("conf.py that links to itself", link("conf.py", "conf.py"), SITE, "conf.py: cannot"),
    Broken(
        "languages that are a list",
        appended("conf.py", "crossnotes_languages = ['en']\n"),
        SITE,
        "has to be a dict of codes",
    ),
    # -- pyproject.toml
    Broken(
        "pyproject.toml that is no TOML",
        text("pyproject.toml", "[tool"),
        ("list", *SITE),
        "pyproject.toml: not TOML",
    ),
    Broken(
        "pyproject.toml that is not UTF-8",
        text("pyproject.toml", b"\xff"),
        ("list", *SITE),
        "pyproject.toml: not TOML",
    ),
    Broken(
        "pyproject.toml 5,000 deep",
        text("pyproject.toml", f"x = {DEEP}"),
        ("list", *SITE),
        "nested too deep",
    ),
    Broken(
        "pyproject.toml that links to itself",
        link("pyproject.toml", "pyproject.toml"),
        ("list", *SITE),
        "pyproject.toml: cannot read",
    ),
    Broken(
        "setting of the wrong type",
        text("pyproject.toml", "[tool.crossnotes]\ntabs = [1]\n"),
        ("list", *SITE),
        "tabs in [tool.crossnotes] must be a table",
    ),
    Broken(
        "setting that is unknown",
        text("pyproject.toml", "[tool.crossnotes]\nx = 1\n"),
        ("list", *SITE),
        "unknown key 'x'",
    ),
    Broken("settings that are no table", text("pyproject.toml", "tool = 1"), SITE, "[tool] must"),
    # -- pages
    Broken("page that is not UTF-8", text("docs/b.md", b"# B\n\xff\n"), PAGES, "docs/b.md:2: not"),
    Broken("page with a NUL", text("docs/b.md", b"# B\n\0\n"), PAGES),
    Broken("page that is a pipe", pipe("docs/b.md"), (*PAGES, *SITE), "a pipe"),
    Broken("page that is endless", link("docs/b.md", "/dev/zero"), (*PAGES, *SITE), "a device"),
    Broken("page that is a folder", folder("docs/b.md"), PAGES, "docs/b.md:1: cannot read"),
    Broken("page that links nowhere", link("docs/b.md", "nowhere"), (*PAGES, *SITE), "No such"),
    Broken(
        "page that links to itself",
        link("docs/b.md", "b.md"),
        PAGES,
        "docs/b.md:1: cannot read: Too many levels",
    ),
    Broken("link to itself, built", link("docs/b.md", "b.md"), SITE, "docs/b.md: cannot read"),
    Broken(
        "front matter 5,000 deep",
        text("docs/b.md", f"---\nx: {DEEP}\n---\n# B\n"),
        PAGES,
        "docs/b.md:2: front matter is nested too deep",
    ),
    Broken(
        "options 5,000 deep",
        page(f"```{{code-block}} text\n---\nx: {DEEP}\n---\nx\n```\n"),
        PAGES,
    ),
    Broken(
        "front matter that holds itself",
        text("docs/b.md", "---\na: &a [*a]\nsubstitutions: &s {x: *s}\n? [k]\n: 1\n---\n# B\n"),
        PAGES,
    ),
    Broken(
        "directives 1,000 deep",
        page(NESTED),
        PAGES,
        "directives are nested more than 50 deep",
    ),
    Broken(
        "directives 1,000 deep, built",
        page(NESTED),
        ("html",),
        "docs/b.md: Sphinx cannot read this page",
    ),
    Broken("quotes 2,000 deep", page(">" * 2000 + " x\n"), PAGES),
    Broken(
        "include of a pipe",
        all_of(pipe("docs/part.txt"), page("```{include} part.txt\n```\n")),
        (*PAGES, *SITE),
        "a pipe",
    ),
    Broken(
        "include of a device",
        page("```{include} ../../../../../../../../../../dev/zero\n```\n"),
        PAGES,
        "docs/b.md:6: cannot read zero: it is a device",
    ),
    Broken(
        "listing of a device",
        page("```{literalinclude} /dev/zero\n:language: text\n```\n"),
        ("test",),
        "cannot read zero: it is a device",
    ),
    Broken(
        "files that include each other",
        pages_that_include_the_next_twice,
        (*PAGES, "html"),
        "includes more than 500 files",
    ),
    Broken("name that is not UTF-8", named(b"b\xff.md"), SITE, "b\\xff.md: the name is not UTF-8"),
    Broken("name that is not UTF-8, run", named(b"b\xff.md"), PAGES),
    Broken("name of two lines", named(b"b\nc.md"), SITE, "a name of several lines"),
    Broken(
        "what editors leave, built",
        all_of(
            link("docs/.#index.md", "me@host.123:456"),
            text("docs/.ipynb_checkpoints/index-checkpoint.md", PAGE),
        ),
        ("html",),
    ),
    Broken(
        "what editors leave, run",
        all_of(
            link("docs/.#index.md", "me@host.123:456"),
            text("docs/.ipynb_checkpoints/index-checkpoint.md", "```nonsense\n```\n"),
        ),
        PAGES,
    ),
    # -- catalogues
    Broken(
        "catalogue in a charset that nobody knows",
        replaced(CATALOGUE, "charset=utf-8", "charset=klingon"),
        CATALOGUES,
        "index.po:5: unknown encoding: klingon; write charset=utf-8 in its head",
    ),
    Broken(
        "catalogue that is cut",
        text(CATALOGUE, PO[:-9]),
        CATALOGUES,
        "index.po:15: not a line of a catalogue: ",
    ),
    Broken(
        "catalogue that is cut after a message",
        text(CATALOGUE, PO[: PO.rindex("msgstr")]),
        CATALOGUES,
        "index.po:14: a message without a msgstr; is the file incomplete?",
    ),
    Broken(
        "catalogue that is cut in a message",
        text(CATALOGUE, PO[: PO.index("sentence")]),
        CATALOGUES,
        "index.po:",
    ),
    Broken(
        "catalogue that is not UTF-8",
        text(CATALOGUE, PO.encode() + b'\nmsgid "\xff"\nmsgstr "x"\n'),
        CATALOGUES,
        "index.po:17: not UTF-8: byte 0xff",
    ),
    Broken("catalogue of bytes", text(CATALOGUE, bytes(range(256)) * 10), CATALOGUES, "index.po:"),
    Broken("catalogue that is a folder", folder(CATALOGUE), CATALOGUES, "index.po: cannot read"),
    Broken(
        "catalogue that links to itself", link(CATALOGUE, "index.po"), CATALOGUES, "cannot read"
    ),
    Broken(
        "catalogue with a date that is none",
        replaced(CATALOGUE, '"MIME', '"PO-Revision-Date: yesterday\\n"\n"MIME'),
        CATALOGUES,
        "index.po: not a catalogue: ValueError",
    ),
    Broken("glossary that is no TOML", text(GLOSSARY, "[x"), ("intl-check",), "glossary.toml"),
    Broken("glossary that is a folder", folder(GLOSSARY), ("intl-check",), "glossary.toml: cannot"),
    Broken("glossary 5,000 deep", text(GLOSSARY, f"x = {DEEP}"), ("intl-check",), "too deep"),
    # -- what runs leave, and what others made
    Broken("cache that is a file", text("cache", "x"), ("list",)),
    Broken("cache that is a file, run", text("cache", "x"), ("test",)),
    Broken("state that is a file", text("state", "x"), ("test",)),
    Broken("registration that is a list", text(REGISTRATION, "[1]"), ("test",)),
    Broken(
        "registration of another shape",
        lambda root: text(
            REGISTRATION,
            f'{{"machine": "{socket.gethostname()}", "folder": 3, "servers": 7}}',
        )(root),
        ("test",),
    ),
    Broken(
        "folder of ledgers that is a file",
        text("build/ledger", "x"),
        ("test",),
        "'build/ledger' is a file",
    ),
    Broken(
        "ledger that is a folder",
        folder("build/ledger/sqlite.json"),
        ("test",),
        "it is kept as build/ledger/sqlite.broken, and replaced",
        goes_on=True,
    ),
    Broken("ledgers of others that are none", text("given/a.json", "[1]"), ("ledgers-from",), "a."),
    Broken(
        "line of --env-file that cannot be read",
        text("servers.env", "CROSSNOTES_MYSQL_URL mysql://root@h/\n"),
        ("env-file",),
        "servers.env:1: ",
    ),
    Broken(
        "--env-file that is not UTF-8", text("servers.env", b"A=\xff\n"), ("env-file",), "UTF-8"
    ),
]


def cases() -> Iterator[object]:
    for broken in TABLE:
        for command in broken.commands:
            name = f"{broken.name} × {command}"
            yield pytest.param(broken, command, id=name)


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Raise a TimeoutError in what hangs."""

    def over(number: int, frame: object) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def small(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Repository]:
    """A repository in which every command succeeds, with our settings of Sphinx or without."""

    def make(with_sphinx: bool) -> Repository:
        repository.page(PAGE, "index.md")
        monkeypatch.setenv("XDG_CACHE_HOME", str(repository.root / "cache"))
        monkeypatch.setenv("XDG_STATE_HOME", str(repository.root / "state"))
        monkeypatch.setenv("PYTHONPATH", str(REPOSITORY), prepend=os.pathsep)
        if with_sphinx:
            shutil.copy(REPOSITORY / "conf.py", repository.root)
            repository.write(CATALOGUE, PO)
        return repository

    return make


def run(repository: Repository, command: str) -> Outcome:
    with no_longer_than(LIMIT):
        return repository.crossnotes(*COMMANDS[command])


@pytest.mark.parametrize(("broken", "command"), list(cases()))
def test_broken_input_is_told(
    small: Callable[[bool], Repository], broken: Broken, command: str
) -> None:
    with_sphinx = command in CATALOGUES or "conf" in broken.name
    repository = small(with_sphinx)
    broken.break_it(repository.root)
    before = kept(repository.root)
    done = run(repository, command)
    everything = done.out + done.err
    assert "Traceback" not in everything
    assert "mistake in crossnotes" not in everything
    assert broken.said in everything
    assert (done.code != 0) == (bool(broken.said) and not broken.goes_on), everything
    assert kept(repository.root) == before


def kept(root: Path) -> dict[str, bytes]:
    """What a person wrote."""
    found = [path for name in ("docs", "locale") for path in (root / name).rglob("*")]
    return {
        str(path): path.read_bytes()
        for path in found
        if path.is_file() and not path.is_char_device() and path.suffix != ".mo"
    }


def test_results_are_not_lost_to_a_name_that_is_not_utf_8(
    small: Callable[[bool], Repository],
) -> None:
    repository = small(False)
    named(b"b\xff.md")(repository.root)
    done = run(repository, "test")
    assert done.code == 0, done.err
    pages = {result["page"] for result in repository.json("a.json")["results"]}
    assert pages == {"docs/index.md", "docs/b\udcff.md"}
    assert "docs/index.md" in (repository.root / "a.xml").read_text(encoding="utf-8")
    assert {r["page"] for r in repository.json("build/ledger/sqlite.json")["results"]} == pages


@pytest.mark.parametrize("full", ["build/ledger", "out"])
def test_full_disk_is_told_and_costs_no_other_output(
    small: Callable[[bool], Repository], full: str
) -> None:
    repository = small(False)
    repository.page("```python\nprint('x' * 100_000)\n```\n", "large.md")
    with mounted(repository.root / full, "64k"):
        done = run_all(repository)
        assert done.code != 0
        assert "No space left on device" in done.out + done.err
        assert "sqlite" in done.out, "the summary is lost"
    for path in ("build/ledger/sqlite.json", "out/a.json", "a.xml"):
        if not path.startswith(full):
            assert (repository.root / path).is_file(), f"{path} is lost"


def run_all(repository: Repository) -> Outcome:
    outputs = ("--ledger", "build/ledger", "--json", "out/a.json", "--junit", "a.xml")
    with no_longer_than(LIMIT):
        return repository.crossnotes("test", "docs", *outputs)


def test_update_on_a_full_disk_leaves_the_page(small: Callable[[bool], Repository]) -> None:
    repository = small(False)
    many = "".join(f"- Line {number}.\n" for number in range(2000))
    page = f"# A\n\n```python\nprint('x' * 40_000)\n```\n```{{output}}\nx\n```\n\n{many}The end.\n"
    with mounted(repository.root / "docs", "84k"):
        path = repository.page(page, "index.md")
        with no_longer_than(LIMIT):
            done = repository.crossnotes("test", "docs", "--update")
        assert done.code == 1
        assert "docs/index.md:1: cannot write: No space left on device" in done.out
        assert path.read_text(encoding="utf-8") == page
        assert os.listdir(path.parent) == ["index.md"]


def test_run_under_nohup_outlives_its_terminal(small: Callable[[bool], Repository]) -> None:
    repository = small(False)
    said = repository.root / "said"
    wait = f"import time\nopen({str(said)!r}, 'w').close()\ntime.sleep(2)\nprint(2)"
    repository.page(PAGE.replace("print(1 + 1)", wait), "index.md")
    process = subprocess.Popen(
        ["nohup", sys.executable, "-m", "crossnotes", "test", "docs"],
        cwd=repository.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + LIMIT
        while not said.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGHUP)
        output, _ = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    assert process.returncode == 0, output
