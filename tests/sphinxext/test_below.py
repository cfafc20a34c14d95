"""What stands below a block: its answers, what went wrong, and who was asked."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from crossnotes.page import Output, Snippet
from crossnotes.result import COMPILED
from crossnotes.results import Mark
from crossnotes.sphinxext.answers import Said, answers, in_order, side_by_side
from crossnotes.sphinxext.below import below, summary
from crossnotes.targets import Where, every_target

from ..conftest import Repository, StandIns
from .conftest import serve
from .drawn import build, make_site, run, words

DAY = "2026-11-26"
OURS = Where("started", "unistore", "serverless")


def mark(key: str, state: str = "passed", text: str = "", **more: Any) -> Mark:
    """A mark of `mysql@9.7`, whose text is what it answered or why it did not."""
    target, _at, series = key.partition("@")
    label = every_target()[target].label
    said = {"passed": "output", "failed": "answer"}.get(state, "reason")
    asked = {"version": f"{series}.1" if series else "", "date": DAY}
    if state == "not-run":
        asked = {}
    return Mark(state, target, label, series=series, **{**asked, said: text, **more})


def block(*outputs: tuple[str, str]) -> Snippet:
    """A block with its expected outputs: the databases that each is for, and its text."""
    found = tuple(
        Output(1, text, tuple(filter(None, names.split(", ")))) for names, text in outputs
    )
    return Snippet("docs/a.md", 3, 0, "python", "python", "print()", outputs=found)


def drawn(snippet: Snippet, marks: Sequence[Mark], reason: str = "") -> ElementTree.Element:
    html = below(snippet, marks, reason, "verification.html#matrix")["html"]
    return ElementTree.fromstring(html)


def rows(root: ElementTree.Element) -> list[tuple[str, str]]:
    table = root.find(".//table[@class='crossnotes-answers-table']")
    return [(words(r[0]), words(r[1])) for r in table.iter("tr")] if table is not None else []


def chip(root: ElementTree.Element) -> str:
    found = root.find(".//details/summary")
    return words(found) if found is not None else ""


def loud(root: ElementTree.Element) -> list[str]:
    return [words(item) for item in root.findall(".//p/span")]


# ---- answers


def test_databases_with_one_answer_are_one_line() -> None:
    keys = ["mariadb@11.8", "mysql@9.7", "postgresql@18", "tidb-dedicated@8.5"]
    found = drawn(block(("", "1205"), ("postgresql", "55P03")), [mark(key) for key in keys])
    assert rows(found) == [("MySQL, MariaDB, TiDB", "1205"), ("PostgreSQL", "55P03")]
    assert [row.get("data-db") for row in found.iter("tr")][:2] == [
        "mysql mariadb tidb",
        "postgresql",
    ]
    assert loud(found) == []
    assert chip(found) == f"✓ seen to work on 4 databases · {DAY}"


def test_one_answer_of_all_needs_no_names() -> None:
    found = drawn(block(("", "42")), [mark("mysql@9.7"), mark("sqlite@3.40")])
    assert rows(found) == [("Output", "42")]
    assert found.find(".//button") is None


def test_versions_are_told_where_they_differ() -> None:
    marks = [mark("mariadb@10.11"), mark("mariadb@11.4"), mark("mariadb@11.8"), mark("mysql@9.7")]
    found = drawn(block(("", "101"), ("mariadb>=11.6", "refused")), marks)
    assert rows(found) == [("MySQL", "101"), ("MariaDB", "10.11, 11.4 10111.8 refused")]
    assert [words(each) for each in found.iter("small")] == ["10.11, 11.4", "11.8"]


def test_deployments_are_told_where_they_differ() -> None:
    keys = ["tidb-dedicated@8.5", "tidb-self-hosted@8.5", "tidb-serverless@8.5"]
    found = drawn(block(("", "a"), ("tidb-serverless", "b")), [mark(key) for key in keys])
    assert [words(each) for each in found.iter("small")] == ["Dedicated, Self-Hosted", "Serverless"]
    both = [Mark("passed", key, "TiDB X", series=s, output=o) for key, s, o in MIXED]
    (answer,) = answers(both, side_by_side)
    assert [variant.name for variant in answer.variants] == ["X 7.5, X 8.5", "X 8.5"]


MIXED = [
    ("tidb-dedicated", "7.5", "a"),
    ("tidb-serverless", "8.5", "a"),
    ("tidb-dedicated", "8.5", "b"),
]


def test_a_failure_shows_what_came_instead() -> None:
    marks = [mark("mysql@9.7"), mark("mariadb@11.8", "failed", "re<fu>sed\nat once")]
    found = drawn(block(("", "101")), marks)
    assert rows(found) == [("MySQL", "101"), ("MariaDB ✗ different result", "re<fu>sed\nat once")]
    assert loud(found) == []


def test_a_failure_without_an_answer_is_loud() -> None:
    found = drawn(block(), [mark("mysql@9.7"), mark("mariadb@11.8", "failed")])
    assert loud(found) == [f"✗ failed on MariaDB 11.8.1 ({DAY})"]
    assert chip(found) == f"✓ seen to work on MySQL 9.7.1 · {DAY}"


def test_a_change_is_loud_and_its_answer_carries_a_sign() -> None:
    marks = [mark("mysql@9.7"), mark("tidb-dedicated@8.5", "changed")]
    found = drawn(block(("", "1"), ("tidb", "2")), marks)
    assert rows(found) == [("MySQL", "1"), ("TiDB ↻", "2")]
    assert loud(found) == [f"↻ changed since the last run on TiDB 8.5.1 ({DAY})"]


def test_one_deployment_of_two_is_named_with_how_it_was_had() -> None:
    where = Where("started", "unistore", "serverless")
    marks = [mark("tidb-dedicated@8.5"), mark("tidb-serverless@8.5", "failed", where=where)]
    text = "TiDB 8.5.1, started with the contract of Serverless"
    assert loud(drawn(block(), marks)) == [f"✗ failed on {text} ({DAY})"]


def test_without_any_result_the_page_says_what_it_expects() -> None:
    marks = [mark("mysql", "not-run"), mark("postgresql", "not-run")]
    found = drawn(block(("", "1205"), ("postgresql", "55P03")), marks)
    assert rows(found) == [("MySQL –", "1205"), ("PostgreSQL –", "55P03")]
    assert loud(found) == ["– not run on MySQL, PostgreSQL"]
    assert chip(found) == ""


def test_what_was_not_run_claims_no_answer_of_others() -> None:
    found = drawn(block(("", "1205")), [mark("mysql@9.7"), mark("oracle", "not-run")])
    assert rows(found) == [("Output", "1205")]
    assert loud(found) == ["– not run on Oracle"]


def test_an_excuse_of_the_page_is_told_with_its_reason() -> None:
    marks = [mark("mysql@9.7", "excused", "no network"), mark("sqlite", "excused", "no network")]
    found = drawn(block(("", "x")), marks, "ネットワークがない")
    assert loud(found) == ["○ not run on MySQL 9.7.1, SQLite: ネットワークがない"]
    assert rows(found) == [("Output", "x")]


def test_a_database_that_cannot_be_had_is_named_in_the_chip() -> None:
    found = drawn(block(("", "1")), [mark("mysql@9.7"), mark("oracle", "excused", COMPILED)])
    assert chip(found) == f"✓ seen to work on MySQL 9.7.1 · {DAY} ○ not run on Oracle"
    cells = [[words(cell) for cell in row] for row in found.findall(".//details/table/tr")]
    assert cells[1] == ["Oracle", "not run", "compiled, not run"]


def test_the_chip_unfolds_to_where_each_ran() -> None:
    found = drawn(block(), [mark("tidb-serverless@8.5", where=OURS), mark("sqlite@3.40")])
    cells = [[words(cell) for cell in row] for row in found.findall(".//details/table/tr")]
    assert cells[0] == [
        "TiDB Serverless 8.5.1",
        DAY,
        "a server that the run started, which keeps its data in unistore, with what TiDB Cloud "
        "Starter demands of a client; it is not TiDB Cloud Starter",
    ]
    (link,) = found.findall(".//a")
    assert link.get("href") == "verification.html#matrix"
    assert "href" not in below(block(), [mark("sqlite@3.40")], "", "")["html"]


def test_a_long_answer_scrolls_for_the_keyboard_too() -> None:
    text = "\n".join(f"line {number}" for number in range(200))
    found = drawn(block(("", text)), [mark("sqlite@3.40")])
    (pre,) = found.iter("pre")
    assert (words(pre), pre.get("tabindex")) == (text, "0")


def test_what_a_search_finds_are_the_answers_and_no_names() -> None:
    node = below(block(("", "1205")), [mark("mysql@9.7")], "", "")
    assert node.astext() == "1205"


def test_a_block_without_marks_has_no_answer() -> None:
    assert answers([], side_by_side) == []
    assert in_order(["tidb", "mysql", "tidb"]) == ["mysql", "tidb"]
    assert Said("passed").text == ""


# ---- the head of a page


def test_the_head_of_a_page_is_one_line() -> None:
    marks = {
        0: [mark("mysql@9.7"), mark("mariadb@11.8", "failed"), mark("oracle", "not-run")],
        1: [mark("mysql@9.7"), mark("mariadb@11.8"), mark("oracle", "excused", COMPILED)],
    }
    found = summary(marks, "verification.html#matrix")
    assert found is not None
    root = ElementTree.fromstring(found["html"])
    assert words(root[0]) == (
        f"✓ run on MySQL 9.7.1, MariaDB 11.8.1, last on {DAY} "
        "✗ 1 failed on MariaDB 11.8.1 ○ not run on Oracle"
    )
    cells = [[words(cell) for cell in row] for row in root.findall("table/tr")]
    assert cells[1] == ["MariaDB 11.8.1", "✗ 1 of 2", DAY, ""]
    assert summary({}, "") is None
    assert summary({0: []}, "") is None


# ---- on a page

PAGE = """\
---
crossnotes: {targets: [sqlite, tidb-self-hosted]}
---
# Answers

```python
from django.db import connection
print(connection.vendor, "<b>")
```
```{output}
mysql <b>
```
```{output}
:targets: sqlite
sqlite <b>
```

```{matrix}
```
"""


@pytest.fixture
def site(project: Repository) -> Repository:
    project.page(PAGE, "index.md")
    return make_site(project)


def test_the_answers_stand_below_the_block(
    site: Repository, standins: StandIns, identified: None
) -> None:
    run(site, "sqlite")
    site.environment.update(standins.environment("self-hosted"))
    run(site, "tidb-self-hosted")
    html = build(site)
    assert "crossnotes-output-block" not in html
    assert '<pre class="crossnotes-lines">sqlite &lt;b&gt;</pre>' in html
    assert html.count('href="#matrix" class="crossnotes-all"') == 2
    text = build(site, builder="text")
    assert "Output on SQLite" in text
    assert "sqlite <b>" in text


def test_the_chip_unfolds_by_the_keyboard(site: Repository, page: Page) -> None:
    run(site, "sqlite")
    build(site)
    with serve(site.root / "build/html/en") as url:
        page.goto(f"{url}/index.html")
        row = page.locator(".crossnotes-chip td").first
        expect(row).to_be_hidden()
        page.locator(".crossnotes-chip > summary").focus()
        page.keyboard.press("Enter")
        expect(row).to_be_visible()
