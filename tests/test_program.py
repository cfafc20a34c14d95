"""Page + choice of tabs → Program: what each reader reads, and when its hash changes."""

import re

import pytest

from crossnotes import reader
from crossnotes.page import Page
from crossnotes.program import (
    Labels,
    expected_of,
    hashes,
    programs,
    tab_problems,
    targets_of,
)
from crossnotes.reader import Dialect
from crossnotes.targets import every_target

TARGETS = ["sqlite", "tidb-serverless", "tidb-dedicated"]
DIALECT = Dialect(frozenset(["text"]), frozenset(every_target()))
LABELS = Labels(
    {"SQLite": "sqlite", "Serverless": "tidb-serverless", "Dedicated": "tidb-dedicated"},
    {"macOS": "not run on macOS", "Windows": "not run on Windows"},
)


def tabs(kind: str, *labels: str, each: str = "", level: int = 5) -> str:
    """A tab set with a block `set_label` in each tab; `each` begins the names of the blocks."""
    outer, inner = ":" * level, ":" * (level - 1)
    parts = [f"{outer}{{tabs}}"]
    for label in labels:
        parts += [f"{inner}{{{kind}}} {label}", f"```python\n{each}{label}\n```", inner]
    return "\n".join([*parts, outer]) + "\n"


def block(code: str) -> str:
    return f"```python\n{code}\n```\n"


def page_of(*parts: str) -> Page:
    return reader.parse("\n".join(parts), "docs/a.md", DIALECT)


def read(page: Page, target: str = "sqlite") -> list[list[str]]:
    """The code of each program of a page."""
    return [[s.code for s in program.snippets] for program in programs(page, target, LABELS)]


# -- targets --------------------------------------------------------------------------------------


def test_page_without_tabs_is_one_program_on_every_target() -> None:
    page = page_of(block("a"), block("b"))
    assert targets_of(page, LABELS, TARGETS) == TARGETS
    assert read(page) == [["a", "b"]]


def test_front_matter_says_which_targets_a_page_is_for() -> None:
    page = page_of("---\ncrossnotes: {targets: [tidb-dedicated, sqlite]}\n---", block("a"))
    assert targets_of(page, LABELS, TARGETS) == ["tidb-dedicated", "sqlite"]


def test_page_whose_tabs_name_targets_is_for_those_targets() -> None:
    page = page_of(block("a"), tabs("group-tab", "SQLite", "Dedicated"), block("z"))
    assert targets_of(page, LABELS, TARGETS) == ["sqlite", "tidb-dedicated"]
    assert read(page, "sqlite") == [["a", "SQLite", "z"]]
    assert read(page, "tidb-dedicated") == [["a", "Dedicated", "z"]]


def test_front_matter_narrows_the_targets_that_tabs_name() -> None:
    page = page_of(
        "---\ncrossnotes: {targets: [sqlite]}\n---", tabs("group-tab", "SQLite", "Dedicated")
    )
    assert targets_of(page, LABELS, TARGETS) == ["sqlite"]


def test_snippet_may_be_narrowed_to_targets() -> None:
    page = page_of("```{snippet} python\n:targets: tidb-serverless, sqlite\na\n```", block("b"))
    assert read(page, "sqlite") == [["a", "b"]]
    assert read(page, "tidb-dedicated") == [["b"]]


# -- free choices ---------------------------------------------------------------------------------


def test_labels_of_no_target_are_one_program_each() -> None:
    page = page_of(block("a"), tabs("tab", "Linux", "BSD"), block("z"))
    assert read(page) == [["a", "Linux", "z"], ["a", "BSD", "z"]]
    assert [p.labels for p in programs(page, "sqlite", LABELS)] == [("Linux",), ("BSD",)]


def test_independent_sets_stay_at_their_first_label_while_another_is_chosen() -> None:
    page = page_of(tabs("tab", "A", "B", each="1"), tabs("tab", "A", "B", each="2"))
    assert read(page) == [["1A", "2A"], ["1B", "2A"], ["1A", "2B"]]


def test_synced_sets_are_chosen_together() -> None:
    page = page_of(
        tabs("group-tab", "A", "B", each="1"),
        tabs("group-tab", "A", "B", each="2"),
        tabs("group-tab", "B", "A", each="3"),
    )
    # A reader who has chosen nothing sees the first tab of each set.
    assert read(page) == [
        ["1A", "2A", "3B"],
        ["1A", "2A", "3A"],
        ["1B", "2B", "3B"],
    ]


def test_label_that_a_synced_set_does_not_have_leaves_it_at_its_first() -> None:
    page = page_of(tabs("group-tab", "A", "B", each="1"), tabs("group-tab", "A", "C", each="2"))
    assert read(page) == [["1A", "2A"], ["1B", "2A"], ["1A", "2C"]]


def test_free_set_beside_target_tabs_is_chosen_for_each_target() -> None:
    page = page_of(tabs("group-tab", "SQLite", "Dedicated"), tabs("tab", "A", "B"))
    assert read(page, "sqlite") == [["SQLite", "A"], ["SQLite", "B"]]
    assert read(page, "tidb-dedicated") == [["Dedicated", "A"], ["Dedicated", "B"]]


NESTED_FREE = """\
::::::{tabs}
:::::{tab} A
```python
A
```
:::::
:::::{tab} B
::::{tabs}
:::{tab} C
```python
BC
```
:::
:::{tab} D
```python
BD
```
:::
::::
:::::
::::::
"""


def test_every_tab_of_a_set_inside_of_a_tab_is_read_by_some_program() -> None:
    assert read(page_of(NESTED_FREE)) == [["A"], ["BC"], ["BD"]]


def test_free_set_inside_of_a_targets_tab_is_no_second_program_elsewhere() -> None:
    page = page_of(
        NESTED_FREE.replace("{tab} A", "{tab} SQLite").replace("{tab} B", "{tab} Dedicated")
    )
    assert read(page, "sqlite") == [["A"]]
    assert read(page, "tidb-dedicated") == [["BC"], ["BD"]]


# -- not for this machine -------------------------------------------------------------------------


def excused(page: Page, target: str = "sqlite") -> list[list[tuple[str, str]]]:
    return [
        [(snippet.code, reason) for snippet, reason in program.excused]
        for program in programs(page, target, LABELS)
    ]


def test_label_that_is_not_for_here_is_excused_once_with_its_reason() -> None:
    page = page_of(tabs("tab", "macOS", "Linux", "Windows", "BSD"))
    assert read(page) == [["Linux"], ["BSD"]]
    assert excused(page) == [
        [("macOS", "macOS: not run on macOS"), ("Windows", "Windows: not run on Windows")],
        [],
    ]


def test_page_on_which_nothing_is_for_here_is_one_program_of_excuses() -> None:
    page = page_of(tabs("tab", "macOS", "Windows"))
    assert read(page) == [[]]
    assert [len(of_program) for of_program in excused(page)] == [2]


def test_label_that_is_not_for_here_is_no_business_of_another_targets_tab() -> None:
    page = page_of(
        NESTED_FREE.replace("{tab} D", "{tab} macOS")
        .replace("{tab} A", "{tab} SQLite")
        .replace("{tab} B", "{tab} Dedicated")
    )
    assert excused(page, "sqlite") == [[]]
    assert excused(page, "tidb-dedicated") == [[("BD", "macOS: not run on macOS")]]


# -- mistakes -------------------------------------------------------------------------------------


def test_set_that_mixes_targets_with_other_labels_is_a_problem_at_its_line() -> None:
    page = page_of("# Title\n", tabs("group-tab", "SQLite", "Linux", "Dedicated"))
    (problem,) = tab_problems(page, LABELS)
    assert (problem.page, problem.line) == ("docs/a.md", 3)
    assert "mixes targets (SQLite, Dedicated) with other labels (Linux)" in problem.message


def test_sets_of_one_sort_are_no_problem() -> None:
    page = page_of(tabs("tab", "SQLite", "Dedicated"), tabs("tab", "Linux", "macOS"))
    assert tab_problems(page, LABELS) == []


# -- what is expected -----------------------------------------------------------------------------

OUTPUTS = """\
```python
a
```
```{output}
default
```
```{output}
:targets: tidb-dedicated, tidb-serverless
tidb
```
"""


@pytest.mark.parametrize(("target", "text"), [("sqlite", "default"), ("tidb-dedicated", "tidb")])
def test_output_of_a_target_goes_before_the_default(target: str, text: str) -> None:
    (snippet,) = page_of(OUTPUTS).snippets
    expected = expected_of(snippet, target)
    assert expected is not None
    assert expected.text == text


def test_without_an_output_anything_goes() -> None:
    (snippet,) = page_of(block("a")).snippets
    assert expected_of(snippet, "sqlite") is None


VERSIONS = """\
```{snippet} python
a
```
```{output}
refused
```
```{output}
:targets: mysql<8.0.16, tidb
stored
```

```{snippet} python
:targets: mysql>=8.4
b
```
"""


@pytest.mark.parametrize(
    ("target", "version", "text", "blocks"),
    [
        ("mysql", (8, 0, 12), "stored", 1),
        ("mysql", (8, 0, 16), "refused", 1),
        ("mysql", (9, 7, 4), "refused", 2),
        ("mysql", None, "refused", 2),
        ("tidb-dedicated", (8, 5, 3), "stored", 1),
        ("sqlite", (3, 40, 1), "refused", 1),
    ],
)
def test_program_of_a_version_has_what_is_for_that_version(
    target: str, version: tuple[int, ...] | None, text: str, blocks: int
) -> None:
    (program,) = programs(page_of(VERSIONS), target, LABELS, version)
    expected = expected_of(program.snippets[0], target, program.version)
    assert expected is not None
    assert (expected.text, len(program.snippets)) == (text, blocks)


def test_page_for_other_versions_has_no_program() -> None:
    page = page_of("---\ncrossnotes: {targets: [mysql>=8.4]}\n---\n" + block("a"))
    assert targets_of(page, LABELS, TARGETS) == ["mysql"]
    assert list(programs(page, "mysql", LABELS, (8, 0, 12))) == []
    assert len(list(programs(page, "mysql", LABELS, (8, 4, 5)))) == 1


def test_hash_of_a_block_tells_versions_apart_that_answer_otherwise() -> None:
    page = page_of(VERSIONS)
    old, between, new = (
        hashes(next(programs(page, "mysql", LABELS, version)), "")[0]
        for version in ((8, 0, 12), (8, 0, 16), (9, 7, 4))
    )
    assert old != between == new


# -- hashes ---------------------------------------------------------------------------------------

PAGE = f"""\
---
crossnotes: {{}}
---
# Title

```{{snippet}} python
:caption: c
first
```

{OUTPUTS}
{block("last")}
"""


def hashed(text: str, target: str = "sqlite", project: str = "digest") -> list[str]:
    (program,) = programs(reader.parse(text, "docs/a.md", DIALECT), target, LABELS)
    return list(hashes(program, project).values())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# Title", "# Another title\n\nwith more text"),
        (":caption: c", ":caption: d"),
        (":caption: c", ":caption: c\n:class: wide"),
        ("\ntidb\n", "\nof another target\n"),
    ],
)
def test_hashes_stay_when_what_runs_stays(old: str, new: str) -> None:
    assert old in PAGE
    assert hashed(PAGE.replace(old, new)) == hashed(PAGE)


@pytest.mark.parametrize(
    ("old", "new", "from_index"),
    [
        ("first", "second", 0),
        ("```{snippet} python", "```{snippet} pycon", 0),
        (":caption: c", ":raises: ValueError", 0),
        (":caption: c", ":timeout: 3", 0),
        ("default", "changed", 1),
        ("```{output}\ndefault", "```{output}\n:unordered:\ndefault", 1),
        ("```{output}\ndefault", "```{output}\n:ignore: id\ndefault", 1),
        ("last", "changed", 2),
        ("last", "last ", 2),
    ],
)
def test_hashes_change_from_the_first_change_on(old: str, new: str, from_index: int) -> None:
    assert old in PAGE
    before, after = hashed(PAGE), hashed(PAGE.replace(old, new, 1))
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [index >= from_index for index in range(3)]


def test_new_block_changes_the_hashes_after_it() -> None:
    before = hashed(PAGE)
    after = hashed(PAGE.replace("```python\na", f"{block('new')}\n```python\na"))
    assert after[0] == before[0]
    assert not set(after[1:]) & set(before)


def test_hashes_differ_by_target_and_by_project() -> None:
    assert not set(hashed(PAGE)) & set(hashed(PAGE, target="tidb-dedicated"))
    assert not set(hashed(PAGE)) & set(hashed(PAGE, project="another"))


def test_code_hash_is_that_of_the_code_alone() -> None:
    page = page_of("```{snippet} sql\n:name: n\nSELECT 1;\n```")
    other = page_of("text\n\n- list\n\n  ```sql\n  SELECT 1;\n  ```")
    assert page.snippets[0].code_sha256 == other.snippets[0].code_sha256
    assert re.fullmatch("[0-9a-f]{64}", page.snippets[0].code_sha256)
