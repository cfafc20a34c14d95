"""Every kind of page for everybody: axe-core, the keyboard alone, no scripts, paper, slow lines."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from crossnotes.site import build as site

from ..conftest import command
from .conftest import REPOSITORY, Host, serve, write_root

TUTORIAL = "connect-to-tidb-with-django.html"
#: A page of each kind, below the folder of a language.
KINDS = {
    "home": "index.html",
    "tutorial": TUTORIAL,
    "differences": "databases/mysql-differences.html",
    "comparison": "subjects/case-and-accents.html",
    "guide": "guides/write-a-page.html",
    "matrix": "verification.html",
    "not found": "no/such/page.html",
    "search": "search.html?q=TiDB",
}
#: Every state that a block can be in.
STATES = """\
# States

```{snippet} python
:name: passed
print("passed")
```

```{snippet} python
:skip: there is no network
print("skipped")
```

```{compare} passed changed failed
```

```{snippet} python
:name: failed
assert "so" == "not so"
```

```python
print("not reached")
```

```{snippet} python
:name: changed
print("before")
```

```{matrix}
```

```{excuses}
```

```{hero} index/passed
```

```{heatmap}
```

```{differences} sqlite
```
"""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with every state, from a run, and of what changed since."""
    root = write_root(tmp_path_factory.mktemp("states") / "root", {"index.md": STATES})
    # Another database of the project, on which nothing was run.
    tabs = '[tool.crossnotes.tabs]\n"SQLite" = "sqlite"\n"MySQL" = "mysql"\n'
    (root / "pyproject.toml").write_text(tabs, encoding="utf-8")
    run = command("test", "docs", "--target", "sqlite", "--ledger", "ledger", cwd=root)
    assert run.returncode == 1, run.stdout + run.stderr
    (root / "docs/index.md").write_text(STATES.replace("before", "after"))
    assert site.build(root=root) == 0
    with serve(root / "build/html") as address:
        yield address


@pytest.fixture(scope="module")
def host(published: Path) -> Iterator[str]:
    """Our own pages, as a host serves them."""
    with serve(published, Host) as address:
        yield address


#: Until the new size is drawn: scroll.js is told of it with a frame, and a busy machine is late.
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def violations(page: Page) -> list[str]:
    """What axe-core has against a page, in light and dark, on a phone and on a desktop."""
    found = []
    for scheme in ("light", "dark"):
        for size in (PHONE, DESKTOP):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(size)
            page.evaluate(DRAWN)
            for violation in Axe().run(page).response["violations"]:
                places = [node["html"][:200] for node in violation["nodes"][:3]]
                found.append(f"{scheme} {size['width']} {violation['id']}: {places}")
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_has_nothing_against_a_page(page: Page, host: str, language: str, kind: str) -> None:
    page.goto(f"{host}/{language}/{KINDS[kind]}")
    if kind == "search":
        page.locator("#search-results li").first.wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("path", ["index.html", "404.html"])
def test_axe_has_nothing_against_the_front_pages(page: Page, host: str, path: str) -> None:
    page.goto(f"{host}/{path}")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_has_nothing_against_any_state(page: Page, states: str, language: str) -> None:
    page.goto(f"{states}/{language}/index.html")
    for state in ("passed", "failed", "excused", "not-run", "changed"):
        assert page.locator(f".crossnotes-{state}").count(), state
    assert violations(page) == []


# ---- the keyboard alone


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until an element has the focus, as a reader without a mouse does."""
    for _ in range(80):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} is not reached by {key}")


def test_search_needs_the_keyboard_only(page: Page, host: str) -> None:
    page.goto(f"{host}/ja/index.html")
    press_until(page, "Tab", "input.sidebar-search")
    page.keyboard.type("暗号化")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    press_until(page, "Tab", "#search-results li a")
    page.keyboard.press("Enter")
    expect(page.locator("article h1")).to_be_visible()
    assert "search.html" not in page.url


def test_the_switcher_needs_the_keyboard_only(page: Page, host: str) -> None:
    page.goto(f"{host}/en/{TUTORIAL}")
    press_until(page, "Tab", ".crossnotes-languages-sidebar a")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{host}/ja/{TUTORIAL}")


def test_tabs_need_the_keyboard_only(page: Page, host: str) -> None:
    page.goto(f"{host}/en/{TUTORIAL}")
    page.locator("#step-2-install-dependencies").evaluate("element => element.focus()")
    page.locator(".sphinx-tabs").first.locator("xpath=preceding::a[1]").focus()
    press_until(page, "Tab", '[role="tab"]')
    page.keyboard.press("End")
    expect(page.locator('[role="tab"]:focus')).to_have_text("SQLite")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=tabpanel]') !== null")


# ---- without scripts, on paper


def test_without_scripts_all_is_there(page_without_scripts: Page, host: str) -> None:
    page = page_without_scripts
    page.goto(f"{host}/ja/{TUTORIAL}")
    for panel in page.locator("[role=tabpanel]").all():
        expect(panel).to_be_visible()
    expect(page.locator(".crossnotes-mark").first).to_be_visible()
    page.get_by_role("link", name="実行したコードブロックとデータベース").first.click()
    expect(page.locator("table#matrix")).to_be_visible()


def test_on_paper_all_is_there_and_nothing_to_press(page: Page, host: str) -> None:
    page.goto(f"{host}/en/{TUTORIAL}")
    page.emulate_media(media="print")
    for panel in page.locator("[role=tabpanel]").all():
        expect(panel).to_be_visible()
    for selector in (".sidebar-drawer", ".copybtn", "[role=tablist]", ".crossnotes-languages"):
        for element in page.locator(selector).all():
            expect(element).to_be_hidden()
    for block in page.locator("pre").all():
        assert block.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


# ---- slow lines


@pytest.mark.parametrize("path", [f"{TUTORIAL}?tab=SQLite", "index.html?db=mysql"])
def test_the_first_load_of_a_page_is_small_and_still(page: Page, host: str, path: str) -> None:
    """45 KB as a host sends it, nothing from elsewhere, and nothing moves."""
    sizes: dict[str, int] = {}
    page.on("response", lambda got: sizes.update({got.url: len(gzip.compress(got.body(), 9))}))
    page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver(list => {
          for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.goto(f"{host}/ja/{path}", wait_until="networkidle")
    assert {urlsplit(url).netloc for url in sizes} == {urlsplit(host).netloc}
    assert sum(sizes.values()) <= 45_000, sizes
    assert page.evaluate("window.shifts") < 0.01


def test_our_own_pages_are_what_the_tests_look_at(browser: Browser) -> None:
    """Each kind of page above is there, under that name."""
    for path in KINDS.values():
        name = path.partition("?")[0].replace(".html", ".md")
        assert (REPOSITORY / "docs" / name).exists() or name in ("no/such/page.md", "search.md")
