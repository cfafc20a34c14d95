"""The versions that we say we support: a new site is built under -W, and its snippets run, with the
oldest and the newest of Sphinx, myst-parser and Django, and under other Pythons."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Index, Wheel

#: Python (None: the one that runs this), and which versions are installed.
COMBINATIONS = {
    "the oldest of all": (None, ["Sphinx==8.1.*", "myst-parser==4.*", "Django==4.2.*"]),
    "Python 3.12": ("3.12", ["Sphinx==8.2.*", "myst-parser==4.*", "Django==5.2.*"]),
    "Python 3.13 and Django 6": ("3.13", ["Sphinx==9.0.*", "myst-parser==5.*", "Django==6.*"]),
}
ASK = "import sqlite3, ssl, sys, venv; print('%d.%d' % sys.version_info[:2])"


def python_of(version: str | None) -> str:
    """A Python of this version on PATH or of pyenv, or the test is skipped."""
    if version is None:
        return sys.executable
    of_pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    for path in filter(None, [shutil.which(f"python{version}"), *map(str, of_pyenv)]):
        done = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return path
    pytest.skip(f"this machine has no Python {version} with venv, ssl and sqlite3")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("version", "packages"), COMBINATIONS.values(), ids=COMBINATIONS)
def test_new_site_is_built_and_passes_with_these_versions(
    version: str | None, packages: list[str], wheel: Wheel, index: Index, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([python_of(version), "-m", "venv", venv], check=True)
    environment = os.environ | index.variables(wheel)
    del environment["PIP_CONSTRAINT"]  # these are other versions

    def run(*command: str | Path, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            [venv / "bin" / command[0], *command[1:]],
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run("pip", "install", "--quiet", "--no-compile", f"{wheel.file}[site]", *packages)
    run("crossnotes", "init", "notes", "--name", "Notes", "--languages=en,ja", "--django=project")
    notes = tmp_path / "notes"
    # Every mend fits these versions: one that does not is a warning, and warnings are errors.
    with (notes / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('extensions += ["crossnotes.mends"]\n')
    said = run("crossnotes", "test", cwd=notes)
    assert said.splitlines()[2].split()[-3:-1] == ["0", "0"], said  # failed, excused
    run("crossnotes", "html", cwd=notes)
    page = (notes / "build/html/ja/first-page.html").read_text(encoding="utf-8")
    assert 'lang="ja"' in page
    assert "Solaris" in page
