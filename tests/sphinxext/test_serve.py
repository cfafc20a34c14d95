"""`crossnotes serve`: a page that a browser shows follows its source."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crossnotes.targets.process import free_port

from .conftest import write_root

PAGE = "# Home\n\nThe first sentence.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_root(tmp_path / "root", {"index.md": PAGE})


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def server(root: Path) -> Iterator[str]:
    """The address of a server of its own; it ends as Ctrl-C ends it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "crossnotes", "serve", "--port", str(port)],
        cwd=root,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Serving on" in line:
            break
    else:
        pytest.fail("".join(said))
    # It says so a moment before it listens.
    deadline = time.monotonic() + 60
    while not listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_a_page_that_is_shown_follows_its_source(page: Page, root: Path, server: str) -> None:
    page.goto(f"{server}/ja/index.html")
    expect(page.get_by_text("The first sentence.")).to_be_visible()
    page.wait_for_function("window.LiveReload && LiveReload.connector.protocol")
    (root / "docs/index.md").write_text("# Home\n\nAnother sentence.\n")
    expect(page.get_by_text("Another sentence.")).to_be_visible(timeout=120_000)
    with urllib.request.urlopen(f"{server}/en/index.html") as answer:
        assert b"Another sentence." in answer.read()


def answer(server: str, **headers: str) -> tuple[int, bytes]:
    """The status and the text of what is answered to these headers."""
    request = urllib.request.Request(f"{server}/en/index.html", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answered:
            return answered.status, answered.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def test_it_answers_to_its_own_names_and_origin_alone(page: Page, server: str) -> None:
    port = server.rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "[::1]"):
        status, said = answer(server, Host=f"{name}:{port}", Origin=f"http://{name}:{port}")
        assert (status, b"The first sentence." in said) == (200, True)
    # A name of the web that leads here now, and a page of another server of this machine.
    for refused in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{port}"},
        {"Host": f"127.0.0.1.evil.example:{port}"},
        {"Host": ""},
        {"Host": f"127.0.0.1:{port}", "Origin": "http://evil.example"},
        {"Host": f"127.0.0.1:{port}", "Origin": "http://127.0.0.1:1"},
        {"Host": f"127.0.0.1:{port}", "Origin": "null"},
    ):
        status, said = answer(server, **refused)
        assert (status, b"The first sentence." in said) == (403, False), refused
    # The web socket of the reload, called from another page.
    page.goto(f"{server}/en/index.html")
    opened = """(url) => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.onopen = () => done("opened");
      socket.onerror = () => done("refused");
    })"""
    assert page.evaluate(opened, f"ws://127.0.0.1:{port}/livereload") == "opened"
    page.goto("about:blank")
    assert page.evaluate(opened, f"ws://127.0.0.1:{port}/livereload") == "refused"


def test_a_port_that_is_taken_is_said_plainly(root: Path, server: str) -> None:
    port = server.rpartition(":")[2]
    run = subprocess.run(
        [sys.executable, "-m", "crossnotes", "serve", "--port", port],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert f"Cannot listen on port {port}" in run.stderr
    assert "Traceback" not in run.stderr
