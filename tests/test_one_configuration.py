"""What [tool.crossnotes] says holds for the command line and for pytest alike."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crossnotes import config
from crossnotes.site.project import read_languages

from .conftest import REPOSITORY, Repository

PASSING = "# A\n\n```python\nprint(1)\n```\n"


def said(repository: Repository, text: str) -> None:
    """Settings before those that each repository of a test has."""
    path = repository.root / "pyproject.toml"
    path.write_text(
        path.read_text().replace("[tool.crossnotes]\n", f"[tool.crossnotes]\n{text}\n", 1)
    )


def run_pytest(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_command_without_paths_runs_the_pages_of_the_project(repository: Repository) -> None:
    said(repository, 'source = "pages"')
    repository.write("pages/a.md", PASSING)
    repository.page("# B\n\n```python\n1 / 0\n```\n")
    assert repository.crossnotes("test").code == 0
    assert "pages/a.md" in repository.crossnotes("list").out


def test_command_without_pages_says_what_it_looked_for(repository: Repository) -> None:
    done = repository.crossnotes("test")
    assert done.code == 2
    assert "docs: no such file or folder (`source` and `pages` in [tool.crossnotes] of " in done.err
    (repository.root / "pyproject.toml").unlink()
    done = repository.crossnotes("test")
    assert done.code == 2
    assert f"no pyproject.toml with [tool.crossnotes] in {repository.root} or above it" in done.err


def test_django_is_said_once(project: Repository) -> None:
    said(project, 'django = "project"\nsource = "docs"')
    project.page("# A\n\n```python\nfrom notes.models import Note\nNote.objects.count()\n```\n")
    done = project.crossnotes("test")
    assert done.code == 0, done.out
    done_by_pytest = run_pytest(project)
    assert "1 passed" in done_by_pytest.stdout, done_by_pytest.stdout


def test_targets_are_those_that_a_run_is_on(repository: Repository) -> None:
    said(repository, 'targets = ["sqlite"]\nsource = "docs"')
    repository.page(PASSING)
    done = repository.crossnotes("test", "--every-target")
    assert [line.split()[0] for line in done.lines if line] == ["target", "sqlite"]
    done = repository.crossnotes("test", "--target", "mysql")
    assert done.code == 2
    assert "--target mysql: `targets` in [tool.crossnotes] of " in done.err


def test_targets_that_are_named_have_to_be_had(repository: Repository) -> None:
    said(repository, 'targets = ["sqlite", "oracle"]\nsource = "docs"')
    repository.page(PASSING)
    done = repository.crossnotes("test")
    assert done.code == 1
    assert "oracle: failed: " in done.out
    done = run_pytest(repository)
    assert "1 passed" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


def test_unknown_target_in_the_settings_is_named(repository: Repository) -> None:
    said(repository, 'targets = ["sqlit"]')
    repository.page(PASSING)
    done = repository.crossnotes("test")
    assert done.code == 2
    assert "pyproject.toml: targets in [tool.crossnotes]: unknown target 'sqlit'" in done.err


def test_setup_runs_before_the_first_block_of_every_page(repository: Repository) -> None:
    said(repository, 'setup = """\nimport math\nprint("not shown")\n"""\nsource = "docs"')
    repository.page("# A\n\n```pycon\n>>> math.floor(1.5)\n1\n```\n\n```python\nmath.x = 1\n```\n")
    repository.page(
        "# B\n\n```python\nprint(hasattr(math, 'x'))\n```\n```{output}\nFalse\n```\n", "b.md"
    )
    done = repository.crossnotes("test")
    assert done.code == 0, done.out
    assert "2 passed" in run_pytest(repository).stdout


def test_setup_that_fails_is_told_at_its_own_line(repository: Repository) -> None:
    said(repository, 'setup = """\nimport math\n1 / 0\n"""')
    repository.page(PASSING)
    done = repository.crossnotes("test")
    assert done.code == 1
    assert (
        "docs/a.md:4: [sqlite 3.40.1] the setup of [tool.crossnotes] failed (pyproject.toml:4): "
        "ZeroDivisionError: division by zero"
    ) in done.out.replace(_sqlite(done.out), "3.40.1")


def _sqlite(out: str) -> str:
    return out.partition("[sqlite ")[2].partition("]")[0]


def test_change_of_the_setup_makes_results_stale(repository: Repository) -> None:
    hashes = set()
    for text in ("", 'setup = "x = 1"'):
        said(repository, text)
        repository.page(PASSING)
        repository.crossnotes("test", "--json", "found.json")
        (result,) = repository.json("found.json")["results"]
        hashes.add(result["program_sha256"])
    assert len(hashes) == 2


FAILING = "# A\n\n```python\n1 / 0\n```\n\n```python\nprint('after')\n```\n"


def test_on_failure_keep_going_runs_what_follows(repository: Repository) -> None:
    said(repository, 'on-failure = "keep-going"\nsource = "docs"')
    repository.page(FAILING)
    repository.crossnotes("test", "--json", "found.json")
    assert [r["status"] for r in repository.json("found.json")["results"]] == ["failed", "passed"]
    assert run_pytest(repository, "--crossnotes-ledger", "out").returncode == 1
    ledger = json.loads((repository.root / "out" / "sqlite.json").read_text())
    assert [r["status"] for r in ledger["results"]] == ["failed", "passed"]


UNLABELLED = "# A\n\n```\nno language\n```\n\nText.\n\n    indented\n\n```python\nprint(1)\n```\n"


def test_block_without_a_language_is_refused_or_shown(repository: Repository) -> None:
    repository.page(UNLABELLED)
    done = repository.crossnotes("test")
    assert done.code == 1
    assert 'unlabelled = "show"' in done.out
    said(repository, 'unlabelled = "show"')
    assert repository.crossnotes("test").code == 0


CONSOLE = "# A\n\n```console\n$ touch ran\n```\n\n```python\nprint(1)\n```\n"


@pytest.mark.parametrize("by", ["option", "setting"])
def test_without_a_shell_no_command_is_run(repository: Repository, by: str) -> None:
    repository.page(CONSOLE)
    options = ["--no-shell"] if by == "option" else []
    if by == "setting":
        said(repository, "shell = false")
    done = repository.crossnotes("test", *options, "--json", "found.json")
    assert done.code == 0, done.out
    first, second = repository.json("found.json")["results"]
    assert (first["status"], second["status"]) == ("excused", "passed")
    assert "excused 1: it is a shell command, and --no-shell skips these" in done.out


def test_languages_of_the_settings_are_those_of_the_site(repository: Repository) -> None:
    path = repository.root / "pyproject.toml"
    path.write_text(path.read_text().replace('ja = "日本語"', 'de = "Deutsch"'))
    (repository.root / "conf.py").write_text("project = 'x'\n")
    assert read_languages(repository.root / "conf.py") == {"en": "English", "de": "Deutsch"}
    (repository.root / "conf.py").write_text("crossnotes_languages = {'fr': 'Français'}\n")
    assert read_languages(repository.root / "conf.py") == {"fr": "Français"}


def test_sphinx_takes_from_the_settings_what_conf_py_leaves_open(project: Repository) -> None:
    pytest.importorskip("sphinx")
    from sphinx.application import Sphinx

    from crossnotes.sphinxext.known import django_of, ledgers_of

    said(project, 'django = "project"\nledger = "seen"')
    path = project.root / "pyproject.toml"
    path.write_text(path.read_text().replace('en = "English"\nja = "日本語"', 'fr = "Français"'))
    conf = project.root / "docs" / "conf.py"
    project.page("# A\n", "index.md")
    conf.write_text('extensions = ["myst_parser", "crossnotes.sphinxext", "crossnotes.site"]\n')
    given = [conf.parent, conf.parent, project.root / "out", project.root / "doctrees", "dummy"]
    app = Sphinx(*given, status=None)  # type: ignore[arg-type]
    assert app.config.crossnotes_languages == {"fr": "Français"}
    assert (django_of(app), ledgers_of(app)) == (project.django, project.root / "seen")
    conf.write_text(conf.read_text() + 'crossnotes_django = "x"\ncrossnotes_ledgers = "mine"\n')
    app = Sphinx(*given, status=None)  # type: ignore[arg-type]
    assert (django_of(app), ledgers_of(app)) == (conf.parent / "x", conf.parent / "mine")


def test_settings_of_this_repository_say_django_once() -> None:
    found = config.find(REPOSITORY)
    assert (found.django, found.source, list(found.languages)) == ("snippets", "docs", ["en", "ja"])


def test_pages_of_elsewhere_do_not_run_in_the_project_of_the_settings(
    project: Repository, tmp_path: Path
) -> None:
    said(project, 'django = "project"')
    page = tmp_path / "elsewhere" / "a.md"
    page.parent.mkdir()
    page.write_text("# A\n\n```python\nimport sys\nprint('notes' in sys.modules)\n```\n")
    done = project.crossnotes("test", page, "--json", "found.json")
    assert done.code == 0, done.out
    assert project.json("found.json")["results"][0]["output"] == "False\n"
