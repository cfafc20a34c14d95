"""`{differences}`, `{heatmap}` and `{hero}`: drawn from the answers of all pages."""

import re
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from crossnotes import ledger as ledgers

from ..conftest import Repository, StandIns
from .conftest import serve, sphinx_build
from .drawn import build, cells, links, make_site, run, run_on_two, tables, words

INDEX = """\
# Home

```{hero} asked/vendor
:caption: What am *I*?

The same **question** for all:
```

```{heatmap}
```

```{toctree}
asked
more
tidb
versions
```
"""

ASKED = """\
---
crossnotes: {targets: [sqlite, tidb-self-hosted]}
---
# Asked

```{snippet} python
:name: vendor
from django.db import connection
print(connection.vendor, "<b>&amp;</b>")
```

```{snippet} python
:name: same
print(1 + 1)
```

```{snippet} python
:name: long
number = 200 if connection.vendor == "mysql" else 1
print(*range(number), sep="\\n")
```

```{snippet} python
:name: alone
:targets: sqlite
print("only here")
```

```{compare} vendor same long alone
:caption: What they *said*

vendor: The `vendor` it is
```
"""

MORE = """\
---
crossnotes: {targets: [sqlite, tidb-self-hosted]}
---
# More

```{snippet} pycon
:name: typed
>>> 2 * 2
4
```

```{compare} typed
```
"""

TIDB = "# All of TiDB\n\n```{differences} tidb\n```\n"

VERSIONS = "# Versions\n\n## Two\n\n```{differences} tidb@8.5 sqlite\n```\n"

JAPANESE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Asked"
msgstr "質問"

msgid "The `vendor` it is"
msgstr "`vendor` の値"
"""


@pytest.fixture
def site(project: Repository) -> Repository:
    pages = {"index": INDEX, "asked": ASKED, "more": MORE, "tidb": TIDB, "versions": VERSIONS}
    for name, text in pages.items():
        project.page(text, f"{name}.md")
    project.write("locale/ja/LC_MESSAGES/asked.po", JAPANESE)
    return make_site(project)


@pytest.fixture
def ran(site: Repository, standins: StandIns, identified: None) -> Repository:
    """The site, with ledgers of SQLite and a TiDB."""
    return run_on_two(site, standins)


def text_of(html: str) -> str:
    """The words of a page's article."""
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<article")[2]).split())


def test_all_that_is_different_on_a_database(ran: Repository) -> None:
    html = build(ran, page="tidb")
    assert "4 questions were run on TiDB and on other databases. In 2 of them," in text_of(html)
    (table,) = tables(html)
    assert cells(table)[0] == ["Question", "TiDB", "Others"]
    vendor, long = cells(table)[1:]
    assert vendor[0] == "The vendor it isWhat they said"
    assert vendor[1:] == ["TiDBmysql <b>&amp;</b>", "sqlite <b>&amp;</b> SQLite"]
    assert long[0] == "longWhat they said"
    assert long[1].split() == ["TiDB0", "1", "2", "3", "4", "5", "…"]
    assert links(table) == ["asked.html#block-1", "asked.html#block-3"]


def test_two_databases_or_versions_side_by_side(ran: Repository) -> None:
    html = build(ran, page="versions")
    (path,) = (ran.root / "ledger").glob("sqlite@*.json")
    sqlite = f"SQLite {ledgers.read(path).server.version}"
    said = f"4 questions were run on TiDB v8.5.3 and on {sqlite}. 2 results differ."
    assert said in text_of(html)
    (table,) = tables(html)
    assert cells(table)[0] == ["Question", "TiDB v8.5.3", sqlite]
    assert cells(table)[1][1:] == ["TiDB v8.5.3mysql <b>&amp;</b>", "sqlite <b>&amp;</b>"]
    # Below a heading of the page.
    assert re.search(r"<h3[^>]*><a[^>]*>Asked</a>", html)


def test_in_the_language_of_the_page(ran: Repository) -> None:
    html = build(ran, "ja", page="tidb")
    assert "4 項目を実行しました" in html
    assert ">質問</a>" in html
    assert cells(tables(html)[0])[1][0].startswith("vendor の値")


def test_the_heat_map_counts_what_is_different_and_leads_to_it(ran: Repository) -> None:
    html = build(ran)
    (heat,) = [table for table in tables(html) if "heat" in (table.get("class") or "")]
    rows = list(heat.iter("tr"))
    assert [words(cell) for cell in rows[0]] == ["Subject", "TiDB", "SQLite"]
    shown = [[b.text for b in row.iter("b") if b.get("data-with") == ""] for row in rows[1:]]
    assert shown == [["2", "2"], ["·", "·"]]
    tidb = [a.get("href") for a in heat.iter("a") if "TiDB" in words(a)]
    (section,) = re.findall(r'<section[^>]*id="(differs-tidb-[^"]*)"', build(ran, page="tidb"))
    assert tidb == [f"tidb.html#{section}", "more.html"]
    # How many differ from the database that a reader chose.
    of_sqlite = [b.text for b in rows[1].iter("b") if b.get("data-with") == "sqlite"]
    assert of_sqlite == ["2", "–"]


def test_the_hero_shows_what_each_database_answered(ran: Repository) -> None:
    html = build(ran)
    hero = html.partition('class="crossnotes-hero"')[2].partition("crossnotes-heat")[0]
    assert "What am <em>I</em>?" in hero
    assert "The same <strong>question</strong> for all:" in hero
    cards = re.findall(r"<li[^>]*>(.*?)</li>", hero)
    assert [re.sub(r"<[^>]*>", "|", card) for card in cards][1].startswith(
        "|sqlite &lt;b&gt;&amp;amp;&lt;/b&gt;||SQLite "
    )
    assert 'href="asked.html#block-1"' in hero
    assert "crossnotes-below" not in hero  # it is run where it is asked


def test_answers_from_before_a_change_are_told_apart(ran: Repository) -> None:
    ran.page(ASKED.replace("print(1 + 1)", "print(1 + 2)"), "asked.md")
    html = build(ran, page="tidb")
    assert "3 questions were run" in text_of(html)
    # The first block is as it was; the code of the third is, and one before it is not.
    assert "↻ marks results from before the last change of their page: 2." in text_of(html)
    vendor, long = tables(html)[0].iter("tbody").__next__()
    assert "↻" not in words(vendor)
    assert words(long[1]).startswith("TiDB↻ changed since the last run")


def test_without_results_each_says_so(site: Repository) -> None:
    assert "There are no results of TiDB to compare." in build(site, page="tidb")
    assert "There are no results of TiDB 8.5, SQLite to compare." in build(site, page="versions")
    home = build(site)
    assert "There are no results to compare." in home
    assert 'href="asked.html#block-1"' in home


def test_with_the_results_of_one_database_there_is_nothing_to_compare(site: Repository) -> None:
    run(site, "sqlite")
    assert "There are no results of TiDB to compare." in build(site, page="tidb")
    assert "There are no results to compare." in build(site)


@pytest.mark.parametrize("name", ["oracel", "tidb@", "../tidb", "MySQL"])
def test_an_unknown_database_is_named_at_its_line(site: Repository, name: str) -> None:
    site.page(f"# One\n\n```{{differences}} {name}\n```\n", "tidb.md")
    done = sphinx_build(site.root)
    assert done.exit_code == 1
    assert (
        f"docs/tidb.md:3: WARNING: {{differences}} of {name!r}: no such database" in done.messages
    )


def test_an_unknown_question_is_named_at_its_line(site: Repository) -> None:
    site.page(INDEX.replace("asked/vendor", "asked/vendro"), "index.md")
    done = sphinx_build(site.root)
    assert done.exit_code == 1
    said = "{hero} of 'asked/vendro': no comparison of this site has that block"
    assert f"docs/index.md:3: WARNING: {said}; write SUBJECT/NAME, such as asked/vendor" in (
        done.messages
    )


def test_they_can_be_read_as_text(ran: Repository) -> None:
    assert "mysql <b>&amp;</b>" in build(ran, builder="text", page="tidb")
    home = build(ran, builder="text")
    assert "What am *I*?" in home
    assert "fewer than half of the others share" in home


def test_they_follow_when_another_page_changes(ran: Repository) -> None:
    assert "2 results differ" in build(ran, page="versions")
    ran.page(ASKED.replace("vendor same long alone", "vendor same"), "asked.md")
    assert "1 results differ" in build(ran, page="versions")


def test_the_catalogue_has_the_texts_of_the_page_alone(ran: Repository) -> None:
    done = sphinx_build(ran.root, builder="gettext")
    assert done.exit_code == 0, done.messages
    found = re.findall(r'msgid "(.+)"', done.read("index.pot"))
    assert found == ["Home", "What am *I*?", "The same **question** for all:"]


def test_a_reader_chooses_whom_to_compare_with(ran: Repository, page: Page) -> None:
    build(ran, page="tidb")
    with serve(ran.root / "build/html/en") as url:
        page.goto(f"{url}/tidb.html?show=sqlite")
        form = page.locator(".crossnotes-filter")
        expect(form.get_by_role("radio", name="SQLite")).to_be_checked()
        expect(form.locator("output")).to_have_text("2 of 2 questions")
        form.get_by_role("radio", name="all").check()
        assert "show" not in page.url
        form.get_by_role("searchbox").fill("It is")
        expect(form.locator("output")).to_have_text("1 of 2 questions")
        expect(page.locator(".crossnotes-row:visible")).to_have_count(1)


def test_without_scripts_everything_is_there_and_nothing_to_choose(
    ran: Repository, page: Page
) -> None:
    build(ran, page="tidb")
    context = page.context.browser
    assert context is not None
    with serve(ran.root / "build/html/en") as url:
        plain = context.new_page(java_script_enabled=False)
        plain.goto(f"{url}/tidb.html")
        expect(plain.locator(".crossnotes-row:visible")).to_have_count(2)
        expect(plain.locator(".crossnotes-filter")).to_be_hidden()
        plain.close()


def test_the_drawings_are_well_formed(ran: Repository) -> None:
    for name in ("index", "tidb", "versions"):
        html = build(ran, page=name)
        for piece in re.findall(r"<section class=\"crossnotes-rows\".*?</section>", html, re.S):
            ElementTree.fromstring(piece)
