"""`crossnotes init`: what it makes is built in all its languages, and its blocks pass, at once."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from .conftest import Wheel, Write

SHAPES = {
    "two languages and Django": ["--languages", "en,ja", "--django", "project"],
    "German, and Django in a folder below": ["--languages", "en,de", "--django", "src/site"],
    "one language without Django": ["--theme", "alabaster", "--targets", "sqlite,postgresql"],
    "the source is Japanese, and a workflow": ["--languages", "ja,en", "--ci", "github"],
}


@pytest.mark.parametrize("options", SHAPES.values(), ids=SHAPES)
def test_new_site_is_built_and_passes_at_once(
    wheel: Wheel, tmp_path: Path, options: list[str]
) -> None:
    done = wheel.crossnotes("init", "notes", "--name", "My notes", *options, cwd=tmp_path)
    assert done.code == 0, done.said
    root = tmp_path / "notes"
    assert (root / ".github/workflows/docs.yml").exists() == ("--ci" in options)
    (root / "pyproject.toml").write_text(
        (root / "pyproject.toml").read_text().replace(', "postgresql"', "")
    )
    done = wheel.crossnotes("test", cwd=root)
    assert done.code == 0, done.said
    assert done.said.splitlines()[2].split()[-3:-1] == ["0", "0"]  # failed, excused
    done = wheel.crossnotes("html", cwd=root)
    assert done.code == 0, done.said
    at = options.index("--languages") + 1 if "--languages" in options else 0
    for folder in options[at].split(",") if at else [""]:
        text = (root / "build/html" / folder / "first-page.html").read_text(encoding="utf-8")
        assert "Solaris" in text if "--django" in options else "books-by-title" in text
    done = wheel.crossnotes("intl-status", cwd=root)
    assert "Traceback" not in done.said


def test_what_is_there_is_never_written_over(wheel: Wheel, project: Write) -> None:
    root = project({"docs/index.md": "# Mine\n"})
    done = wheel.crossnotes("init", ".", cwd=root)
    assert done.code == 2
    assert "index.md already exists, and nothing was written" in done.said
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["index.md"]
    done = wheel.crossnotes("init", "new", "--targets", "sqlite,klingon", cwd=root)
    assert (done.code, (root / "new").exists()) == (2, False)
    assert "unknown target 'klingon'; known are: mariadb, " in done.said


def test_what_a_person_types_is_written_as_it_is(wheel: Wheel, tmp_path: Path) -> None:
    name = 'Bob\\s "best" @THEME@ – @MODELS@'
    options = ["--name", name, "--languages", "en,en", "--targets", "sqlite, sqlite"]
    done = wheel.crossnotes("init", "notes", *options, "--django", 'the "site"', cwd=tmp_path)
    assert done.code == 0, done.said
    root = tmp_path / "notes"
    said = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["crossnotes"]
    assert (said["django"], said["targets"]) == ('the "site"', ["sqlite"])
    assert said["languages"] == {"en": "English"}
    names: dict[str, object] = {}
    exec((root / "conf.py").read_text("utf-8"), names)
    assert names["project"] == name
    assert (root / "docs/index.md").read_text("utf-8").startswith(f"# {name}\n")
    assert wheel.crossnotes("test", cwd=root).code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--languages", "en,english"], "'english' is not a code of a language, such as en or pt_"),
        (["--languages", "../x"], "'../x' is not a code of a language"),
        (["--theme", 'a"b'], "'a\"b' is not the name of a theme, such as furo"),
        (["--django", "../x"], "the Django project has to be in new: '../x' is not"),
    ],
)
def test_what_makes_no_site_is_refused(
    wheel: Wheel, tmp_path: Path, options: list[str], said: str
) -> None:
    done = wheel.crossnotes("init", "new", *options, cwd=tmp_path)
    assert (done.code, (tmp_path / "new").exists()) == (2, False)
    assert said in done.said


def test_project_without_markdown_gets_what_reads_it(wheel: Wheel, project: Write) -> None:
    root = project({"docs/conf.py": 'project = "A"\nextensions = []\n', "docs/index.rst": "A\n=\n"})
    done = wheel.crossnotes("init", "--existing", cwd=root)
    assert '+extensions = ["myst_parser", "crossnotes.sphinxext"]\n' in done.said
    assert "docs: no Markdown pages (*.md), and blocks are run in no others" in done.said


def test_site_of_mkdocs_is_told_what_can_be_done(wheel: Wheel, project: Write) -> None:
    root = project({"mkdocs.yml": "site_name: A\n", "docs/index.md": "# A\n"})
    for command in (["init", "--existing"], ["html"]):
        done = wheel.crossnotes(*command, cwd=root)
        assert done.code == 2
        assert "mkdocs.yml: this is a site of MkDocs" in done.said


@pytest.mark.parametrize(
    "extensions",
    [
        'extensions = ["myst_parser"]\n',
        'extensions = [\n    "myst_parser",\n]\n',
        'extensions = []\nextensions.append("myst_parser")\n',
        'extensions = list(["myst_parser"])\n',
    ],
)
def test_difference_for_a_project_that_is_there_can_be_applied(
    wheel: Wheel, project: Write, extensions: str
) -> None:
    conf = f'project = "Host"\n{extensions}html_theme = "alabaster"\n'
    page = "# Home\n\n```python\nprint(1 + 1)\n```\n"
    root = project({"docs/conf.py": conf, "docs/index.md": page})
    before = {path: path.read_text() for path in root.rglob("*") if path.is_file()}
    done = wheel.crossnotes("init", "--existing", cwd=root)
    assert done.code == 0, done.said
    for path, text in before.items():
        assert path.read_text() == text
    assert not (root / "pyproject.toml").exists()
    patch = ["patch", "-p1", "--quiet"]
    subprocess.run(patch, cwd=root, input=done.said, text=True, check=True)
    assert wheel.crossnotes("test", cwd=root).code == 0
    assert wheel.crossnotes("html", cwd=root).code == 0
    assert "crossnotes" in (root / "build/html/index.html").read_text()
    done = wheel.crossnotes("init", "--existing", cwd=root)
    assert done.said == "nothing to add\n"
