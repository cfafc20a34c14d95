"""Results of an earlier run are taken over only while nothing changed that could change them."""

import pytest

from tests.conftest import Repository

GREEN = "# A\n\n```python\nprint(1)\n```\n"


def _ran(repository: Repository, *options: str) -> int:
    """How many programs a run ran, as its table says."""
    done = repository.crossnotes("test", "docs", *options)
    row = next(line.split() for line in done.lines if line.startswith("sqlite "))
    return int(row[2])


def test_page_that_did_not_change_is_not_run_again(repository: Repository) -> None:
    repository.page(GREEN)
    repository.page(GREEN, "b.md")
    assert _ran(repository) == 2
    assert _ran(repository) == 0


def test_results_are_the_same_whether_run_or_taken_over(repository: Repository) -> None:
    repository.page(GREEN)
    repository.crossnotes("test", "docs", "--json", "first.json")
    repository.crossnotes("test", "docs", "--json", "second.json")
    assert repository.json("first.json")["results"] == repository.json("second.json")["results"]


def test_one_flag_runs_everything(repository: Repository) -> None:
    repository.page(GREEN)
    _ran(repository)
    assert _ran(repository, "--no-reuse") == 1


def test_edited_page_is_run_again_and_the_others_are_not(repository: Repository) -> None:
    repository.page(GREEN)
    repository.page(GREEN, "b.md")
    _ran(repository)
    repository.page(GREEN + "\nMore.\n", "b.md")
    assert _ran(repository) == 1


def test_failure_is_never_taken_over(repository: Repository) -> None:
    repository.page("# A\n\n```python\n1 / 0\n```\n")
    for _ in range(2):
        done = repository.crossnotes("test", "docs")
        assert done.code == 1
        assert "docs/a.md:4: [sqlite" in done.out


def test_page_with_a_problem_is_never_taken_over(repository: Repository) -> None:
    repository.page(GREEN + "\n```\nno language\n```\n")
    for _ in range(2):
        assert repository.crossnotes("test", "docs").code == 1


@pytest.mark.parametrize("directive", ["include", "literalinclude"])
def test_change_of_a_file_that_a_page_takes_in_runs_it_again(
    repository: Repository, directive: str
) -> None:
    name = "part.md" if directive == "include" else "part.py"
    repository.write(f"docs/{name}", "x = 1\n")
    repository.page(GREEN + f"\n```{{{directive}}} {name}\n```\n", "a.md")
    repository.crossnotes("test", "docs/a.md")
    assert "earlier run" in repository.crossnotes("test", "docs/a.md").out
    repository.write(f"docs/{name}", "x = 2\n")
    assert "earlier run" not in repository.crossnotes("test", "docs/a.md").out


def test_change_of_the_django_project_runs_every_page_again(project: Repository) -> None:
    project.page(GREEN)
    options = ["--django", "project"]
    _ran(project, *options)
    assert _ran(project, *options) == 0
    project.write("project/new.py", "x = 1\n")
    assert _ran(project, *options) == 1


def test_change_of_the_settings_runs_every_page_again(repository: Repository) -> None:
    repository.page(GREEN)
    _ran(repository)
    settings = repository.root / "pyproject.toml"
    settings.write_text(settings.read_text() + "\n[tool.crossnotes.x]\n".replace("x", "tabs2"))
    assert repository.crossnotes("test", "docs").code == 2
    settings.write_text(settings.read_text().replace("[tool.crossnotes.tabs2]\n", ""))
    settings.write_text(settings.read_text().replace('"not run on macOS"', '"not here"'))
    assert _ran(repository) == 1
