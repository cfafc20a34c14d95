"""A child that a block forks may end itself, and does not come back as if it were the page."""

from tests.conftest import Repository

CLEAN = "# B\n\n```python\nprint(1)\n```\n"


def test_child_that_comes_back_from_a_fork_is_one_failure(repository: Repository) -> None:
    repository.page("# A\n\n```python\nimport os\nos.fork()\n```\n\n```python\nprint(1)\n```\n")
    repository.page(CLEAN, "b.md")
    first, second, third = repository.run().results
    assert "forks, and the child ran on" in first.reason
    assert second.reason.startswith("not reached")
    assert third.status == "passed"


def test_child_that_ends_itself_is_no_failure(repository: Repository) -> None:
    code = "import os\npid = os.fork()\nif pid == 0:\n    os._exit(3)\n"
    then = ">>> os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n3\n"
    results = repository.results(f"# A\n\n```python\n{code}```\n\n```pycon\n{then}```\n")
    assert [result.status for result in results] == ["passed", "passed"]
