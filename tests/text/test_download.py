"""A program as one file does what its blocks do."""

import subprocess
import sys

import pytest

from crossnotes.program import Labels, programs
from crossnotes.run import project as projects
from crossnotes.text import download
from tests.conftest import REPOSITORY, Repository

PAGE = """\
# A

```python
x = 40
```

```pycon
>>> x + 2
42
>>> 1 / 0
Traceback (most recent call last):
    ...
ZeroDivisionError: division by zero
```

```{snippet} python
:raises: ValueError
raise ValueError("as shown")
```

```console
$ echo from the shell
```

```{snippet} python
:skip: It needs a moon.
launch()
```
"""


def _script(repository: Repository, settings: str = "") -> str:
    (page,) = repository.parsed()
    (program,) = programs(page, "sqlite", Labels({}, {}))
    return download.script(program, "A page", "", settings)


def test_file_runs_and_prints_what_the_page_shows(repository: Repository) -> None:
    repository.page(PAGE)
    path = repository.write("a.py", _script(repository))
    done = subprocess.run([sys.executable, "-u", path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["42", "division by zero", "as shown", "from the shell"]


def test_block_that_is_not_run_is_a_comment_with_its_reason(repository: Repository) -> None:
    repository.page(PAGE)
    lines = _script(repository).splitlines()
    assert "# Not run: It needs a moon." in lines
    assert "# launch()" in lines


def test_blocks_say_where_they_are_from(repository: Repository) -> None:
    repository.page(PAGE)
    assert "# docs/a.md, line 4" in _script(repository).splitlines()


def test_blocks_of_a_django_project_find_it_set_up(project: Repository) -> None:
    project.page("# A\n\n```python\nfrom notes.models import Note\nprint(Note.__name__)\n```\n")
    settings = projects.find(project.django).settings
    path = project.write("project/a.py", _script(project, settings))
    done = subprocess.run(
        [sys.executable, path], cwd=project.django, capture_output=True, text=True, check=False
    )
    assert done.stdout == "Note\n", done.stderr


def test_name_says_page_target_and_labels() -> None:
    config = Repository(REPOSITORY)
    (page,) = [page for page in config.parsed() if page.path.endswith("with-django.md")]
    labels = Labels({"SQLite": "sqlite", "TiDB Dedicated": "tidb-dedicated"}, {})
    (program,) = programs(page, "sqlite", labels)
    assert download.file_name("a/b", program).startswith("a/b.sqlite.")


def test_file_awaits_what_a_session_awaits(repository: Repository) -> None:
    code = "import asyncio\n\nasync def double(n):\n    return n * 2\n\nx = await double(2)"
    session = ">>> await double(x)\n8\n>>> x\n4"
    repository.page(f"# A\n\n```python\n{code}\n```\n\n```pycon\n{session}\n```\n")
    path = repository.write("a.py", _script(repository))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["8", "4"]


@pytest.mark.parametrize(
    ("session", "printed"),
    [
        (">>> 1, 2\n(1, 2)", ["(1, 2)"]),
        (">>> x = 'ä'; x, x  # twice\n('ä', 'ä')", ["('ä', 'ä')"]),
        (">>> (1,\n...  2)\n(1, 2)", ["(1, 2)"]),
        (">>> 'a' # not more\n'a'", ["'a'"]),
        (
            ">>> import contextlib\n"
            ">>> with contextlib.nullcontext(3) as n:\n...     n + 1\n...     print(n)\n4\n3",
            ["4", "3"],
        ),
        (">>> for n in range(2):\n...     n, -n\n...\n(0, 0)\n(1, -1)", ["(0, 0)", "(1, -1)"]),
        (">>> if True:\n...     [].append(1)\n...     'shown'\n'shown'", ["'shown'"]),
        (">>> def f():\n...     1\n...     return 2\n>>> f()\n2", ["2"]),
        (">>> print('a')\na\n>>> exec('print(1)')\n1", ["a", "1"]),
        (">>> None\n>>> _ = 5\n>>> _\n5", ["5"]),
        (
            '>>> raise ValueError("""a\n...   b""")\n'
            "Traceback (most recent call last):\nValueError: a\n  b",
            ["a", "  b"],
        ),
    ],
)
def test_session_prints_in_a_file_what_it_shows(
    repository: Repository, session: str, printed: list[str]
) -> None:
    repository.page(f"# A\n\n```pycon\n{session}\n```\n")
    assert [r.status for r in repository.run().results] == ["passed"]
    path = repository.write("a.py", _script(repository))
    done = subprocess.run([sys.executable, "-u", path], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == printed, done.stderr


def test_statements_are_divided_as_a_run_divides_them() -> None:
    lines = list(download._execute("-- a; b\nSELECT ';';\nSELECT 2;"))
    assert any("SELECT ';'" in line and "SELECT 2" in line for line in lines)
