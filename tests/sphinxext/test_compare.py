"""`{compare}`: tables of what databases answered, from ledgers of real runs."""

import pytest

from crossnotes import ledger as ledgers

from ..conftest import Repository, StandIns
from .conftest import sphinx_build
from .drawn import build, caption, cells, column, make_site, run, tables

PAGE = """\
---
crossnotes:
  targets: [sqlite, tidb-self-hosted, tidb-dedicated]
---
# Answers

```{compare} vendor session typed rows quiet alone skipped late failing
:caption: What they *said*
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

msgid "The vendor"
msgstr "ベンダー"

msgid "it needs the network"
msgstr "ネットワークが必要です"
"""

ON_SQLITE = [
    "sqlite <&>",
    "'ONE'\n2",
    "'sqlite'",
    "one\n1\n2",
    "(prints nothing)",
    "only here",
    "○ it needs the network",
    "late",
    "(prints nothing)",
]


@pytest.fixture
def site(project: Repository) -> Repository:
    """A repository with the page."""
    project.write("locale/ja/LC_MESSAGES/index.po", JAPANESE)
    project.page(PAGE, "index.md")
    return make_site(project)


def test_before_any_run_every_cell_says_so(site: Repository) -> None:
    table, second = tables(build(site))
    rows = cells(table)
    assert rows[0] == ["Block", "SQLite", "TiDB Self-Hosted", "TiDB Dedicated"]
    for name, *answers in rows[1:]:
        wanted = ["– not run"] * 3
        if "only here" in name:
            wanted[1:] = ["– not for this database"] * 2
        if "never" in name:
            wanted = ["○ it needs the network"] * 3
        assert answers == wanted, name
    assert cells(second)[1] == ["quiet = True", *["– not run"] * 3]


def test_a_row_is_named_by_the_caption_or_the_code_and_leads_to_the_block(
    site: Repository,
) -> None:
    html = build(site)
    names = column(tables(html)[0], 0)
    assert names[:3] == [
        "The vendor",
        'for word in ["one"]:\n    word.upper()\n1 + 1',
        "connection.vendor",
    ]
    links = [link.get("href") or "" for link in tables(html)[0].iter("a")]
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
    table, second = tables(build(site))
    head = cells(table)[0]
    (path,) = (site.root / "ledger").glob("sqlite@*.json")
    ledger = ledgers.read(path)
    assert head[1] == f"SQLite {ledger.server.version}"
    assert head[2:] == ["TiDB Self-Hosted v8.5.3", "TiDB Dedicated"]
    assert column(table, 1) == ON_SQLITE
    place = "docs/index.md:63"
    assert column(table, 2) == [
        "mysql <&>",
        "'ONE'\n2",
        "'mysql'",
        "one\n1\n2",
        "(prints nothing)",
        "– not for this database",
        "○ it needs the network",
        f"○ not reached, since {place} failed",
        "✗ failed",
    ]
    assert set(column(table, 3)[:5]) == {"– not run"}
    assert column(second, 2) == ["(prints nothing)"]


def test_the_page_in_japanese(site: Repository) -> None:
    run(site, "sqlite")
    page = build(site, "ja")
    assert "TiDB Self-Hosted、TiDB Dedicated での出力" in page
    table, second = tables(page)
    assert caption(table) == "返ってきた 答え"
    assert caption(second) == "各データベースの答え"
    assert column(table, 0)[0] == "ベンダー"
    assert column(table, 1)[0] == "sqlite <&>"
    assert column(table, 1)[6] == "○ ネットワークが必要です"
    assert column(table, 2)[0] == "– 未実行"


def test_a_block_that_changed_since_has_no_answer(site: Repository) -> None:
    run(site, "sqlite")
    site.page(PAGE.replace("quiet = True", "quiet = False"), "index.md")
    changed = "↻ changed since the last run"
    assert column(tables(build(site))[0], 1)[3:5] == ["one\n1\n2", changed]


def test_every_head_cell_has_a_scope(site: Repository) -> None:
    table = tables(build(site))[0]
    heads = [
        (cell.get("scope"), row == 0)
        for row, tr in enumerate(table.iter("tr"))
        for cell in tr.iter("th")
    ]
    assert all(scope == ("col" if first else "row") for scope, first in heads)
    assert len(heads) == 4 + 9


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
