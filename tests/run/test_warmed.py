"""A warmed process: what it does before the first program, and that no program sees it."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossnotes.run import project as projects
from crossnotes.run.interpreter import Interpreter
from crossnotes.run.warmed import DJANGO, Warmed

from .test_interpreter import block

#: An app whose receivers write down all that they hear.
APP = """
from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models import signals

def hear(signal, sender, **rest):
    with open("heard", "a") as file:
        file.write(f"{sender}\\n")

class Ears(AppConfig):
    name = "ears"

    def ready(self):
        connection_created.connect(hear)
        for name in ("pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete"):
            getattr(signals, name).connect(hear)
"""
SETTINGS = 'INSTALLED_APPS = ["ears.Ears"]\nDATABASES = {}\nUSE_TZ = True\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "ears").mkdir(parents=True)
    (folder / "ears" / "__init__.py").write_text(APP)
    (folder / "settings.py").write_text(SETTINGS)
    return folder


@pytest.fixture
def warmed(tmp_path: Path, folder: Path) -> Iterator[Warmed]:
    environment = projects.environment(tmp_path, tmp_path, Path(sys.executable))
    warmed = Warmed(folder, environment | {"PYTHONPATH": str(folder)}, DJANGO)
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db")}
    answer = warmed.set_up(
        {"op": "setup", "settings": "settings", "databases": {"default": entry}}, 60
    )
    assert answer["failure"] is None, answer
    warmed.rehearse(entry)
    yield warmed
    warmed.close()


def said(warmed: Warmed, folder: Path, code: str) -> str:
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        interpreter = Interpreter(warmed, folder, answers, printed)
        try:
            answer = interpreter.ask(
                {"op": "run", "blocks": [block(code)], "keep_going": False}, 60
            )
        finally:
            interpreter.stop()
    assert answer["failure"] is None, answer
    return answer["output"]


def test_a_project_hears_nothing_of_the_rehearsal(warmed: Warmed, folder: Path) -> None:
    assert not (folder / "heard").exists()
    code = "from django.db import connection\nconnection.ensure_connection()"
    said(warmed, folder, code)
    assert "DatabaseWrapper" in (folder / "heard").read_text()


def test_a_program_sees_nothing_of_the_rehearsal(warmed: Warmed, folder: Path) -> None:
    code = """
import builtins, linecache, sys, threading
from django.db import connections, connection
print([name for name in linecache.cache if "rehearsal" in name or "input" in name])
print(hasattr(builtins, "_"), sorted(connections.settings), threading.active_count())
print(list(connections.all(initialized_only=True)), connection.queries_log)
print(sorted(vars(sys.modules["__main__"])))
"""
    assert said(warmed, folder, code) == (
        "[]\nFalse ['default'] 1\n[] deque([], maxlen=9000)\n"
        "['__builtins__', '__doc__', '__loader__', '__name__', '__package__', '__spec__', "
        "'builtins', 'connection', 'connections', 'linecache', 'sys', 'threading']\n"
    )


def test_thousands_of_programs_find_no_pipe_full(warmed: Warmed, folder: Path) -> None:
    # Each fork of a process that counts its forks writes into a pipe, which 8,192 fill.
    code = """
import os, sys
from crossnotes.child.capture import Capture
from crossnotes.child.interpreter import Interpreter
hooks = []
os.register_at_fork = lambda **given: hooks.append(given)
streams, current = (sys.stdout, sys.stderr), Capture.current
Interpreter(Capture(os.dup(1)))
sys.stdout, sys.stderr = streams
Capture.current = current
print(hooks)
"""
    assert said(warmed, folder, code) == "[]\n"
