"""What the CI of others takes from this repository: action, workflow, hooks, problem matcher."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import REPOSITORY, Repository

PASSING = "# A\n\n```python\nprint(1)\n```\n"
FAILING = "# A\n\n```python\n1 / 0\n```\n"


def read(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


ACTION = read("action.yml")
WORKFLOW = read(".github/workflows/pages.yml")
HOOKS = read(".pre-commit-hooks.yaml")


def bash(script: str, repository: Repository, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step of the action or the workflow, as GitHub runs it."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repository.root,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def step_of_action(name: str) -> Any:
    (step,) = (step for step in ACTION["runs"]["steps"] if step["id"] == name)
    return step


def test_action_runs_the_pages_and_leaves_a_ledger(repository: Repository) -> None:
    repository.page(PASSING)
    repository.page(PASSING, "b b.md")
    step = step_of_action("run")
    given = {name: ACTION["inputs"][name.lower()]["default"] for name in step["env"]}
    done = bash(step["run"], repository, **given)
    assert done.returncode == 0, done.stderr
    assert len(repository.json("build/ledger/sqlite.json")["results"]) == 2
    done = bash(step["run"], repository, **{**given, "PAGES": "docs/a.md", "LEDGER": "out"})
    assert len(repository.json("out/sqlite.json")["results"]) == 1
    done = bash(step["run"], repository, **{**given, "SHARD": "1/2", "LEDGER": "part"})
    assert len(repository.json("part/sqlite.json")["results"]) == 1


def test_action_fails_with_the_page_and_tells_where(repository: Repository) -> None:
    repository.page(FAILING)
    step = step_of_action("run")
    given = {name: ACTION["inputs"][name.lower()]["default"] for name in step["env"]}
    done = bash(step["run"], repository, **given, GITHUB_ACTIONS="true")
    assert done.returncode == 1
    assert re.search(r"^::error file=docs/a\.md,line=4,title=sqlite", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("sqlite", ""),
        ("mysql@9.7", "[mysql,servers]"),
        ("mariadb", "[mysql,servers]"),
        ("postgresql@18", "[postgresql,servers]"),
        ("oracle", "[oracle,servers]"),
        ("tidb-serverless", "[tidb,servers]"),
    ],
)
def test_action_installs_what_the_database_needs(
    repository: Repository, target: str, wanted: str
) -> None:
    done = bash(
        step_of_action("install")["run"], repository, TARGET=target, PYTHON="echo", SOURCE="x"
    )
    assert done.stdout.split()[-1] == f"x{wanted}"
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert set(re.findall(r"\w+", wanted)) <= set(extras["optional-dependencies"])


def test_workflow_runs_a_part_of_the_pages(repository: Repository) -> None:
    repository.page(PASSING)
    (step,) = (
        s for s in WORKFLOW["jobs"]["pages"]["steps"] if "crossnotes test" in s.get("run", "")
    )
    done = bash(step["run"], repository, TARGET="sqlite", SHARD="1/1", PAGES="")
    assert done.returncode == 0, done.stderr
    assert repository.json("build/ledger/sqlite.json")["results"]


def test_workflow_has_no_more_rights_than_to_read() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["pages"]["permissions"] == {"contents": "read"}
    text = (REPOSITORY / ".github/workflows/pages.yml").read_text()
    for name, comment in re.findall(r"uses: (actions/\S+)(.*)", text):
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("file", ["action.yml", ".github/workflows/pages.yml"])
def test_no_input_is_put_into_a_script(file: str) -> None:
    """Whoever names a page could run commands with it otherwise."""
    steps = ACTION["runs"]["steps"] if file == "action.yml" else WORKFLOW["jobs"]["pages"]["steps"]
    assert not [step for step in steps if "${{" in step.get("run", "")]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_hook_is_a_command_that_takes_pages(repository: Repository, hook: dict[str, Any]) -> None:
    program, *arguments = shlex.split(hook["entry"])
    assert program == "crossnotes"
    repository.page(PASSING)
    assert repository.crossnotes(*arguments, "docs/a.md").code == 0
    repository.page("# A\n\n```\nno language\n```\n")
    assert repository.crossnotes(*arguments, "docs/a.md").code == 1


def test_matcher_finds_failures_and_problems(repository: Repository) -> None:
    document = json.loads((REPOSITORY / ".github/crossnotes-matcher.json").read_text())
    (pattern,) = document["problemMatcher"][0]["pattern"]
    repository.page(FAILING + "\n```\nno language\n```\n")
    done = repository.crossnotes("test", "docs")
    found = [match for line in done.lines if (match := re.match(pattern["regexp"], line))]
    places = [(m[pattern["file"]], m[pattern["line"]]) for m in found]
    assert places == [("docs/a.md", "4"), ("docs/a.md", "7")]
    assert "ZeroDivisionError" in found[0][pattern["message"]]
