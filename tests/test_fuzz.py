"""One character of our own pages is changed: each change that a reader could see fails.

A sample runs here. Of all pages, as many as are wanted run with
`CROSSNOTES_CHANGES=6000 .venv/bin/python -m pytest -n 0 -s tests/test_fuzz.py`.
"""

import os
import random
from collections import Counter

from crossnotes import config, reader
from crossnotes.book import Book
from crossnotes.run import project as projects
from crossnotes.run.benches import Benches, Options, opened
from crossnotes.run.driver import Driver
from crossnotes.targets import every_target
from crossnotes.text.update import answers

from . import fuzz
from .conftest import REPOSITORY

#: Read when tests are collected; no test sees a variable with this beginning.
WANTED = int(os.environ.get("CROSSNOTES_CHANGES", "0"))

#: What is run for the sample, and how many changes it has.
PAGES = ("docs/subjects/upsert.md", "docs/subjects/wrong-values.md", "docs/guides/write-a-page.md")
SAMPLE = 300
SEED = int(os.environ.get("CROSSNOTES_SEED", "14"))


def test_every_change_that_a_reader_could_see_fails() -> None:
    book = Book(config.find(REPOSITORY))
    sources = book.sources([str(REPOSITORY / page) for page in (["docs"] if WANTED else PAGES)])
    project = projects.find(REPOSITORY / "snippets")
    environment = {"PATH": os.environ["PATH"]}
    with opened(Benches(book.config, project, environment, Options(update=True))) as benches:
        (run,) = Driver(book, benches, 1, False).on([every_target()["sqlite"]], sources)
    assert not run.problem, run.problem
    printed = answers({("sqlite", run.version): run.results})
    found = []
    for source in sources:
        text = source.path.read_text(encoding="utf-8")
        page = book.read(source).page
        found += [
            (source, page, change)
            for change in fuzz.changes(text, page, "sqlite")
            if (page.path, change.index) in printed
        ]
    found = random.Random(SEED).sample(found, min(WANTED or SAMPLE, len(found)))
    excused: Counter[str] = Counter()
    survived = []
    for source, page, change in found:
        of_block = printed[page.path, change.index]
        now = reader.parse(change.text, source.shown_as, source.dialect, source.path.parent)
        if fuzz.fails(change, page, now, of_block):
            continue
        if reason := fuzz.excuse(change, of_block):
            excused[reason] += 1
        else:
            survived.append(f"{page.path}:{change.line}: {change.before!r} -> {change.after!r}")
    print(f"{len(found)} changes, {len(survived)} survived; excused: {dict(excused)}")
    assert survived == []
