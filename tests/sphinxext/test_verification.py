"""`{matrix}`, `{excuses}`, verification.json and the badge, from ledgers of real runs."""

import re
from xml.etree import ElementTree

import pytest

from crossnotes.sphinxext.badge import badge

from ..conftest import Repository, StandIns
from .conftest import sphinx_build
from .drawn import build, cells, links, make_site, run, tables

INDEX = """\
# Home

```{toctree}
both
alone
verification
```
"""

BOTH = """\
---
crossnotes: {targets: [sqlite, tidb-self-hosted]}
---
# On both `databases`

```python
from django.db import connection
print(connection.vendor)
```

```{snippet} console
:skip: it needs the network
:caption: A command
$ curl https://example.com/
```

```python
assert connection.vendor == "sqlite"
```

```python
print("after")
```
"""

ALONE = """\
---
crossnotes: {targets: [sqlite]}
---
# Alone

```python
print("here")
```
"""

VERIFICATION = """\
# What was run

```{matrix}
```

```{excuses}
```
"""

JAPANESE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "On both `databases`"
msgstr "両方の `databases`"

msgid "it needs the network"
msgstr "ネットワークが必要です"
"""


@pytest.fixture
def site(project: Repository) -> Repository:
    pages = {"index": INDEX, "both": BOTH, "alone": ALONE, "verification": VERIFICATION}
    for name, text in pages.items():
        project.page(text, f"{name}.md")
    project.write("locale/ja/LC_MESSAGES/both.po", JAPANESE)
    return make_site(project)


@pytest.fixture
def ran(site: Repository, standins: StandIns, identified: None) -> Repository:
    """The site, with ledgers of SQLite and a TiDB."""
    run(site, "sqlite")
    site.environment.update(standins.environment("self-hosted"))
    run(site, "tidb-self-hosted")
    return site


def test_the_matrix_counts_by_page_and_database(ran: Repository) -> None:
    html = build(ran, page="verification")
    matrix, _excuses = tables(html)
    head, both, alone = cells(matrix)
    ledger = ran.json("build/ledger/sqlite.json")
    day = ledger["finished"][:10]
    assert head == [
        "Page",
        f"SQLite {ledger['server']['version']} {day}",
        f"TiDB Self-Hosted v8.5.3 {day}",
    ]
    assert both == [
        "On both databases",
        "✓ 3 seen to work ○ 1 excused",
        "✗ 1 failed ✓ 1 seen to work ○ 2 excused",
    ]
    assert alone == ["Alone", "✓ 1 seen to work", "– not for this database"]


def test_every_cell_leads_to_its_block(ran: Repository) -> None:
    matrix, excuses = tables(build(ran, page="verification"))
    wanted = ["both.html", "both.html#block-1", "both.html#block-2"]
    wanted += ["both.html#block-3", "both.html#block-1", "both.html#block-2"]
    assert links(matrix) == [*wanted, "alone.html", "alone.html#block-1"]
    assert links(excuses) == ["both.html#block-2", "both.html#block-4"]
    both = (ran.root / "build/html/en/both.html").read_text(encoding="utf-8")
    places = re.findall(r'id="(block-\d)"', both)
    assert places == ["block-1", "block-2", "block-3", "block-4"]


def test_every_excuse_has_its_reason(ran: Repository) -> None:
    _matrix, excuses = tables(build(ran, page="verification"))
    assert cells(excuses)[1:] == [
        [
            "On both databases: $ curl https://example.com/",
            "SQLite, TiDB Self-Hosted",
            "it needs the network",
        ],
        [
            'On both databases: print("after")',
            "TiDB Self-Hosted",
            "not reached, since docs/both.md:18 failed",
        ],
    ]


def test_the_page_in_japanese(ran: Repository) -> None:
    matrix, excuses = tables(build(ran, "ja", page="verification"))
    assert cells(matrix)[1][0] == "両方の databases"
    assert cells(matrix)[1][1] == "✓ 動作を確認 3 ○ 対象外 1"
    assert cells(excuses)[1][2] == "ネットワークが必要です"


def test_the_matrix_is_drawn_again_when_another_page_changes(site: Repository) -> None:
    assert "2 not run" not in build(site, page="verification")
    run(site, "sqlite")
    assert "1 seen to work" in build(site, page="verification")
    site.page(ALONE + "\n```python\nprint('more')\n```\n", "alone.md")
    rows = cells(tables(build(site, page="verification"))[0])
    assert rows[2][1] == "– 1 not run ✓ 1 seen to work"


def test_without_excuses_it_says_so(repository: Repository) -> None:
    repository.page("# Home\n\n```{excuses}\n```\n", "index.md")
    assert "Every block was run." in build(make_site(repository))


def test_the_same_as_json(ran: Repository) -> None:
    build(ran, "ja")
    found = ran.json("build/html/ja/verification.json")
    assert found["schema"] == 1
    sqlite, tidb = found["targets"]
    assert (sqlite["target"], sqlite["label"]) == ("sqlite", "SQLite")
    assert tidb["version"] == "v8.5.3"
    assert tidb["finished"] == ran.json("build/ledger/tidb-self-hosted.json")["finished"]
    both, alone = found["pages"]
    assert both["title"] == "両方の databases"
    assert (both["page"], both["url"]) == ("docs/both.md", "both.html")
    last = both["blocks"][3]
    assert last["url"] == "both.html#block-4"
    assert last["targets"] == {
        "sqlite": {"status": "passed", "reason": ""},
        "tidb-self-hosted": {
            "status": "excused",
            "reason": "not reached: docs/both.md:18 failed",
        },
    }
    assert [block["line"] for block in alone["blocks"]] == [7]


def test_the_badge_sums_it_up(ran: Repository) -> None:
    build(ran)
    text = (ran.root / "build/html/en/badge.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).get("aria-label") == "code blocks: ✗ 3 of 4 seen to work"


def test_a_badge_may_say_anything() -> None:
    svg = ElementTree.fromstring(badge("a <b>", '"c" & d', "passed", "en"))
    assert svg.get("aria-label") == 'a <b>: "c" & d'


def test_the_catalogue_has_none_of_it(ran: Repository) -> None:
    done = sphinx_build(ran.root, builder="gettext")
    assert done.exit_code == 0, done.messages
    assert re.findall(r'msgid "(.+)"', done.read("verification.pot")) == ["What was run"]


def test_the_matrix_can_be_read_as_text(ran: Repository) -> None:
    text = build(ran, builder="text", page="verification")
    assert "3 seen to work" in text


def test_json_and_badge_are_there_without_any_run(site: Repository) -> None:
    build(site)
    found = site.json("build/html/en/verification.json")
    assert "version" not in found["targets"][0]
    assert "0 of 4 seen to work" in (site.root / "build/html/en/badge.svg").read_text()
