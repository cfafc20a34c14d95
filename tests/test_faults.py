"""Faults that a script puts into right pages: each has to be found, at its line.

A sample of them runs here, some of each kind. All of them, which takes ten minutes, run with
`CROSSNOTES_ALL_FAULTS=1 .venv/bin/python -m pytest -n auto tests/test_faults.py`.
"""

import os
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossnotes.run import project as projects

from .conftest import PAGES, REPOSITORY, SETTINGS, Outcome, command
from .faults import Fault, faults, spread
from .test_tutorial import in_short

#: Read when tests are collected; no test sees a variable with this beginning.
ALL = bool(os.environ.get("CROSSNOTES_ALL_FAULTS"))

#: Faults of a page in the sample, and in one run.
SAMPLE = 20
TOGETHER = 5


@dataclass(frozen=True)
class Right:
    """A page that is right, its Django project, and its settings. `swaps` are blocks in each
    other's place: the code that each begins with, and the line that then fails."""

    text: str
    django: Path
    settings: str
    swaps: Sequence[tuple[str, str, str]]

    def faults(self) -> list[Fault]:
        found = faults(self.text, self.swaps)
        return found if ALL else spread(found, SAMPLE)


RIGHT = {
    "tutorial": Right(
        in_short((REPOSITORY / "docs/connect-to-tidb-with-django.md").read_text(encoding="utf-8")),
        REPOSITORY / "snippets",
        (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"),
        [
            (
                "from django.db import connection",
                ">>> connection.display_name",
                ">>> connection.display_name",
            ),
            (
                "from players.models import Player",
                ">>> Player.objects.count()",
                ">>> Player.objects.count()",
            ),
            (
                '>>> ben = Player.objects.get(name="Ben")',
                ">>> from django.db.models import F",
                ">>> (ben.coins, ben.goods)",
            ),
            (
                ">>> from django.db.models import F",
                '>>> Player.objects.get(name="Deniz").delete()',
                '>>> before = Player.objects.get(name="Deniz").updated_at',
            ),
            (
                ">>> from players.trading import trade",
                ">>> trade(seller=aiko, buyer=ben, goods=1, price=1000)",
                ">>> trade(seller=aiko, buyer=ben, goods=1, price=1000)",
            ),
        ],
    ),
    "notebook": Right(
        (PAGES / "faults" / "notebook.md").read_text(encoding="utf-8"),
        PAGES / "project",
        SETTINGS,
        [
            (
                "$ python manage.py migrate --verbosity 1",
                "from notes.models import Note",
                'first = Note.objects.create(text="first", stars=3)',
            ),
            (
                '>>> Note.objects.get(text="first").stars',
                ">>> Note.objects.filter(stars__lt=2).delete()",
                '>>> page.count("<li>")',
            ),
            (
                ">>> star(first, times=2)",
                ">>> Note.objects.filter(stars__lt=2).delete()",
                '>>> page.count("<li>")',
            ),
            (
                "GREETING='Hello'",
                ">>> from django.test import RequestFactory",
                '>>> page = every_note(RequestFactory().get("/")).content.decode()',
            ),
        ],
    ),
}


def chunks() -> Iterator[tuple[str, list[Fault]]]:
    for name, right in RIGHT.items():
        found = right.faults()
        for start in range(0, len(found), TOGETHER):
            yield name, found[start : start + TOGETHER]


def repository_of(right: Right, root: Path, pages: dict[str, str]) -> Path:
    """A repository with copies of a page."""
    ignored = shutil.ignore_patterns(*projects.LEFT_OUT)
    shutil.copytree(right.django, root / right.django.name, ignore=ignored)
    (root / "pyproject.toml").write_text(right.settings, encoding="utf-8")
    (root / "docs").mkdir()
    for name, text in pages.items():
        (root / "docs" / name).write_text(text, encoding="utf-8")
    return root


def reported(out: str, page: str) -> list[int]:
    """The lines of a page that a run names."""
    return [int(line) for line in re.findall(rf"^docs/{page}:(\d+): ", out, re.MULTILINE)]


@pytest.mark.parametrize(("name", "together"), [pytest.param(*c, id=c[0]) for c in chunks()])
def test_fault_is_reported_at_its_line_and_is_the_only_one(
    name: str, together: list[Fault], tmp_path: Path
) -> None:
    right = RIGHT[name]
    pages = {f"fault{number}.md": fault.text for number, fault in enumerate(together)}
    root = repository_of(right, tmp_path / "root", {**pages, "right.md": right.text})
    run = command("test", "docs", "--django", right.django.name, cwd=root)
    assert run.returncode == 1, run.stdout + run.stderr
    assert reported(run.stdout, "right.md") == []
    for page, fault in zip(pages, together, strict=True):
        lines = reported(run.stdout, page)
        if fault.kind == "language":
            # The block is not run, and what needs it fails, too.
            assert fault.line in lines, fault.change
        else:
            assert lines == [fault.line], (fault.kind, fault.change, run.stdout)


def test_faults_are_many_and_each_is_another() -> None:
    found = [fault for right in RIGHT.values() for fault in faults(right.text, right.swaps)]
    assert len({fault.text for fault in found}) == len(found) > 200
    assert {fault.kind for fault in found} == {
        ".env key",
        "SQL word",
        "command",
        "field",
        "import",
        "language",
        "listing",
        "order",
        "row",
        "tab",
        "value",
    }


@pytest.mark.parametrize("name", RIGHT)
def test_right_pages_pass_in_any_order_and_side_by_side(name: str, tmp_path: Path) -> None:
    right = RIGHT[name]
    pages = {f"page{number}.md": right.text for number in range(2)}
    plain = {f"plain{number}.md": "```python\nx = 1\n```\n" for number in range(4)}
    root = repository_of(right, tmp_path / "root", {**pages, **plain})
    paths = [f"docs/{page}" for page in (*pages, *plain)]
    orders = [random.Random(seed).sample(paths, len(paths)) for seed in range(2)]

    def once(order: list[str]) -> Outcome:
        done = command("test", *order, "--no-reuse", "--django", right.django.name, cwd=root)
        return Outcome(done.returncode, done.stdout, done.stderr)

    with ThreadPoolExecutor(2) as executor:
        for outcome in executor.map(once, orders):
            assert outcome.code == 0, outcome.out + outcome.err
