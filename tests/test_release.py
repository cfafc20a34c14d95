"""What a release holds: the package, a bill of all that was locked, and the workflow that proves
where both come from."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import REPOSITORY
from .test_requirements import FILES, entries

FILE = REPOSITORY / ".github" / "workflows" / "release.yml"
WORKFLOW: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """build/dist of a copy of the repository."""
    root = tmp_path_factory.mktemp("release") / "root"
    ignored = shutil.ignore_patterns(".venv", "build", ".git", "__pycache__", ".*_cache")
    shutil.copytree(REPOSITORY, root, ignore=ignored)
    done = subprocess.run(
        [sys.executable, ".ci/dist.py"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return root / "build" / "dist"


def test_package_is_built_and_holds_what_it_runs_with(made: Path) -> None:
    (wheel,) = made.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"crossnotes/cli.py", "crossnotes/directives.json"} <= set(names)
    # What the extensions put onto pages.
    assert {
        "crossnotes/sphinxext/static/crossnotes.css",
        "crossnotes/sphinxext/locale/ja/LC_MESSAGES/crossnotes.po",
        "crossnotes/site/static/crossnotes-tabs.js",
        "crossnotes/site/templates/crossnotes-furo.html",
    } <= set(names)
    assert len(list(made.glob("*.tar.gz"))) == 1


def test_package_says_what_it_is_to_an_index_and_to_type_checkers(made: Path) -> None:
    (wheel,) = made.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    assert "crossnotes/py.typed" in archive.namelist()
    (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    metadata = archive.read(name).decode()
    assert "Classifier: Framework :: Django\n" in metadata
    assert "Classifier: Typing :: Typed\n" in metadata
    # An index shows the README without the files beside it.
    assert not re.search(r"\]\((?!https?:|#)", metadata)


def test_readme_of_an_index_leads_to_the_repository() -> None:
    spec = importlib.util.spec_from_file_location("dist", REPOSITORY / ".ci" / "dist.py")
    assert spec is not None
    assert spec.loader is not None
    dist = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dist)
    text = "![a page](.github/page.png) [below](#x) [how](CONTRIBUTING.md) [it](https://a.example/)"
    assert dist.for_index(text, "https://b.example/c") == (
        "![a page](https://b.example/c/raw/main/.github/page.png) [below](#x) "
        "[how](https://b.example/c/blob/main/CONTRIBUTING.md) [it](https://a.example/)"
    )
    assert dist.for_index(text, "") == " [below](#x) how [it](https://a.example/)"
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"\]\((?!https?:|#)([^)#]+)", readme):
        assert (REPOSITORY / path).exists(), path


def test_source_archive_holds_what_builds_the_site_and_tests_it(made: Path) -> None:
    (path,) = made.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = ["conf.py", "docs/index.md", "locale/ja/glossary.toml", "snippets/manage.py"]
    wanted += ["tests/conftest.py", "Makefile", "requirements-test.txt", "ledger/sqlite@3.40.json"]
    assert set(wanted) <= names
    assert not [name for name in names if name.endswith((".pyc", ".mo")) or name[-5:] == "/.env"]


def test_bill_names_every_locked_package_once(made: Path) -> None:
    (path,) = made.glob("*.cdx.json")
    bill = json.loads(path.read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    found = [(part["name"], part["version"]) for part in bill["components"]]
    locked = {(entry.name, str(entry.version)) for file in FILES for entry in entries(file)}
    assert set(found) == locked
    assert len(found) == len(set(found))
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
    assert bill["metadata"]["component"]["name"] == "crossnotes"


def test_what_has_no_wheel_is_built_by_what_is_locked() -> None:
    assert "setuptools" in {entry.name for entry in entries("requirements.txt")}
    machine = (REPOSITORY / "tests/machine.py").read_text(encoding="utf-8")
    assert "--no-build-isolation" in machine


def test_release_is_pinned_attested_and_may_do_no_more() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}  # `on`, which YAML takes for a boolean
    (job,) = WORKFLOW["jobs"].values()
    assert job["permissions"] == {"contents": "read", "id-token": "write", "attestations": "write"}
    used = re.findall(r"uses: (\S+)(.*)", FILE.read_text(encoding="utf-8"))
    for name, comment in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    (attested,) = [s for s in job["steps"] if "attest-build-provenance" in s.get("uses", "")]
    assert attested["with"]["subject-path"] == "build/dist/*"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make dist"]


@pytest.mark.parametrize("name", ["actionlint", "zizmor"])
def test_linter_finds_nothing(name: str) -> None:
    beside = Path(sys.executable).parent / name
    program = str(beside) if beside.exists() else shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    more = ["--offline", "--no-progress"] if name == "zizmor" else []
    done = subprocess.run([program, *more, FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_security_policy_says_what_a_page_may_do() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    for words in (
        "## What a page may do",
        "## Reporting",
        "## The site",
        "## What a release holds",
    ):
        assert words in text
