"""What others write around a block: options of MkDocs' fences, and tabs of four kinds."""

import pytest

from crossnotes import markdown, reader
from crossnotes.book import dialect_of
from crossnotes.config import Config
from crossnotes.markdown import Myst
from crossnotes.page import Page

from .conftest import REPOSITORY


def read(text: str, myst: Myst | None = None) -> Page:
    return reader.parse(text, "docs/a.md", dialect_of(Config(REPOSITORY), myst or Myst()))


def found(page: Page) -> list[tuple[int, str, list[str]]]:
    """Line, language and tabs of each block; there is no problem."""
    assert page.problems == ()
    assert [snippet.problem for snippet in page.snippets if snippet.problem] == []
    return [(s.line, s.language, s.labels) for s in page.snippets]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ('python hl_lines="1 2"', "python"),
        ('python title="a.py" linenums="1"', "python"),
        ("{.python hl_lines=1}", "python"),
        ('{ .python .annotate title="a.py" }', "python"),
        ("python{hl_lines=1}", "python"),
        ("python {1,3-5}", "python"),
        ("Python", "python"),
        ("SQL", "sql"),
        ("PYCON", "pycon"),
    ],
)
def test_language_is_known_whatever_stands_beside_it(info: str, language: str) -> None:
    code = ">>> 1" if language == "pycon" else "x"
    assert found(read(f"# A\n\n``` {info}\n{code}\n```\n")) == [(4, language, [])]


@pytest.mark.parametrize("info", ["JSON", '{.json title="a.json"}', "Text"])
def test_language_that_only_shows_is_known_in_any_case(info: str) -> None:
    page = read(f"# A\n\n```{info}\n1\n```\n")
    assert found(page) == []
    assert sum(page.only_shown.values()) == 1


@pytest.mark.parametrize("info", ['{ title="a" }', "{ #name }"])
def test_attributes_without_a_language_are_a_block_without_one(info: str) -> None:
    (problem,) = read(f"# A\n\n``` {info}\nx\n```\n").problems
    assert problem.kind == reader.UNLABELLED


MKDOCS = """\
# A

=== "PostgreSQL"

    Words.

    ```python
    a = 1
    ```

    !!! note "Inside"

        ```python
        b = 1
        ```

=== "SQLite"

    ```python
    c = 1
    ```

=== "Windows"
    ```python
    d = 1
    ```

===! "One"

    ```python
    e = 1
    ```

???+ tip

    ```sql
    SELECT 1;
    ```

- a list

    === "Nested"

        ```python
        f = 1
        ```

    after it
"""


def test_tabs_and_admonitions_of_mkdocs_are_read() -> None:
    page = read(MKDOCS)
    assert found(page) == [
        (8, "python", ["PostgreSQL"]),
        (14, "python", ["PostgreSQL"]),
        (20, "python", ["SQLite"]),
        (25, "python", ["Windows"]),
        (31, "python", ["One"]),
        (37, "sql", []),
        (45, "python", ["Nested"]),
    ]
    assert [tab_set.labels for tab_set in page.tab_sets] == [
        ("PostgreSQL", "SQLite", "Windows"),
        ("One",),
        ("Nested",),
    ]


def test_text_between_two_tabs_of_mkdocs_makes_two_sets() -> None:
    page = read('=== "A"\n\n    a\n\nWords.\n\n=== "B"\n\n    b\n')
    assert [tab_set.labels for tab_set in page.tab_sets] == [("A",), ("B",)]


def test_page_of_sphinx_has_no_tabs_of_mkdocs() -> None:
    myst = Myst(frozenset({"colon_fence"}))
    page = read('=== "A"\n\n    ```python\n    x\n    ```\n', myst)
    assert page.tab_sets == ()
    assert [problem.kind for problem in page.problems] == [reader.UNLABELLED]


DESIGN = """\
::::{tab-set}
:sync-group: os

:::{tab-item} Linux
:sync: linux

```python
a = 1
```
:::

:::{tab-item} macOS
:sync: mac

```python
b = 1
```
:::
::::

::::{tab-set}
:::{tab-item} Alone

```python
c = 1
```
:::
::::

::::{tab-set-code}

```python
d = 1
```

```sql
SELECT 1;
```
::::
"""


def test_tabs_of_sphinx_design_are_read() -> None:
    page = read(DESIGN)
    assert found(page) == [
        (8, "python", ["Linux"]),
        (16, "python", ["macOS"]),
        (25, "python", ["Alone"]),
        (33, "python", ["python"]),
        (37, "sql", ["sql"]),
    ]
    assert [(tab_set.labels, tab_set.synced) for tab_set in page.tab_sets] == [
        (("Linux", "macOS"), True),
        (("Alone",), False),
        (("python", "sql"), True),
    ]


def test_tab_of_sphinx_design_outside_of_a_set_is_named() -> None:
    (problem,) = read(":::{tab-item} A\n\nwords\n:::\n").problems
    assert (problem.line, "outside of a set of tabs" in problem.message) == (1, True)


INLINE = """\
```{tab} One
:::{code-block} python
a = 1
:::
```
```{tab} Two
:::{code-block} python
b = 1
:::
```

```{tab} Three
:new-set:

:::{code-block} python
c = 1
:::
```

Words.

```{tab} Four
:::{code-block} python
d = 1
:::
```
"""


def test_tabs_of_sphinx_inline_tabs_are_read() -> None:
    directives = dict(markdown.default_directives())
    for name in ("tabs", "group-tab", "code-tab"):
        del directives[name]
    page = read(INLINE, Myst(frozenset({"colon_fence"}), directives))
    assert found(page) == [
        (3, "python", ["One"]),
        (8, "python", ["Two"]),
        (16, "python", ["Three"]),
        (24, "python", ["Four"]),
    ]
    assert [tab_set.labels for tab_set in page.tab_sets] == [("One", "Two"), ("Three",), ("Four",)]
