"""Runs the blocks of a page in a process that is forked for it, without a run and its servers."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import types
from dataclasses import dataclass
from functools import cache
from typing import Any

from crossnotes import reader
from crossnotes.child import blocks
from crossnotes.child.capture import Capture
from crossnotes.page import Snippet
from crossnotes.reader import Dialect
from crossnotes.result import BlockFailedError

from ..conftest import REPOSITORY

DIALECT = Dialect(frozenset({"text", "json", "none"}), frozenset({"sqlite"}))

#: Seconds that a page may take.
LIMIT = 30.0


@dataclass(frozen=True)
class Told:
    """What became of a block: the `message` is empty where it passed."""

    line: int
    message: str = ""
    output: str = ""
    parts: tuple[str, ...] = ()
    expected: str = ""
    got: str = ""


def page(language: str, *lines: str, below: str = "") -> str:
    """A page of one block, whose code begins on line 4, and of an `{output}` below it."""
    text = "\n".join(["# Title", "", f"```{language}", *lines, "```", ""])
    return text + (f"```{{output}}\n{below}\n```\n" if below else "")


def session(*lines: str) -> str:
    return page("pycon", *lines)


def verdict(text: str) -> str:
    """`passed`, or where and why the first block of a page fails that does."""
    told = run(text)
    return next((f"{one.line}: {one.message}" for one in told if one.message), "passed")


def run(text: str, update: bool = False) -> list[Told]:
    """What becomes of the blocks of a page, as far as the first that fails."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps([text, update]) + "\n")
    server.stdin.flush()
    return [
        Told(**one | {"parts": tuple(one["parts"])}) for one in json.loads(server.stdout.readline())
    ]


@cache
def _server() -> "subprocess.Popen[str]":
    """A process without pytest in it, which ends with this one."""
    command = [sys.executable, "-m", "tests.child.session"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=REPOSITORY)


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for request in sys.stdin:
        text, update = json.loads(request)
        answers.write(json.dumps(_in_a_fork(text, update)) + "\n")
        answers.flush()


def _in_a_fork(text: str, update: bool) -> list[dict[str, Any]]:
    read = reader.parse(text, "a.md", DIALECT)
    if read.problems:
        return [{"line": p.line, "message": p.message, "parts": ()} for p in read.problems]
    receiving, sending = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.write(sending, json.dumps(_told(read.snippets, update)).encode())
        finally:
            os._exit(0)
    os.close(sending)
    try:
        found: list[dict[str, Any]] = json.loads(_all_of(receiving))
    finally:
        os.close(receiving)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return found


def _all_of(receiving: int) -> bytes:
    data = b""
    while True:
        readable, _, _ = select.select([receiving], [], [], LIMIT)
        if not readable:
            return json.dumps([{"line": 0, "message": "takes too long", "parts": ()}]).encode()
        more = os.read(receiving, 1 << 16)
        if not more:
            return data
        data += more


def _told(snippets: tuple[Snippet, ...], update: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    with tempfile.TemporaryFile() as printed:
        running = blocks.Session(main.__dict__, Capture(os.dup(printed.fileno())))
        for snippet in snippets:
            found.append(_one(snippet, running, update))
            if "message" in found[-1]:
                break
    return found


def _one(snippet: Snippet, running: blocks.Session, update: bool) -> dict[str, Any]:
    if snippet.problem is not None:
        return {"line": snippet.problem.line, "message": snippet.problem.message, "parts": ()}
    running.parts, running.counts = [], []
    running.capture.begin()
    told: dict[str, Any] = {"line": snippet.line}
    try:
        output = blocks.run(_block(snippet, update), running)
        told["output"] = running.capture.end() if output is None else output
    except BlockFailedError as error:
        failure = error.failure
        told |= {"line": failure.line, "message": failure.message}
        told |= {"expected": failure.expected, "got": failure.got}
    running.capture.end()
    return told | {"parts": running.parts}


def _block(snippet: Snippet, update: bool) -> Any:
    expected = snippet.outputs[0] if snippet.outputs and not update else None
    return {
        "kind": snippet.kind,
        "code": snippet.code,
        "line": snippet.line,
        "page": snippet.page,
        "update": ("output" if snippet.outputs else "examples") if update else "",
        "raises": snippet.options.get("raises"),
        "xfail": False,
        "expected": expected
        and {
            "line": expected.line,
            "text": expected.text,
            "unordered": expected.unordered,
            "ignore": expected.ignore,
        },
    }


if __name__ == "__main__":
    serve()
