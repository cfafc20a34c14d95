"""Projects of others: they have Crossnotes from its wheel, and nothing of this repository."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import REPOSITORY


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    said: str


@dataclass(frozen=True)
class Wheel:
    """Where the built wheel is unpacked."""

    folder: Path

    def run(self, *arguments: str, cwd: Path) -> Done:
        """A Python module with its arguments, in a process that has Crossnotes from the wheel."""
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env=os.environ
            | {"PYTHONPATH": str(self.folder), "XDG_CACHE_HOME": str(cwd / ".cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def crossnotes(self, *arguments: str, cwd: Path) -> Done:
        return self.run("crossnotes", *arguments, cwd=cwd)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from flit_core import buildapi; print(buildapi.build_wheel({str(folder)!r}))"
    made = subprocess.run(
        [sys.executable, "-c", build], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    target = folder / "packages"
    packed = folder / made.stdout.split()[-1]
    subprocess.run([*pip, "--target", target, packed], check=True)
    return Wheel(target)


Write = Callable[[dict[str, str]], Path]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """Write the files of a project into an empty folder."""
    return lambda files: write(tmp_path / "project", files)
