"""Builds that are interrupted, killed, or find a page with an older time: the next one is right."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crossnotes import ledger as ledgers
from crossnotes.results import FOLDER
from crossnotes.site import build as site
from crossnotes.site.project import find

from .conftest import write_root

PAGES = 12
#: Seconds in which a build of these pages has to come as far as it should.
LIMIT = 600


def page(number: int) -> str:
    blocks = "".join(f"\n```python\nprint({number}, {block})\n```\n" for block in range(3))
    return f"---\ncrossnotes: {{targets: [sqlite]}}\n---\n# Page {number}\n{blocks}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pages, and the ledger of a run in which every block passed."""
    names = "\n".join(f"p{number}" for number in range(PAGES))
    index = f"# Home\n\n```{{matrix}}\n```\n\n```{{toctree}}\n{names}\n```\n"
    pages = {f"p{number}.md": page(number) for number in range(PAGES)}
    root = write_root(tmp_path / "root", {"index.md": index, **pages})
    crossnotes = [sys.executable, "-m", "crossnotes"]
    run = [*crossnotes, "test", "docs", "--target", "sqlite", "--ledger", FOLDER]
    subprocess.run(run, cwd=root, check=True, capture_output=True, timeout=LIMIT)
    return root


def say(root: Path, status: str) -> None:
    """Let the ledger say that every block has this status."""
    (path,) = ledgers.files_of(root / FOLDER)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub('"status": "[a-z]+"', f'"status": "{status}"', text), encoding="utf-8")


def build(root: Path) -> subprocess.Popen[bytes]:
    """A build of the English pages in a process group of its own."""
    out = root / "build" / "html" / "en"
    doctrees = root / "build" / "doctrees" / "en"
    command = site.sphinx(find(root), "html", out, doctrees)
    return subprocess.Popen(
        command,
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def finished(root: Path) -> None:
    assert build(root).wait(LIMIT) == 0


def marks(root: Path) -> list[str]:
    """What every page says of its blocks; one that is half written says nothing."""
    found = []
    for number in range(PAGES):
        text = (root / f"build/html/en/p{number}.html").read_text(encoding="utf-8")
        found += re.findall(r"crossnotes-result crossnotes-(\w+)", text)
        assert text.rstrip().endswith("</html>")
    return found


def written(root: Path, since: float) -> int:
    folder = root / "build/html/en"
    return sum(path.stat().st_mtime > since for path in folder.glob("p*.html"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
def test_interrupted_build_leaves_no_mark_that_is_false(root: Path, number: signal.Signals) -> None:
    finished(root)
    assert set(marks(root)) == {"passed"}
    moments = random.Random(16)
    for status in ("failed", "passed"):
        say(root, status)
        before = time.time()
        process = build(root)
        # At a page of which nobody knows how much of it is written.
        enough = moments.randrange(1, PAGES - 1)
        deadline = time.monotonic() + LIMIT
        while written(root, before) < enough and process.poll() is None:
            assert time.monotonic() < deadline
        if process.poll() is None:
            os.killpg(process.pid, number)
        process.wait(LIMIT)
        if status == "passed":
            # Back to what was drawn before the build that was interrupted.
            say(root, "failed")
            status = "failed"
        finished(root)
        assert set(marks(root)) == {status}
        matrix = (root / "build/html/en/index.html").read_text(encoding="utf-8")
        assert ("seen to work" in matrix) is (status == "passed")
        finished(root)
        assert set(marks(root)) == {status}


def test_build_that_changed_nothing_writes_nothing(root: Path) -> None:
    finished(root)
    before = time.time()
    finished(root)
    assert written(root, before) == 0


def test_page_that_is_put_back_with_an_older_time_is_read_again(root: Path) -> None:
    path = root / "docs/p3.md"
    finished(root)
    path.write_text(page(3).replace("print(3, 0)", "print('older')"), encoding="utf-8")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    finished(root)
    text = (root / "build/html/en/p3.html").read_text(encoding="utf-8")
    assert "older" in text
    assert "crossnotes-changed" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{garbled", ":1: not a ledger: no JSON"),
        ('{"schema": 9}', ":1: schema 9; this version knows 1 and 2"),
        ('{"schema": 2, "target": "sqlite"}', ":1: not a ledger: server is missing"),
        ("[" * 100_000, ":1: not a ledger: RecursionError"),
    ],
)
def test_site_is_built_without_a_ledger_that_is_none(
    root: Path, text: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (path,) = ledgers.files_of(root / FOLDER)
    path.write_text(text, encoding="utf-8")
    assert site.build({"en": "English"}, root=root) == 0
    told = capfd.readouterr().err
    assert told.count(f"{FOLDER}/{path.name}{message}") == 1
    assert "Traceback" not in told
    assert set(marks(root)) == {"not"}
