"""What a page does reaches no other page: pages/isolation/kinds.txt has the kinds of what may.

A page that sets each kind stands between two that ask for it. All kinds are in one run, so that
they also meet each other.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PAGES, SETTINGS, LiveServers, Repository, command
from .test_reader import cases

KINDS = {
    f"{number:02}-{re.sub('[^a-z]+', '-', title.lower())}": (title, setting, asking)
    for number, (title, setting, asking) in enumerate(cases(PAGES / "isolation" / "kinds.txt"))
}

#: What the code of every kind may use. Django's own are at hand in every page alike.
IMPORTS = """\
import asyncio, atexit, builtins, codecs, colorsys, copyreg, decimal, gc, io, json, locale, logging
import os, random, resource, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading
import time, types, warnings, zlib
from multiprocessing import shared_memory
from pathlib import Path
from unittest import mock

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection, connections, models, transaction
from django.db.models.signals import post_save
from django.utils import timezone, translation

import notes.rules
from notes.models import Note
"""

#: Writes a row after some seconds, over a connection of its own.
WRITER = """\
import json, sys, time
import django
from django.conf import settings
settings.configure(DATABASES={"default": json.loads(sys.argv[1])}, USE_TZ=True)
django.setup()
from django.db import connection
time.sleep(float(sys.argv[2]))
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO notes_note (text, stars) VALUES ('isolation', 0)")
"""

MORE_SETTINGS = """
INSTALLED_APPS += ["django.contrib.contenttypes"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
USE_I18N = True
"""

#: That pytest collects the pages, and takes no settings from above.
COLLECTED = """\
[tool.pytest.ini_options]

[tool.crossnotes]
pages = ["docs"]
django = "project"
"""


def fence(code: str) -> str:
    return f"```python\n{code}```\n\n"


@pytest.fixture
def pages(project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Three pages a kind: one that asks, one that sets, one that asks."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    project.write("pyproject.toml", SETTINGS.replace("[tool.crossnotes]\n", COLLECTED))
    settings = project.django / "notebook" / "settings.py"
    settings.write_text(settings.read_text(encoding="utf-8") + MORE_SETTINGS, encoding="utf-8")
    for name, (title, setting, asking) in KINDS.items():
        begin = fence(IMPORTS + (f"WRITER = {WRITER!r}\n" if "WRITER" in setting else ""))
        asks = begin + fence(f"{asking}assert not reached, 'reached: {title}'\n")
        # It has to be seen where it was set: else nobody would know what asking proves.
        seen = "" if title.endswith(", later") else f"{asking}assert reached\n"
        project.page(asks, f"{name}-1-asks.md")
        project.page(begin + fence(setting + seen), f"{name}-2-sets.md")
        project.page(asks, f"{name}-3-asks.md")
    return project


def wrong(document: object) -> dict[str, str]:
    """The pages that did not pass, and why."""
    assert isinstance(document, dict)
    found: dict[str, str] = {}
    for result in document["results"]:
        if result["status"] != "passed":
            found.setdefault(Path(result["page"]).stem, result["reason"])
    return found


def check(pages: Repository, target: str, *options: str) -> None:
    done = command(
        *("test", "docs", "--django", "project", "--target", target, "--no-reuse"),
        *("--json", "report.json", *options),
        cwd=pages.root,
        environment=pages.environment,
    )
    report = pages.root / "report.json"
    assert report.exists(), done.stdout + done.stderr
    document = json.loads(report.read_text(encoding="utf-8"))
    assert wrong(document) == {}
    assert done.returncode == 0, done.stdout + done.stderr
    assert len({result["page"] for result in document["results"]}) == 3 * len(KINDS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_nothing_of_a_page_reaches_another(pages: Repository, jobs: str) -> None:
    check(pages, "sqlite", "--jobs", jobs)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("target", ["postgresql", "mariadb"])
def test_nothing_of_a_page_reaches_another_on_a_server(
    pages: Repository, live: LiveServers, target: str
) -> None:
    pages.environment = live.environment(target)
    check(pages, target, "--jobs", "2")
    assert list(live.server(target).databases("crossnotes_")) == []


@pytest.mark.timeout(600)
def test_nothing_of_a_page_reaches_another_under_pytest(pages: Repository) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"],
        cwd=pages.root,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = dict(re.findall(r"^docs/([\w-]+)\.md:\d+: (.*)$", done.stdout, re.MULTILINE))
    assert failed == {}
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.search(rf"^{3 * len(KINDS)} passed", done.stdout, re.MULTILINE)
