"""Every form of a code block, run: pages/forms/cases.txt says what must run, and at which line.

A block that must run prints a word that begins with `yes`; a word that begins with `no` is never
printed. What is run is what Sphinx shows as code, on these pages and on our own.
"""

import pickle
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from docutils import nodes

from crossnotes import config as configuration
from crossnotes import dialects, reader
from crossnotes.kinds import KINDS
from crossnotes.page import Snippet
from crossnotes.reader import Dialect
from crossnotes.result import ONLY_SHOWN
from crossnotes.site import build as site
from crossnotes.site.project import find
from crossnotes.sphinxext import marks
from crossnotes.targets import every_target

from .conftest import PAGES, REPOSITORY, Repository, command
from .test_reader import cases

FOLDER = PAGES / "forms"
FORMS = {f"form{n:03}.md": case for n, case in enumerate(cases(FOLDER / "cases.txt"))}

#: Forms with directives that the Sphinx of these pages does not know. It shows none of them.
UNKNOWN_TO_SPHINX = {
    "directive that is unknown here, as one that folds",
    "doctest and testcode of Sphinx",
}


@pytest.fixture
def forms(repository: Repository) -> Repository:
    """A repository with a page for each form."""
    shutil.copy(FOLDER / "conf.py", repository.root)
    shutil.copytree(FOLDER / "parts", repository.root / "parts")
    for name, (_, text, _) in FORMS.items():
        repository.page(text, name)
    return repository


@pytest.mark.parametrize("saved_as", ["LF", "CRLF", "BOM"])
def test_every_form_runs_or_does_not(forms: Repository, saved_as: str) -> None:
    for path in (forms.root / "docs").iterdir():
        data = path.read_bytes()
        if saved_as == "CRLF":
            path.write_bytes(data.replace(b"\n", b"\r\n"))
        elif saved_as == "BOM":
            path.write_bytes(b"\xef\xbb\xbf" + data)
    run = command("test", "docs", "--json", "report.json", cwd=forms.root)
    assert run.returncode == 0, run.stdout + run.stderr
    printed: dict[str, str] = dict.fromkeys(FORMS, "")
    excused = []
    for result in forms.json("report.json")["results"]:
        if result["status"] == "excused":
            excused.append(result["reason"])
        words = [word for word in result["output"].split() if word.startswith(("yes", "no"))]
        for word in words:
            printed[Path(result["page"]).name] += f"{result['line']} {word}\n"
    for name, (title, _, expected) in FORMS.items():
        assert printed[name] == expected, title
    assert sorted(excused) == ["it needs a display", ONLY_SHOWN]


def unlike(
    snippets: Sequence[Snippet], blocks: Sequence[nodes.literal_block], run: Collection[str]
) -> list[str]:
    """The code that is only run, and the code in one of the languages `run` that is only shown.
    Blocks that are taken from a file need not name their language."""
    found, lost = marks.join(snippets, blocks)
    joined = {id(block) for block in found.values()}
    only_shown = [b for b in blocks if b.get("language") in run and id(b) not in joined]
    return [
        *(f"run: {snippet.code}" for snippet in lost),
        *(f"shown: {block.astext()}" for block in only_shown),
    ]


def differences(root: Path, doctrees: Path) -> dict[str, list[str]]:
    """What Sphinx and a run make of each page otherwise, by page."""
    config = configuration.find(root)
    dialect = Dialect(config.show_only, frozenset(every_target()), dialects.myst_of(root))
    found = {}
    pages = sorted((root / "docs").rglob("*.md"))
    assert pages
    for path in pages:
        name = path.relative_to(root / "docs")
        doctree = pickle.loads((doctrees / name).with_suffix(".doctree").read_bytes())
        page = reader.read(path, f"docs/{name}", dialect)
        run = KINDS.keys() - dialect.show_only
        if unequal := unlike(page.snippets, marks.blocks(doctree), run):
            found[str(name)] = unequal
    return found


def test_every_form_that_runs_is_shown_by_sphinx_and_every_other_way_round(
    forms: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    doctrees = tmp_path / "doctrees"
    project = find(forms.root)
    command = site.sphinx(project, "dummy", tmp_path / "out", doctrees)
    built = site.run_sphinx(command, project, "en")
    assert built.exit_code == 0, built.messages
    found = differences(forms.root, doctrees)
    assert {FORMS[name][0] for name in found} == UNKNOWN_TO_SPHINX, found


@pytest.mark.parametrize("language", find(REPOSITORY).languages)
def test_our_own_pages_run_what_they_show_in_every_language(language: str, tmp_path: Path) -> None:
    doctrees = tmp_path / "doctrees"
    project = find(REPOSITORY)
    command = site.sphinx(project, "dummy", tmp_path / "out", doctrees)
    built = site.run_sphinx(command, project, language)
    assert built.exit_code == 0, built.messages
    assert differences(REPOSITORY, doctrees) == {}
