"""`--update` writes what was printed, and nothing that already holds."""

import pytest

from crossnotes.page import Problem
from crossnotes.ranges import version
from crossnotes.text.update import Edit, Printed, edits, updated
from tests.conftest import Repository

STALE = """\
# A

- in a list

  ```python
  print("one")
  ```
  ```{output}
  two
  ```

> ```python
> print("quoted")
> ```
> ```{output}
> …
> ```

```pycon
>>> 1 + 1
3
>>> "shown"
>>> print("a\\n\\nb")
>>> 1 / 0
Traceback (most recent call last):
    ...
ZeroDivisionError: division by zero
```

```console
$ echo hi; echo ho
ha
$ echo "not shown, so not written"
```
"""

RIGHT = """\
# A

- in a list

  ```python
  print("one")
  ```
  ```{output}
  one
  ```

> ```python
> print("quoted")
> ```
> ```{output}
> quoted
> ```

```pycon
>>> 1 + 1
2
>>> "shown"
'shown'
>>> print("a\\n\\nb")
a

b
>>> 1 / 0
Traceback (most recent call last):
    ...
ZeroDivisionError: division by zero
```

```console
$ echo hi; echo ho
hi
ho
$ echo "not shown, so not written"
```
"""


def test_real_output_is_written_behind_the_indent_of_its_block(repository: Repository) -> None:
    page = repository.page(STALE)
    done = repository.crossnotes("test", "docs", "--update")
    assert done.code == 0, done.out
    assert page.read_text(encoding="utf-8") == RIGHT


def test_second_update_changes_nothing_and_shows_no_diff(repository: Repository) -> None:
    page = repository.page(STALE)
    repository.crossnotes("test", "docs", "--update")
    again = repository.crossnotes("test", "docs", "--update")
    assert page.read_text(encoding="utf-8") == RIGHT
    assert "+++" not in again.out


def test_each_change_is_shown_as_a_diff(repository: Repository) -> None:
    repository.page(STALE)
    lines = repository.crossnotes("test", "docs", "--update").lines
    assert "--- docs/a.md" in lines
    assert "-  two" in lines
    assert "+  one" in lines


def test_updated_page_passes(repository: Repository) -> None:
    repository.page(STALE)
    repository.crossnotes("test", "docs", "--update")
    assert repository.crossnotes("test", "docs").code == 0


@pytest.mark.parametrize("shown", ["o...e", "...", "one   "])
def test_block_that_matches_stays_as_it_is(repository: Repository, shown: str) -> None:
    text = f'# A\n\n```python\nprint("one")\n```\n```{{output}}\n{shown}\n```\n'
    page = repository.page(text)
    repository.crossnotes("test", "docs", "--update")
    assert page.read_text(encoding="utf-8") == text


def test_block_for_a_target_that_did_not_run_stays_as_it_is(repository: Repository) -> None:
    text = (
        '# A\n\n```python\nprint("one")\n```\n```{output}\n:targets: tidb-dedicated\ntwo\n```\n'
        "```{output}\nthree\n```\n"
    )
    page = repository.page(text)
    repository.crossnotes("test", "docs", "--update")
    assert page.read_text(encoding="utf-8") == text.replace("three", "one")


def test_failing_block_is_reported_and_not_written_over(repository: Repository) -> None:
    text = '# A\n\n```python\nprint("one")\nraise ValueError("no")\n```\n```{output}\ntwo\n```\n'
    page = repository.page(text)
    done = repository.crossnotes("test", "docs", "--update")
    assert done.code == 1
    assert "docs/a.md:5: [sqlite" in done.out
    assert page.read_text(encoding="utf-8") == text


def test_line_ends_of_the_file_are_kept(repository: Repository) -> None:
    text = '# A\r\n\r\n```python\r\nprint("one")\r\n```\r\n```{output}\r\ntwo\r\n```\r\n'
    page = repository.root / "docs" / "a.md"
    page.parent.mkdir()
    page.write_bytes(text.encode())
    repository.crossnotes("test", "docs", "--update")
    assert page.read_bytes() == text.replace("two", "one").encode()


def _outputs(repository: Repository, text: str, **printed: str) -> str:
    repository.page(text)
    (page,) = repository.parsed()
    said = [Printed(target.replace("_", "-"), whole) for target, whole in printed.items()]
    changes = list(edits(page.snippets[0], said, text))
    assert all(isinstance(change, Edit) for change in changes)
    return updated(text, [change for change in changes if isinstance(change, Edit)])


DEFAULT = "# A\n\n```python\nask()\n```\n```{output}\nFalse\n```\n"


def test_target_that_answers_otherwise_gets_a_block_of_its_own(repository: Repository) -> None:
    text = _outputs(repository, DEFAULT, sqlite="False\n", tidb_dedicated="True\n")
    assert text == DEFAULT + "```{output}\n:targets: tidb-dedicated\nTrue\n```\n"
    assert text == _outputs(repository, text, sqlite="False\n", tidb_dedicated="True\n")


def test_targets_that_answer_the_same_share_a_block(repository: Repository) -> None:
    text = _outputs(
        repository, DEFAULT, sqlite="False\n", tidb_dedicated="True\n", tidb_serverless="True\n"
    )
    assert text == DEFAULT + "```{output}\n:targets: tidb-dedicated, tidb-serverless\nTrue\n```\n"


def test_target_leaves_a_shared_block_that_is_wrong_for_it_alone(repository: Repository) -> None:
    shared = DEFAULT.replace("False", ":targets: sqlite, tidb-dedicated\nFalse")
    text = _outputs(repository, shared, sqlite="False\n", tidb_dedicated="True\n")
    assert ":targets: sqlite\nFalse\n```\n```{output}\n:targets: tidb-dedicated\nTrue" in text


TWO_ANSWERS = "# A\n\n```pycon\n>>> ask()\n{0}\n```\n\n```console\n$ ask\n{0}\n```\n"


@pytest.mark.parametrize("shown", ["True", "False", "neither"])
def test_two_answers_in_one_place_are_a_problem_at_its_line(
    repository: Repository, shown: str
) -> None:
    text = TWO_ANSWERS.format(shown)
    repository.page(text)
    (page,) = repository.parsed()
    said = [Printed("sqlite", "", ("True\n",)), Printed("mysql", "", ("False\n",))]
    found = [edits(snippet, said, text) for snippet in page.snippets]
    for (problem,), line in zip(found, (4, 9), strict=True):
        assert isinstance(problem, Problem)
        assert (problem.page, problem.line) == ("docs/a.md", line)
        assert (
            "(sqlite True, mysql False): write the block as a {snippet} with an" in problem.message
        )


def test_edits_are_done_from_the_end_so_that_lines_stay_true() -> None:
    text = "a\nb\nc"
    assert updated(text, [Edit(1, 1, ["x", "y"]), Edit(3, 3, [])]) == "x\ny\nb"


SHOWN = """\
```pycon
>>> try:
...     {}["a"]
... except KeyError as error:
...     raise ValueError("b") from error
...
Traceback (most recent call last):
  ...
ValueError: c
>>> print("x\\n\\ny")
x
>>> print("z\\n\\n")
w
```

```python
import sys
print("told", file=sys.stderr)
print("said")
```
```{output}
said
```
"""


def test_what_is_written_passes(repository: Repository) -> None:
    page = repository.page(SHOWN)
    assert repository.crossnotes("test", "docs", "--update").code == 0
    text = page.read_text(encoding="utf-8")
    assert "KeyError: 'a'\n\nThe above exception was the direct cause of" in text
    assert "  ...\nValueError: b\n" in text
    assert 'print("x\\n\\ny")\nx\n\ny\n>>> print("z\\n\\n")\nz\n```' in text
    assert "```{output}\nsaid\n```" in text
    assert repository.crossnotes("test", "docs", "--no-reuse").code == 0


def test_what_would_be_read_as_a_prompt_is_not_written(repository: Repository) -> None:
    page = repository.page('```pycon\n>>> print("a\\n>>> b")\na\n```\n')
    done = repository.crossnotes("test", "docs", "--update")
    assert "docs/a.md:2: what this prints looks like a session" in done.out
    assert page.read_text(encoding="utf-8").endswith("\na\n```\n")


# -- versions -------------------------------------------------------------------------------------


def versioned(repository: Repository, shown: str, *said: tuple[str, str, str]) -> str:
    """The page after answers of targets in versions: (target, version, what it printed)."""
    file = repository.page("# A\n\n```python\nx\n```\n" + shown)
    (page,) = repository.parsed()
    text = file.read_text(encoding="utf-8")
    printed = [Printed(target, whole, version=version(number)) for target, number, whole in said]
    changes = list(edits(page.snippets[0], printed, text))
    assert all(isinstance(change, Edit) for change in changes)
    return updated(text, [change for change in changes if isinstance(change, Edit)])


def test_versions_that_answer_otherwise_get_ranges(repository: Repository) -> None:
    text = versioned(
        repository,
        "```{output}\nrefused\n```\n",
        ("mysql", "8.0.12", "stored"),
        ("mysql", "8.4.5", "refused"),
        ("mysql", "9.7.4", "refused"),
        ("postgresql", "15.18", "refused"),
        ("postgresql", "18.6", "new"),
    )
    assert "```{output}\n:targets: mysql<8.4\nstored\n```" in text
    assert "```{output}\n:targets: postgresql>=18\nnew\n```" in text


def test_target_whose_versions_agree_is_named_alone(repository: Repository) -> None:
    text = versioned(
        repository,
        "```{output}\none\n```\n",
        ("sqlite", "3.40.1", "one"),
        ("mariadb", "10.11.19", "two"),
        ("mariadb", "11.8.9", "two"),
        *((f"tidb-{each}", "8.5.3", "two") for each in ("serverless", "dedicated", "self-hosted")),
    )
    assert "```{output}\n:targets: mariadb, tidb\ntwo\n```" in text


def test_block_keeps_the_bounds_that_it_had(repository: Repository) -> None:
    text = versioned(
        repository,
        "```{output}\n:targets: mysql>=8.0.16, mariadb\nrefused\n```\n"
        "```{output}\n:targets: mysql<8.0.16\nstored\n```\n",
        ("mysql", "8.0.12", "stored"),
        ("mysql", "8.4.5", "refused"),
        ("mysql", "9.7.4", "new"),
    )
    assert ":targets: mysql>=8.0.16<9.7, mariadb\nrefused" in text
    assert ":targets: mysql>=9.7\nnew" in text
    assert ":targets: mysql<8.0.16\nstored" in text
    repository.page(text)
    (page,) = repository.parsed()
    assert page.snippets[0].problem is None


def test_two_versions_in_one_place_are_named_with_their_answers(repository: Repository) -> None:
    file = repository.page("# A\n\n```pycon\n>>> x\n1\n```\n")
    (page,) = repository.parsed()
    said = [
        Printed("mysql", "", ("1\n",), version("8.0.12")),
        Printed("mysql", "", ("2\n",), version("9.7.4")),
    ]
    (problem,) = edits(page.snippets[0], said, file.read_text(encoding="utf-8"))
    assert isinstance(problem, Problem)
    assert "mysql 8.0.12 1, mysql 9.7.4 2" in problem.message
