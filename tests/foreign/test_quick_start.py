"""The commands of the page "Quick start", word for word, in an empty folder: Crossnotes comes from
the built wheel, what it needs from the package index that this machine has."""

import subprocess
from pathlib import Path

import pytest

from ..conftest import REPOSITORY, Repository
from .conftest import Index, Wheel, write

GUIDE = (REPOSITORY / "docs/guides/quick-start.md").read_text(encoding="utf-8")
SKIPPED = ":skip: it installs packages\n"
#: What an author has who reads "A Sphinx project that exists".
HOST = {
    "docs/conf.py": 'project = "Host"\nextensions = ["myst_parser"]\nhtml_theme = "alabaster"\n',
    "docs/index.md": "# Host\n\n```python\nprint(1 + 1)\n```\n\n```\nno language\n```\n",
}


def block(name: str) -> str:
    """The block of this name as it stands on the page, but that it is run."""
    start = GUIDE.index(f":name: quick-start-{name}\n")
    start = GUIDE.rindex("```{snippet}", 0, start)
    text = GUIDE[start : GUIDE.index("\n```\n", start) + 5]
    assert SKIPPED in text
    return text.replace(SKIPPED, "")


@pytest.mark.timeout(1800)
def test_commands_of_the_quick_start_do_what_the_page_shows(
    repository: Repository, wheel: Wheel, index: Index
) -> None:
    folder = repository.root / "work"
    write(folder / "host", HOST)
    variables = " ".join(f"{name}='{value}'" for name, value in index.variables(wheel).items())
    # A page may install nothing unless it says so; a reader's shell has pip as it is.
    begin = f"$ unset PIP_NO_INDEX\n$ export {variables}\n$ cd {folder}"
    blocks = [f"```console\n{begin}\n```", block("new-site"), "```console\n$ cd ../host\n```"]
    repository.page("\n\n".join(["# A", *blocks, block("existing-project")]))
    done = repository.crossnotes("test", "docs", "--no-reuse")
    assert done.code == 0, done.out + done.err
    assert "日本語" in (folder / "notes/build/html/index.html").read_text(encoding="utf-8")
    assert "Solaris" not in (folder / "notes/build/html/en/first-page.html").read_text("utf-8")
    assert "crossnotes" in (folder / "host/build/html/index.html").read_text(encoding="utf-8")


def test_existing_project_needs_the_lines_that_the_page_shows(wheel: Wheel, tmp_path: Path) -> None:
    root = write(tmp_path / "host", HOST)
    done = wheel.crossnotes("init", "--existing", cwd=root)
    shown = GUIDE[GUIDE.index("```diff\n") + 8 :].partition("```")[0].splitlines()
    changed = [
        line
        for line in done.said.splitlines()
        if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")
    ]
    assert changed == shown
    assert len([line for line in changed if line.startswith("+")]) <= 10
    subprocess.run(["patch", "-p1", "--quiet"], cwd=root, input=done.said, text=True, check=True)
    assert wheel.crossnotes("test", cwd=root).code == 0
