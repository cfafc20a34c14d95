"""An installation without extras: what needs more says so in one sentence, with what to install."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from crossnotes import __version__

from .conftest import PAGES, REPOSITORY, Repository
from .test_reader import cases

FORMS = [*cases(PAGES / "forms.txt"), *cases(PAGES / "forms" / "cases.txt")]

RST = "# A\n\n```{eval-rst}\n.. note:: No code.\n```\n\n```python\nprint('yes')\n```\n"
RST_WITH_CODE = "# A\n\n```{eval-rst}\nText.\n\n.. code-block:: python\n\n   print('no')\n```\n"


def distributions(name: str) -> Iterator[importlib.metadata.Distribution]:
    """A distribution and what it needs without extras, in any depth."""
    found = importlib.metadata.distribution(name)
    yield found
    for text in found.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from distributions(requirement.name)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment that holds Crossnotes and what it always needs."""
    folder = tmp_path_factory.mktemp("base") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "crossnotes.pth").write_text(f"{REPOSITORY}\n")
    for distribution in distributions("crossnotes"):
        for file in distribution.files or ():
            top = file.parts[0]
            if top in ("..", "__pycache__") or distribution.name == "crossnotes":
                continue
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    return python


def run(python: Path, repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "-m", "crossnotes", *arguments],
        cwd=repository.root,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_else_is_there(base: Path) -> None:
    for name in ("django", "jinja2", "sphinx", "pytest"):
        assert subprocess.run([base, "-c", f"import {name}"], capture_output=True).returncode == 1


@pytest.mark.parametrize("command", ["list", "test"])
def test_no_form_of_a_page_ends_in_a_traceback(
    base: Path, repository: Repository, command: str
) -> None:
    for number, text in enumerate([*(text for _, text, _ in FORMS), RST, RST_WITH_CODE]):
        repository.page(text, f"form{number:03}.md")
    done = run(base, repository, command, "docs")
    assert done.returncode == 1  # some forms are there for what is wrong with them
    assert "Traceback" not in done.stdout + done.stderr
    assert "mistake in crossnotes" not in done.stdout + done.stderr


def test_page_with_restructuredtext_is_read(base: Path, repository: Repository) -> None:
    repository.page(RST)
    done = run(base, repository, "test", "docs")
    assert done.returncode == 0, done.stdout + done.stderr
    repository.page(RST_WITH_CODE)
    done = run(base, repository, "test", "docs")
    assert done.returncode == 1
    assert "docs/a.md:8: code in {eval-rst} is shown and never run" in done.stdout


def test_conf_py_that_nobody_can_read_is_told_once(base: Path, repository: Repository) -> None:
    repository.write("conf.py", "extensions = ['myst_parser']\n")
    repository.page("```python\nprint('yes')\n```\n")
    repository.page("```python\nprint('yes')\n```\n", "b.md")
    done = run(base, repository, "test", "docs")
    assert done.returncode == 0, done.stdout + done.stderr
    (said,) = [line for line in done.stderr.splitlines() if "conf.py" in line]
    assert said.startswith(f"{repository.root}/conf.py: Sphinx is not installed")
    assert said.endswith("pip install 'crossnotes[site]'")


def test_sql_needs_no_django(base: Path, repository: Repository) -> None:
    repository.page("# A\n\n```sql\nSELECT 1 AS one;\n```\n```{output}\none\n1\n```\n")
    done = run(base, repository, "test", "docs")
    assert done.returncode == 0, done.stdout + done.stderr


def test_project_without_django_says_what_to_install(base: Path, project: Repository) -> None:
    project.page("# A\n\n```python\nprint(1)\n```\n")
    done = run(base, project, "test", "docs", "--django", "project")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("docs/a.md:4: ")]
    assert "pip install 'crossnotes[site]'" in line


@pytest.mark.parametrize("target", ["postgresql", "mariadb", "mysql", "oracle"])
def test_driver_that_is_not_installed_is_one_sentence_with_the_command(
    base: Path, repository: Repository, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CROSSNOTES_{target.upper()}_URL", f"{target}://a:bcdefgh@127.0.0.1:9/x")
    repository.page("# A\n\n```sql\nSELECT 1;\n```\n")
    extra = "mysql" if target == "mariadb" else target
    done = run(base, repository, "test", "--target", target)
    assert done.returncode == 1
    assert f"pip install 'crossnotes[{extra}]'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert f"pip install 'crossnotes[{extra}]'" in run(base, repository, "targets").stdout


def test_version_is_told(base: Path, repository: Repository) -> None:
    done = run(base, repository, "--version")
    assert done.stdout == f"crossnotes, version {__version__}\n"


@pytest.mark.parametrize(
    "command", ["html", "serve", "linkcheck", "intl", "intl-status", "intl-check"]
)
def test_command_that_needs_an_extra_says_what_to_install(
    base: Path, repository: Repository, command: str
) -> None:
    repository.page(RST)
    done = run(base, repository, command)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("Error: ")
    assert "is not installed" in done.stderr
    assert done.stderr.endswith(": pip install 'crossnotes[site]'\n")
