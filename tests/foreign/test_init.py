"""`crossnotes init`: what it makes is built in all its languages, and its blocks pass, at once."""

import subprocess
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
