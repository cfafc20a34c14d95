"""A block that would make the pages after it run otherwise is one failed Result, and touches
none of them."""

import pytest

from tests.conftest import Repository

CLEAN = """\
# B

```pycon
>>> import os, signal, time
>>> "LEFT" in os.environ, os.getcwd() == "/", time.tzname[0]
(False, False, 'UTC')
>>> signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
True
```
"""


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ('os.environ["LEFT"] = "1"', "the environment (LEFT)"),
        ('del os.environ["HOME"]', "the environment (HOME)"),
        ('os.chdir("/")', "the working directory"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal handlers"),
        ('os.environ["TZ"] = "Asia/Tokyo"; time.tzset()', "the environment (TZ)"),
    ],
)
def test_what_a_block_leaves_changed_is_its_failure_and_reaches_no_other_page(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, code: str, what: str
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    repository.page(f"# A\n\n```python\nimport os, signal, time\n{code}\n```\n")
    repository.page(CLEAN, "b.md")
    first, second = repository.run().results
    assert (first.status, second.status) == ("failed", "passed")
    assert f"leaves {what} changed" in first.reason


def test_what_a_block_undoes_itself_is_no_failure(repository: Repository) -> None:
    code = 'import os\nos.environ["LEFT"] = "1"\ndel os.environ["LEFT"]'
    (result,) = repository.results(f"# A\n\n```python\n{code}\n```\n")
    assert result.status == "passed"


def test_page_with_a_process_of_its_own_may_leave_what_it_likes(repository: Repository) -> None:
    front = "---\ncrossnotes: {isolation: commit}\n---\n"
    repository.page(front + '# A\n\n```python\nimport os\nos.environ["LEFT"] = "1"\n```\n')
    repository.page(CLEAN, "b.md")
    assert [result.status for result in repository.run().results] == ["passed", "passed"]


def test_change_of_djangos_settings_is_a_failure(project: Repository) -> None:
    code = "from django.conf import settings\nsettings.DEBUG = not settings.DEBUG"
    project.page(f"# A\n\n```python\n{code}\n```\n")
    check = "from django.conf import settings\nbefore = settings.DEBUG"
    project.page(f"# B\n\n```python\n{check}\n```\n", "b.md")
    first, second = project.run().results
    assert "leaves Django's settings changed" in first.reason
    assert second.status == "passed"


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
