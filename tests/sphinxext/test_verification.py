"""`{matrix}`, `{excuses}`, verification.json and the badge, from ledgers of real runs."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from crossnotes.site import build as site_of
from crossnotes.sphinxext.badge import badge
from crossnotes.targets import Identity, every_target

from ..conftest import Repository, StandIns
from .conftest import serve, sphinx_build
from .drawn import build, cells, links, make_site, run, run_on_two, tables

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

SQLITE = f"sqlite@{every_target()['sqlite'].series(Identity(sqlite3.sqlite_version))}"

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
    return run_on_two(site, standins)


def test_the_matrix_counts_by_page_and_database(ran: Repository) -> None:
    html = build(ran, page="verification")
    matrix, _servers, _excuses = tables(html)
    head, both, alone = cells(matrix)
    ledger = ran.json(f"ledger/{SQLITE}.json")
    assert head == ["Page", "TiDB v8.5.3", f"SQLite {ledger['server']['version']}"]
    assert both == [
        "On both databases",
        "✗ 1 failed ✓ 1 seen to work ○ 2 excused",
        "✓ 3 seen to work ○ 1 excused",
    ]
    # A page that is not for a database has nothing to say of it.
    assert alone == ["Alone", "", "✓ 1 seen to work"]


def test_what_the_blocks_were_run_on_is_listed(ran: Repository) -> None:
    _matrix, servers, _excuses = tables(build(ran, page="verification"))
    ledger = ran.json(f"ledger/{SQLITE}.json")
    day = ledger["results"][0]["when"]
    sqlite, tidb = cells(servers)[1:]
    assert sqlite[:3] == ["SQLite", ledger["server"]["version"], "in Python itself"]
    versions = ledger["versions"]
    assert sqlite[3:] == [f"Django {versions['django']}, Python {versions['python']}", day]
    assert tidb[:3] == ["TiDB Self-Hosted", "v8.5.3", "a server that was there"]
    assert "mysqlclient" in tidb[3]


def test_a_state_that_deployments_do_not_share_names_them(
    ran: Repository, standins: StandIns, identified: None
) -> None:
    targets = "targets: [sqlite, tidb-self-hosted"
    ran.page(BOTH.replace(targets, f"{targets}, tidb-dedicated"), "both.md")
    run(ran, "tidb-self-hosted")
    matrix = tables(build(ran, page="verification"))[0]
    assert cells(matrix)[1][1] == ("✗ 1 failed: Self-Hosted – 2 not run: Dedicated ○ 1 excused")


def test_the_pages_of_the_matrix_can_be_filtered(ran: Repository, page: Page) -> None:
    build(ran, page="verification")
    with serve(ran.root / "build/html/en") as url:
        page.goto(f"{url}/verification.html")
        shown = page.locator("#matrix .crossnotes-row:visible")
        expect(shown).to_have_count(2)
        page.get_by_role("radio", name="failed").check()
        expect(shown).to_have_count(1)
        expect(page.locator(".crossnotes-filter output")).to_have_text("1 of 2 pages")
        page.reload()
        expect(shown).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_head_of_the_matrix_stays_in_sight(ran: Repository, page: Page, width: int) -> None:
    names = [f"alone{number}" for number in range(40)]
    ran.page(INDEX.replace("alone", "\n".join(["alone", *names])), "index.md")
    for number in range(40):
        ran.page(ALONE.replace("Alone", f"Alone {number}"), f"alone{number}.md")
    build(ran, page="verification")
    with serve(ran.root / "build/html/en") as url:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{url}/verification.html")
        page.locator("#matrix").get_by_role("link", name="Alone 39").scroll_into_view_if_needed()
        tops = """() => ["#matrix thead th", ".table-wrapper:has(> #matrix)"].map(
            (each) => document.querySelector(each).getBoundingClientRect().top)"""
        head, table = page.evaluate(tops)
        # In a box of its own, or in the window.
        assert head == pytest.approx(max(table, 0 if width > 1000 else table), abs=20)
        wide = "() => document.documentElement.scrollWidth > innerWidth"
        assert not page.evaluate(wide)


def test_every_cell_leads_to_its_block(ran: Repository) -> None:
    matrix, _servers, excuses = tables(build(ran, page="verification"))
    wanted = ["both.html", "both.html#block-3", "both.html#block-1", "both.html#block-2"]
    wanted += ["both.html#block-1", "both.html#block-2"]
    assert links(matrix) == [*wanted, "alone.html", "alone.html#block-1"]
    assert links(excuses) == ["both.html#block-2", "both.html#block-4"]
    both = (ran.root / "build/html/en/both.html").read_text(encoding="utf-8")
    places = re.findall(r'id="(block-\d)"', both)
    assert places == ["block-1", "block-2", "block-3", "block-4"]


def test_every_excuse_has_its_reason(ran: Repository) -> None:
    *_others, excuses = tables(build(ran, page="verification"))
    assert cells(excuses)[1:] == [
        [
            "On both databases: $ curl https://example.com/",
            "TiDB, SQLite",
            "it needs the network",
        ],
        [
            'On both databases: print("after")',
            "TiDB",
            "not reached, since docs/both.md:18 failed",
        ],
    ]


def test_the_page_in_japanese(ran: Repository) -> None:
    matrix, *_others, excuses = tables(build(ran, "ja", page="verification"))
    assert cells(matrix)[1][0] == "両方の databases"
    assert cells(matrix)[1][2] == "✓ 3 動作を確認 ○ 1 対象外"
    assert cells(excuses)[1][2] == "ネットワークが必要です"


def test_the_matrix_is_drawn_again_when_another_page_changes(site: Repository) -> None:
    assert "2 not run" not in build(site, page="verification")
    run(site, "sqlite")
    assert cells(tables(build(site, page="verification"))[0])[2] == [
        "Alone",
        "",
        "✓ 1 seen to work",
    ]
    site.page(ALONE + "\n```python\nprint('more')\n```\n", "alone.md")
    rows = cells(tables(build(site, page="verification"))[0])
    assert rows[2] == ["Alone", "", "– 1 not run ✓ 1 seen to work"]


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
    day = ran.json("ledger/tidb-self-hosted@8.5.json")["results"][0]["when"]
    assert (tidb["finished"], tidb["series"]) == (f"{day}T00:00:00Z", {"8.5": "v8.5.3"})
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


def _errors(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    """What of a document is not as its JSON schema says, for the words that ours uses."""
    schema = root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        yield f"{at}: no {schema['type']}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (
            f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value
        )
        for name, inner in value.items():
            of_it = known.get(name, schema.get("additionalProperties", {}))
            if of_it is False:
                yield f"{at}: unknown {name}"
            else:
                yield from _errors(inner, of_it, root, f"{at}/{name}")
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _errors(inner, schema.get("items", {}), root, f"{at}/{number}")


def test_results_for_programs_are_as_their_schema_says(ran: Repository) -> None:
    assert site_of.build({"en": "English"}, root=ran.root) == 0
    schema = ran.json("build/html/results.schema.json")
    found = ran.json("build/html/results.json")
    assert list(_errors(found, schema, schema, "")) == []
    wrong = {**found, "schema": 2, "more": 1}
    assert list(_errors(wrong, schema, schema, "")) == ["/schema: not 1", ": unknown more"]
    assert [each["id"] for each in found["databases"]] == [SQLITE, "tidb-self-hosted@8.5"]
    assert found["databases"][1]["where"] == {"kind": "external"}
    both, alone = found["subjects"]
    assert (both["id"], both["url"], alone["url"]) == ("both", "en/both.html", "en/alone.html")
    (question,) = alone["questions"]
    assert question["source"] == "docs/alone.md:7"
    assert re.fullmatch("alone/[0-9a-f]{12}", question["id"])
    (answer,) = question["answers"].values()
    assert (answer["status"], answer["output"]) == ("passed", "here\n")


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
