"""The workflow of GitHub Actions: pinned, with few rights, and nothing that is no make target."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossnotes import ranges
from crossnotes.targets import every_target, mariadb, mysql, oracle, postgresql, requests, tidb

from .conftest import REPOSITORY

FILE = REPOSITORY / ".github" / "workflows" / "docs.yml"
WORKFLOW: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]


def steps() -> Iterator[dict[str, Any]]:
    for job in JOBS.values():
        yield from job["steps"]


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    used = re.findall(r"uses: (\S+)(.*)", FILE.read_text(encoding="utf-8"))
    assert len(used) == sum("uses" in step for step in steps())
    for name, comment in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_what_is_run_are_make_targets_that_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    runs = [step["run"] for step in steps() if "run" in step]
    named = [found[1] for run in runs if (found := re.search(r'\bmake ("\$WHAT"|[\w-]+)', run))]
    others = [run for run in runs if "make " not in run]
    assert all(run.startswith("git config ") for run in others)
    scripts = re.findall(r"@(\.ci/[\w-]+)", makefile)
    assert all((REPOSITORY / script).stat().st_mode & 0o111 for script in scripts)
    wanted = {*named, *JOBS["check"]["strategy"]["matrix"]["what"]} - {'"$WHAT"'}
    assert {
        "check",
        "test",
        "snippet-test",
        "publish",
        "results-check",
        "propose-results",
    } <= wanted
    for target in wanted:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_rights_are_those_that_a_job_needs() -> None:
    assert WORKFLOW["permissions"] == {}
    for name, job in JOBS.items():
        writes = {
            "publish": {"pages": "write", "id-token": "write"},
            "results": {"contents": "write", "pull-requests": "write", "issues": "write"},
        }
        assert job["permissions"] == writes.get(name, {"contents": "read"})
        assert job["timeout-minutes"] <= 40


def test_pull_request_gets_no_secret_and_publishes_nothing() -> None:
    assert "pull_request" in WORKFLOW[True]  # `on`, which YAML takes for a boolean
    assert "pull_request_target" not in WORKFLOW[True]
    for job in JOBS.values():
        if "secrets." in yaml.safe_dump(job) or "write" in job["permissions"].values():
            assert "github.event_name != 'pull_request'" in job["if"]


def test_every_target_is_run_in_the_oldest_and_newest_versions() -> None:
    matrix = JOBS["snippets"]["strategy"]["matrix"]["include"]
    assert {entry["target"] for entry in matrix} == set(every_target())
    series: dict[str, list[str]] = {}
    for entry in matrix:
        series.setdefault(entry["target"], []).append(entry["series"])
        if entry["series"]:
            assert entry["series"] in every_target()[entry["target"]].releases
            assert requests.parse(f"{entry['target']}@{entry['series']}").series == entry["series"]
    for deployment in ranges.FAMILIES["tidb"]:
        assert series[deployment] == ["7.5", "8.1", "8.5"]
        assert set(series[deployment]) == set(tidb.IMAGES)
    for name in ("mysql", "mariadb", "postgresql"):
        assert len(series[name]) == 3


def test_images_are_of_the_series_and_those_of_the_targets() -> None:
    matrix = JOBS["snippets"]["strategy"]["matrix"]["include"]
    images = [entry["image"] for entry in matrix if "image" in entry]
    assert {mariadb.IMAGE, mysql.IMAGE, oracle.IMAGE, postgresql.IMAGE} <= set(images)
    for entry in matrix:
        if "image" in entry:
            assert entry["image"].partition(":")[2].startswith(entry["series"])


def test_each_server_is_named_by_the_variable_of_its_target() -> None:
    variables: dict[str, str] = JOBS["snippets"]["env"]
    for name, expression in variables.items():
        found = re.search(r"matrix.target == '([a-z]+)' && '([^']+)' \|\| ''", expression)
        assert found is not None
        offer = every_target()[found[1]].look({name: found[2]})
        assert (offer.source, offer.problem) == ("external", "")
        assert every_target()[found[1]].look({name: ""}).source != "external"


@pytest.mark.parametrize("file", [FILE, FILE.with_name("pages.yml"), REPOSITORY / "action.yml"])
@pytest.mark.parametrize("name", ["actionlint", "zizmor"])
def test_linter_finds_nothing(name: str, file: Path) -> None:
    beside = Path(sys.executable).parent / name
    program = str(beside) if beside.exists() else shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    if name == "actionlint" and file.name == "action.yml":
        pytest.skip("actionlint reads workflows only")
    more = ["--offline", "--no-progress"] if name == "zizmor" else []
    done = subprocess.run([program, *more, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
