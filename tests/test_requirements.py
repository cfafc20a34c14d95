"""The locked requirements are those of pyproject.toml, with hashes, and from no named place."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

#: Which extras each file holds, as the Makefile locks them.
FILES = {
    "requirements.txt": ["site", "build"],
    "requirements-test.txt": [
        *("site", "build", "mysql", "oracle", "postgresql", "tidb", "servers", "test")
    ],
}

DRIVERS = {"mysqlclient", "django-tidb", "psycopg", "psycopg2", "psycopg2-binary", "pymysql"}
DRIVERS |= {"oracledb", "cx-oracle", "mariadb", "mysql-connector-python"}


@dataclass(frozen=True)
class Locked:
    """One entry of a lock file."""

    name: str
    version: Version
    marker: Marker | None
    hashes: list[str]


def text_of(file: str) -> str:
    return (REPOSITORY / file).read_text(encoding="utf-8")


def entries(file: str) -> list[Locked]:
    found = []
    for entry in re.split(r"\n(?=\S)", text_of(file).strip()):
        line, *hashes = re.split(r"\s*\\\n\s*", entry)
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        found.append(
            Locked(
                canonicalize_name(requirement.name),
                Version(specifier.version),
                requirement.marker,
                hashes,
            )
        )
    return found


def wanted(file: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in FILES[file] for text in EXTRAS[extra])]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("file", FILES)
def test_every_dependency_is_locked_at_a_version_that_satisfies_it(file: str) -> None:
    for requirement in wanted(file):
        name = canonicalize_name(requirement.name)
        locked = [entry.version for entry in entries(file) if entry.name == name]
        assert locked, f"{requirement} is not locked; run `make lock`"
        for version in locked:
            assert requirement.specifier.contains(version), f"{requirement}: {version}"


@pytest.mark.parametrize("file", FILES)
def test_every_entry_has_hashes_and_nothing_else(file: str) -> None:
    for entry in entries(file):
        assert entry.hashes, entry.name
        for value in entry.hashes:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", value), f"{entry.name}: {value}"
        assert len(set(entry.hashes)) == len(entry.hashes), entry.name


@pytest.mark.parametrize("file", FILES)
def test_lock_file_names_no_place_and_no_option(file: str) -> None:
    text = text_of(file)
    assert not re.search(r"https?:|://|\.(com|org|net|io|dev|internal|local)\b", text)
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)
    assert " @ " not in text


def test_site_needs_no_database_driver() -> None:
    assert not DRIVERS & {entry.name for entry in entries("requirements.txt")}


def test_both_files_hold_the_same_versions_of_what_both_hold() -> None:
    site, test = ({(e.name, e.version, str(e.marker)) for e in entries(file)} for file in FILES)
    assert site <= test


def test_extras_are_all_locked_somewhere() -> None:
    assert set(EXTRAS) == {extra for extras in FILES.values() for extra in extras}


def test_project_that_the_pages_teach_asks_for_versions_that_were_locked() -> None:
    locked = {entry.name: entry.version for entry in entries("requirements-test.txt")}
    for file in ("requirements.txt", "requirements-tidb.txt"):
        for line in Path(REPOSITORY, "snippets", file).read_text().splitlines():
            if line and not line.startswith(("-", "#")):
                requirement = Requirement(line)
                assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
