"""A reader with a keyboard alone, on a phone's width and at 200 %: every stop is seen, menu and
contents are reached, and what is pressed is large enough."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Host, serve
from .test_accessibility import KINDS, TUTORIAL

#: A phone, and a window of 1280 pixels at 200 %.
WIDTHS = (390, 640)
MOST_STOPS = 700
MENU, CONTENTS = ".nav-overlay-icon [role=button]", ".toc-overlay-icon [role=button]"


@pytest.fixture(scope="module")
def host(published: Path) -> Iterator[str]:
    with serve(published, Host) as address:
        yield address


@pytest.fixture(params=WIDTHS)
def narrow(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page of that width, without what moves."""
    page = browser.new_page(
        viewport={"width": request.param, "height": 844}, reduced_motion="reduce"
    )
    yield page
    page.close()


#: What a reader sees of the element with the focus.
STOP = """
() => {
  const stop = document.activeElement;
  if (stop === document.body) return null;
  const place = stop.getBoundingClientRect();
  const style = getComputedStyle(stop);
  let opacity = 1;
  for (let each = stop; each; each = each.parentElement) opacity *= getComputedStyle(each).opacity;
  stop.dataset.stops = Number(stop.dataset.stops ?? 0) + 1;
  const isShown = stop.checkVisibility({ visibilityProperty: true });
  return {
    is: stop.outerHTML.slice(0, 160),
    again: Number(stop.dataset.stops) > 1,
    seen: isShown && opacity > 0.5 && place.width > 0 && place.height > 0,
    inside: [...stop.getClientRects()].some((line) => line.right > 0 && line.left < innerWidth),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
  };
}
"""


def stops(page: Page) -> list[dict[str, Any]]:
    """Every stop of a page, by Tab, until the first comes again."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or stop["again"]:
            return found
        found.append(stop)
    pytest.fail(f"there is no end after {MOST_STOPS} stops")


@pytest.mark.parametrize("kind", KINDS)
def test_every_stop_is_seen_and_marked(narrow: Page, host: str, kind: str) -> None:
    narrow.goto(f"{host}/en/{KINDS[kind]}", wait_until="networkidle")
    narrow.keyboard.press("Shift")  # scripts that are put off are loaded
    narrow.wait_for_load_state("networkidle")
    found = stops(narrow)
    assert len(found) > 4
    for fault in ("seen", "inside", "outlined"):
        assert [stop["is"] for stop in found if not stop[fault]] == [], fault
    if kind == "tutorial":
        assert any("copybtn" in stop["is"] for stop in found)


def focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate("s => document.activeElement.matches(s)", selector))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("toggle", "drawer"), [(MENU, ".sidebar-drawer"), (CONTENTS, ".toc-drawer")]
)
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_menu_and_contents_are_opened_used_and_closed(
    narrow: Page, host: str, language: str, toggle: str, drawer: str, key: str
) -> None:
    narrow.goto(f"{host}/{language}/{TUTORIAL}")
    for _ in range(9):
        narrow.keyboard.press("Tab")
        if focused(narrow, toggle):
            break
    assert focused(narrow, toggle)
    expect(narrow.locator(f"{drawer} a").last).to_be_hidden()
    narrow.wait_for_load_state("networkidle")  # its script, loaded with the first key
    narrow.keyboard.press(key)
    narrow.wait_for_function("d => document.activeElement.closest(d)", arg=drawer)
    narrow.keyboard.press("Escape")
    assert focused(narrow, toggle)
    expect(narrow.locator(f"{drawer} a").last).to_be_hidden()
    narrow.keyboard.press(key)
    narrow.wait_for_function("d => document.activeElement.closest(d)", arg=drawer)
    narrow.keyboard.press("Shift+Tab")
    expect(narrow.locator(f"{drawer} a").last).to_be_hidden()  # it was left


def test_menu_and_contents_open_without_a_script(browser: Browser, host: str) -> None:
    page = browser.new_page(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, reduced_motion="reduce"
    )
    page.goto(f"{host}/en/{TUTORIAL}")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="Row locks", exact=True).first).to_be_visible()
    page.close()


def test_a_page_without_contents_has_no_stop_for_them(narrow: Page, host: str) -> None:
    narrow.goto(f"{host}/en/search.html?q=TiDB")
    expect(narrow.locator(CONTENTS).locator("visible=true")).to_have_count(0)


def test_on_a_wide_window_nothing_is_folded(page: Page, host: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{host}/en/{TUTORIAL}")
    for selector in (MENU, CONTENTS):
        expect(page.locator(selector).locator("visible=true")).to_have_count(0)
    expect(page.locator(".toc-drawer a").last).to_be_visible()
    expect(page.locator(".sidebar-drawer a").first).to_be_visible()


#: What is pressed and stands alone, with its height; links within a sentence are as high as it is.
TARGETS = """
() => [...document.querySelectorAll("a[href], button, summary, select, input, [role=tab]")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((each) => [each.getBoundingClientRect(), each])
  .filter(([place, each]) => place.width > 1 && !each.closest(".left-details"))
  .filter(([place]) => place.height < 24)
  .map(([place, each]) => `${Math.round(place.height)} ${each.outerHTML.slice(0, 120)}`)
"""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "matrix"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_pressed_is_24_pixels_high(
    narrow: Page, host: str, language: str, kind: str
) -> None:
    narrow.goto(f"{host}/{language}/{KINDS[kind]}", wait_until="networkidle")
    assert narrow.evaluate(TARGETS) == []
