"""The reader's own database: chosen once, applied before anything is drawn."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from crossnotes.site import build as site
from crossnotes.sphinxext.chooser import choices, chooser
from crossnotes.targets import every_target

from .conftest import serve, write_root

INDEX = """\
---
crossnotes: {targets: [sqlite, mysql, tidb-serverless]}
---
# Answers

```{toctree}
databases/tidb
databases/mysql
```

::::{tabs}
:::{group-tab} SQLite
Words for SQLite.
:::
:::{group-tab} TiDB Serverless
Words for Serverless.
:::
:::{group-tab} MySQL
Words for MySQL.
:::
::::

```{snippet} python
:name: asked
print("<b>")
```
```{output}
<b>
```
```{output}
:targets: tidb-serverless
of TiDB
```
```{output}
:targets: mysql
of MySQL
```

```{snippet} python
:name: only-mysql
:targets: mysql
print("only MySQL")
```

```{compare} asked
```
"""
TABS = """\
[tool.crossnotes.tabs]
"SQLite" = "sqlite"
"TiDB Serverless" = "tidb-serverless"
"TiDB Dedicated" = "tidb-dedicated"
"MySQL" = "mysql"
"""
#: The choice that is left when the reader comes back.
KEPT = "localStorage.getItem('crossnotes-database')"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site in two languages, before any run."""
    names = ("tidb", "mysql")
    pages = {f"databases/{name}.md": f"# Page of {name}\n" for name in names}
    root = write_root(tmp_path_factory.mktemp("chooser") / "root", {"index.md": INDEX, **pages})
    (root / "pyproject.toml").write_text(TABS)
    assert site.build(root=root) == 0
    with serve(root / "build/html") as address:
        yield address


def shown(page: Page) -> list[str]:
    """The databases of the answers that can be seen."""
    rows = page.locator(".crossnotes-answers tr").all()
    return [row.get_attribute("data-db") or "" for row in rows if row.is_visible()]


ALL = ["mysql", "tidb", "sqlite"]


def test_without_a_choice_all_is_there_in_its_order(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html")
    assert shown(page) == ALL
    expect(page.locator(".crossnotes-more")).to_be_hidden()
    expect(page.get_by_text("only MySQL")).to_be_visible()


def test_a_link_chooses_and_the_choice_stays_over_pages_and_languages(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html?db=tidb")
    assert shown(page) == ["tidb"]
    expect(page.get_by_text("only MySQL")).to_be_hidden()
    expect(page.locator(".crossnotes-only > summary")).to_be_visible()
    expect(page.locator(".crossnotes-chooser-sidebar select")).to_have_value("tidb")
    page.goto(f"{url}/ja/index.html")
    assert shown(page) == ["tidb"]
    page.goto(f"{url}/en/index.html?db=all")
    assert shown(page) == ALL
    assert page.evaluate(KEPT) is None


@pytest.mark.parametrize("asked", ["", "no-such", "TiDB", "<script>", "__proto__", "toString"])
def test_an_unknown_database_changes_nothing(page: Page, url: str, asked: str) -> None:
    page.goto(f"{url}/en/index.html?db={asked}")
    assert shown(page) == ALL
    page.goto(f"{url}/en/index.html?db=mysql")
    page.goto(f"{url}/en/index.html?db={asked}")
    assert shown(page) == ["mysql"]


def test_the_keyboard_chooses_and_unfolds(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html")
    page.locator(".crossnotes-chooser-sidebar select").focus()
    page.keyboard.type("SQLite")
    page.keyboard.press("Enter")
    expect(page.locator(".crossnotes-chooser-sidebar select")).to_have_value("sqlite")
    assert shown(page) == ["sqlite"]
    more = page.locator(".crossnotes-more")
    expect(more).to_have_text("2 other answers")
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    # The chosen one is first.
    assert shown(page) == ["sqlite", "mysql", "tidb"]


def test_tabs_follow_and_a_tab_sets_the_database(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html?db=tidb")
    expect(page.get_by_text("Words for Serverless.")).to_be_visible()
    page.get_by_role("tab", name="SQLite").click()
    assert page.evaluate(KEPT) == "sqlite"
    assert shown(page) == ["sqlite"]
    page.locator(".crossnotes-chooser-sidebar select").select_option("tidb-serverless")
    expect(page.get_by_text("Words for Serverless.")).to_be_visible()
    expect(page.get_by_text("Words for SQLite.")).to_be_hidden()
    assert shown(page) == ["tidb"]


def test_the_sidebar_has_the_page_of_the_database_first(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html?db=mysql")
    tops = {
        name: page.locator(f"li[data-crossnotes-page={name}]").bounding_box()
        for name in ("mysql", "tidb")
    }
    assert tops["mysql"] is not None
    assert tops["tidb"] is not None
    assert tops["mysql"]["y"] < tops["tidb"]["y"]


def test_a_link_to_a_folded_block_unfolds_it(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html?db=tidb#only-mysql")
    expect(page.get_by_text("only MySQL")).to_be_visible()


def test_nothing_moves_on_load(page: Page, url: str) -> None:
    page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{url}/en/index.html?db=tidb", wait_until="networkidle")
        assert page.evaluate("window.shifts") < 0.01


def test_on_paper_nothing_is_folded(page: Page, url: str) -> None:
    page.goto(f"{url}/en/index.html?db=tidb")
    page.emulate_media(media="print")
    expect(page.get_by_text("only MySQL")).to_be_visible()
    assert sorted(shown(page)) == sorted(ALL)
    expect(page.locator(".crossnotes-chooser-sidebar")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(page.get_by_text("only MySQL")).to_be_hidden()


def test_without_scripts_there_is_nothing_to_choose(page_without_scripts: Page, url: str) -> None:
    page_without_scripts.goto(f"{url}/en/index.html?db=tidb")
    assert shown(page_without_scripts) == ALL
    expect(page_without_scripts.get_by_text("only MySQL")).to_be_visible()
    expect(page_without_scripts.locator(".crossnotes-chooser").first).to_be_hidden()


def test_without_storage_the_choice_lasts_as_long_as_the_page(browser: Browser, url: str) -> None:
    context = browser.new_context()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('none'); }});"
    )
    page = context.new_page()
    page.goto(f"{url}/en/index.html?db=tidb")
    assert shown(page) == ["tidb"]
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_has_nothing_against_a_choice(page: Page, url: str, width: int) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{url}/ja/index.html?db=tidb")
        found = Axe().run(page).response["violations"]
        assert [violation["id"] for violation in found] == []


def test_deployments_can_be_chosen_where_there_are_several() -> None:
    every = every_target()
    names = ["mysql", "tidb-dedicated", "tidb-serverless"]
    assert choices([every[name] for name in names]) == {
        "mysql": "MySQL",
        "tidb": "TiDB",
        "tidb-dedicated": "TiDB Dedicated",
        "tidb-serverless": "TiDB Serverless",
    }
    assert choices([every["tidb-dedicated"]]) == {"tidb": "TiDB"}
    assert 'for="crossnotes-chooser-page"' in chooser({"mysql": "MySQL"}, "page")
