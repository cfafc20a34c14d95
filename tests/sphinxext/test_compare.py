"""`{compare}`: tables of what databases answered, from ledgers of real runs."""

from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page

from crossnotes import ledger as ledgers
from crossnotes.results import Mark
from crossnotes.sphinxext import compare
from crossnotes.sphinxext.answers import answers, side_by_side
from crossnotes.targets import every_target

from ..conftest import Repository, StandIns
from .conftest import serve, sphinx_build
from .drawn import build, caption, cells, comparisons, make_site, run, words

PAGE = """\
---
crossnotes:
  targets: [sqlite, tidb-self-hosted, tidb-dedicated]
---
# Answers

```{compare} vendor session typed rows quiet alone skipped late failing
:caption: What they *said*

quiet: It prints *nothing*
```

```{snippet} python
:name: vendor
:caption: The vendor
from django.db import connection
print(connection.vendor, "<&>")
```

```{snippet} pycon
:name: session
>>> for word in ["one"]:
...     word.upper()
'ONE'
>>> 1 + 1
2
```

```{snippet} pycon
:name: typed
>>> connection.vendor
```
```{output}
'sqlite'
```
```{output}
:targets: tidb-self-hosted, tidb-dedicated
'...'
```

```{snippet} sql
:name: rows
SELECT 1 AS one UNION ALL SELECT 2 ORDER BY 1;
```

```{snippet} python
:name: quiet
quiet = True
```

```{snippet} python
:name: alone
:targets: sqlite
print("only here")
```

```{snippet} python
:name: skipped
:skip: it needs the network
print("never")
```

```{snippet} python
:name: failing
assert connection.vendor == "sqlite"
```

```{snippet} python
:name: late
print("late")
```

```{compare} quiet
```
"""

JAPANESE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "What they *said*"
msgstr "*返ってきた* 答え"

msgid "It prints *nothing*"
msgstr "*何も* 出力しない"

msgid "The vendor"
msgstr "ベンダー"

msgid "it needs the network"
msgstr "ネットワークが必要です"
"""


@pytest.fixture
def site(project: Repository) -> Repository:
    """A repository with the page."""
    project.write("locale/ja/LC_MESSAGES/index.po", JAPANESE)
    project.page(PAGE, "index.md")
    return make_site(project)


#: What stands in the cells of one answer: the databases, and what they said.
Cells = list[tuple[str, str]]


def compared(table: ElementTree.Element) -> list[tuple[str, Cells]]:
    """The rows of a comparison: what each is called, and its cells."""
    found = []
    for row in list(table.iter("tr"))[1:]:
        head, *others = row
        found.append((words(head), [(td.get("data-db") or "", words(td[1])) for td in others]))
    return found


def answers_of(table: ElementTree.Element, database: str) -> list[str]:
    return [
        text
        for _head, row in compared(table)
        for databases, text in row
        if database in databases.split()
    ]


def test_before_any_run_every_cell_says_so(site: Repository) -> None:
    table, second = comparisons(build(site))
    assert cells(table)[0] == ["", "TiDB", "SQLite"]
    for name, row in compared(table):
        wanted = [("tidb sqlite", "– not run")]
        if name == 'print("only here")':
            wanted = [("tidb", "–not for this database"), ("sqlite", "– not run")]
        if name == 'print("never")':
            wanted = [("tidb sqlite", "○ it needs the network")]
        assert row == wanted, name
    assert compared(second) == [("quiet = True", [("tidb sqlite", "– not run")])]


def test_a_row_is_named_by_its_label_the_caption_or_the_code_and_leads_to_the_block(
    site: Repository,
) -> None:
    html = build(site)
    assert [name for name, _row in compared(comparisons(html)[0])][:5] == [
        "The vendor",
        "session",
        "connection.vendor",
        "SELECT 1 AS one UNION ALL SELECT 2 ORDER BY 1;",
        "It prints nothing",
    ]
    links = [link.get("href") or "" for link in comparisons(html)[0].iter("a")]
    assert links[:2] == ["#compare-vendor", "#vendor"]
    assert [html.count(f'id="{link[1:]}"') for link in links] == [1] * len(links)


def test_the_answers_are_those_of_the_ledgers(
    site: Repository, standins: StandIns, identified: None
) -> None:
    build(site)
    run(site, "sqlite")
    site.environment.update(standins.environment("self-hosted"))
    run(site, "tidb-self-hosted")
    # Nothing but the ledgers changed since the build before.
    html = build(site)
    table, second = comparisons(html)
    (path,) = (site.root / "ledger").glob("sqlite@*.json")
    assert cells(table)[0] == ["", "TiDBv8.5.3", f"SQLite{ledgers.read(path).server.version}"]
    rows = dict(compared(table))
    rest = "– TiDB Dedicated: not run"
    assert rows["The vendor"] == [
        ("tidb", f"mysql <&>{rest}"),
        ("sqlite", "sqlite <&>"),
    ]
    # What both say stands once.
    assert rows["session"] == [("tidb sqlite", f"'ONE'\n2{rest}")]
    assert rows['print("only here")'] == [
        ("tidb", "–not for this database"),
        ("sqlite", "only here"),
    ]
    assert rows['print("never")'] == [("tidb sqlite", "○ it needs the network")]
    assert rows['print("late")'][0][1].startswith(
        "Self-Hosted ○ not reached, since docs/index.md:65 failed"
    )
    assert rows['assert connection.vendor == "sqlite"'] == [
        ("tidb", f"✗ failed{rest}"),
        ("sqlite", "(prints nothing)"),
    ]
    assert compared(second)[0][1] == [("tidb sqlite", f"(prints nothing){rest}")]
    assert "sqlite &lt;&amp;&gt;" in html


def test_a_database_of_which_nothing_is_known_has_no_column(site: Repository) -> None:
    run(site, "sqlite")
    html = build(site)
    assert cells(comparisons(html)[0])[0][1:] == [cells(comparisons(html)[0])[0][1]]
    assert "not run on TiDB" in html.partition('id="compare-vendor"')[2]


def test_the_page_in_japanese(site: Repository) -> None:
    run(site, "sqlite")
    page = build(site, "ja")
    table, second = comparisons(page)
    assert caption(table) == "返ってきた 答え"
    assert caption(second) == "各データベースの答え"
    assert compared(table)[0] == ("ベンダー", [("sqlite", "sqlite <&>")])
    assert compared(table)[4][0] == "何も 出力しない"
    assert answers_of(table, "sqlite")[6] == "○ ネットワークが必要です"
    assert "TiDB では未実行" in page


def test_a_block_that_changed_since_has_no_answer(site: Repository) -> None:
    run(site, "sqlite")
    site.page(PAGE.replace("quiet = True", "quiet = False"), "index.md")
    changed = "↻ changed since the last run"
    assert answers_of(comparisons(build(site))[0], "sqlite")[3:5] == ["one\n1\n2", changed]


def test_it_stays_a_table_for_screen_readers_where_it_is_drawn_as_a_list(site: Repository) -> None:
    table = comparisons(build(site))[0]
    roles = {element.tag: element.get("role") for element in table.iter() if element.get("role")}
    assert roles == {
        "table": "table",
        "thead": "rowgroup",
        "tbody": "rowgroup",
        "tr": "row",
        "th": "rowheader",
        "td": "cell",
    }
    heads = [(cell.get("scope"), cell.get("role")) for cell in table.iter("th")]
    assert heads == [("col", "columnheader")] * 2 + [("row", "rowheader")] * 9


def marks_of(*said: tuple[str, str]) -> list[Mark]:
    """Marks of `mysql@9.7`, each with what it answered."""
    found = []
    for key, text in said:
        target, _at, series = key.partition("@")
        found.append(
            Mark("passed", target, every_target()[target].label, series, series=series, output=text)
        )
    return found


def test_equal_neighbours_are_one_cell_and_versions_are_told_where_they_differ() -> None:
    marks = marks_of(
        ("mysql@9.7", "1"),
        ("mariadb@10.11", "1"),
        ("mariadb@11.8", "2"),
        ("tidb-dedicated@8.5", "1"),
        ("tidb-serverless@8.5", "1"),
        ("postgresql@18", "1"),
    )
    of_row = {answer.product: answer for answer in answers(marks, side_by_side)}
    html = compare._cells(list(of_row), of_row, "")
    cells = list(ElementTree.fromstring(f"<tr>{html}</tr>"))
    assert [(td.get("data-db"), td.get("colspan")) for td in cells] == [
        ("mysql", None),
        ("mariadb", None),
        ("tidb postgresql", "2"),
    ]
    assert words(cells[1]) == "MariaDB10.11 111.8 2"
    shades = [td.get("class") for td in cells]
    assert shades == ["crossnotes-shade-0", "crossnotes-shade-1", "crossnotes-shade-0"]


def test_where_all_answers_differ_none_stands_out() -> None:
    marks = marks_of(("mysql@9.7", "1"), ("mariadb@11.8", "2"), ("sqlite@3.40", "3"))
    found = {answer.product: answer for answer in answers(marks, side_by_side)}
    assert set(compare._shades(found).values()) == {0}


def test_an_answer_is_text_and_never_markup() -> None:
    marks = marks_of(("mysql@9.7", "<script>alert(1)</script>&amp;"))
    (answer,) = answers(marks, side_by_side)
    html = compare._cells(["mysql"], {"mysql": answer}, "")
    assert "<script>" not in html
    assert words(ElementTree.fromstring(html)[1]) == "<script>alert(1)</script>&amp;"


WIDE = """\
# Wide

```{snippet} python
:name: long-answer
print("a_very_long_word_without_any_blank_" * 9)
```

```{snippet} python
:name: many-lines
print("\\n".join(map(str, range(200))))
```

```{compare} long-answer many-lines
```
"""


@pytest.mark.parametrize("width", [320, 390, 1024, 1280])
def test_a_comparison_is_never_wider_than_its_page(
    project: Repository, page: Page, width: int
) -> None:
    project.page(WIDE, "index.md")
    site = make_site(project)
    run(site, "sqlite")
    build(site)
    with serve(site.root / "build/html/en") as url:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{url}/index.html")
        wide = "e => e.scrollWidth > e.clientWidth"
        assert not page.evaluate(f"({wide})(document.documentElement)")
        assert not page.locator(".crossnotes-comparison").evaluate(wide)


def test_a_comparison_can_be_read_as_text(site: Repository) -> None:
    run(site, "sqlite")
    text = build(site, builder="text")
    assert "What they *said*" in text
    assert "sqlite <&>" in text


def test_the_catalogue_has_the_captions_alone(site: Repository) -> None:
    run(site, "sqlite")
    done = sphinx_build(site.root, builder="gettext")
    assert done.exit_code == 0, done.messages
    catalogue = done.read("index.pot")
    assert 'msgid "What they *said*"' in catalogue
    assert 'msgid "It prints *nothing*"' in catalogue
    assert "not run" not in catalogue
    assert "quiet" not in catalogue


def test_a_name_that_no_block_has_fails_at_its_line(site: Repository) -> None:
    page = "# Page\n\n```{snippet} python\n:name: one\nprint(1)\n```\n\n```{compare} one tow\n```\n"
    path = site.page(page, "index.md")
    done = sphinx_build(site.root)
    assert done.exit_code == 1
    said = "names 'tow', and no block of this page has that name; known are: one"
    assert f"docs/index.md:8: WARNING: {{compare}} {said}" in done.messages
    outcome = site.crossnotes("test", path)
    assert outcome.code == 1
    assert f"docs/index.md:8: {{compare}} {said}" in outcome.out


def test_a_label_that_fits_nowhere_fails_at_its_line(site: Repository) -> None:
    block = "```{snippet} python\n:name: one\nprint(1)\n```\n"
    body = "\ntwo: The second\nno label\none: The first\n"
    path = site.page(f"# Page\n\n{block}\n```{{compare}} one{body}```\n", "index.md")
    done = sphinx_build(site.root)
    assert done.exit_code == 1
    said = "a label of 'two', which is not compared; known are: one"
    assert f"docs/index.md:9: WARNING: {said}" in done.messages
    assert "docs/index.md:10: WARNING: 'no label' labels no row; write `name: label`" in (
        done.messages
    )
    outcome = site.crossnotes("test", path)
    assert outcome.code == 1
    assert f"docs/index.md:9: {said}" in outcome.out


def test_a_label_that_is_too_long_is_told_of(site: Repository) -> None:
    block = "```{snippet} python\n:name: one\nprint(1)\n```\n"
    label = "A row whose name is much longer than what fits"
    site.page(f"# Page\n\n{block}\n```{{compare}} one\n\none: {label}\n```\n", "index.md")
    done = sphinx_build(site.root)
    assert (
        "WARNING: the row 'one' has a label of 46 characters; at most 40 fit beside the results"
        in (done.messages)
    )
