"""Projects of others: they have Crossnotes from its wheel, and nothing of this repository."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import REPOSITORY
from ..test_requirements import entries


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    said: str


@dataclass(frozen=True)
class Wheel:
    """The built wheel, and where it is unpacked."""

    file: Path
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
    return Wheel(packed, target)


@dataclass(frozen=True)
class Index:
    """The package index of this machine, and pip's cache of it."""

    #: The locked versions, so that what is installed is what was tried.
    constraints: Path
    cache: str

    def variables(self, wheel: Wheel) -> dict[str, str]:
        """What makes pip find Crossnotes in its wheel, and the rest in the index, as locked."""
        return {
            "PIP_CONSTRAINT": str(self.constraints),
            "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {wheel.file.parent}".strip(),
            "PIP_CACHE_DIR": self.cache,
        }


def locked() -> Iterator[str]:
    """The locked requirements of the site, without hashes, as constraints for pip."""
    for each in entries("requirements.txt"):
        yield f"{each.name}=={each.version}" + (f"; {each.marker}" if each.marker else "")


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Skips the test where pip reaches no index."""
    folder = tmp_path_factory.mktemp("index")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    probe = [*pip, "download", "--no-deps", "--no-cache-dir", "--retries=1", "--timeout=20"]
    done = subprocess.run(
        [*probe, "--dest", folder, "iniconfig"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"pip reaches no package index: {done.stderr.strip().splitlines()[-1:]}")
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(locked()), encoding="utf-8")
    cache = subprocess.run([*pip, "cache", "dir"], capture_output=True, text=True, check=True)
    return Index(constraints, cache.stdout.strip())


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
