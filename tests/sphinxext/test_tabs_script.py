"""crossnotes-tabs.js in a real browser."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Quiet, serve


def tab(page: Page, name: str, index: int = 0) -> Locator:
    return page.get_by_role("tab", name=name, exact=True).nth(index)


def selected(page: Page) -> list[str]:
    """The English labels of the selected tabs, set by set."""
    script = "tabs => tabs.map(tab => tab.dataset.tab)"
    labels: list[str] = page.locator('[role=tab][aria-selected="true"]').evaluate_all(script)
    return labels


DEFAULT = ["SQLite", "Linux", "SQLite", "Short", "Python"]


def test_at_first_the_first_tab_of_each_set_is_shown(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    assert selected(page) == DEFAULT
    expect(page.get_by_text("Nothing to install.")).to_be_visible()
    expect(page.get_by_text("The connection is in a file.")).to_be_hidden()


def test_a_click_shows_the_panel_and_its_group_follows(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Other databases").click()
    assert selected(page) == ["Other databases", "Linux", "Other databases", "Short", "Python"]
    expect(page.get_by_text("Start the server.")).to_be_visible()
    expect(page.get_by_text("Done already.")).to_be_hidden()


def test_each_group_keeps_its_own_choice_over_pages(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Other databases").click()
    tab(page, "Windows").click()
    page.goto(f"{url}/en/deep/more.html")
    assert selected(page) == ["Other databases", "Windows"]


def test_a_set_without_the_chosen_label_shows_an_earlier_choice(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Windows").click()
    tab(page, "macOS").click()
    page.goto(f"{url}/en/deep/more.html")  # has Linux and Windows only
    assert selected(page)[1] == "Windows"


def test_a_choice_holds_in_the_other_language(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/tabs.html")
    tab(page, "その他のデータベース").click()
    page.goto(f"{url}/en/tabs.html")
    assert selected(page)[0] == "Other databases"


def test_a_choice_holds_for_a_later_visit(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "macOS").click()
    visit = page.context.new_page()
    visit.goto(f"{url}/en/tabs.html")
    assert selected(visit)[1] == "macOS"


def test_a_free_tab_is_not_remembered(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Long").click()
    assert selected(page)[3] == "Long"
    page.reload()
    assert selected(page)[3] == "Short"


def test_what_others_put_into_the_storage_does_no_harm(page: Page, url: str) -> None:
    page.goto(f"{url}/en/words.html")
    page.evaluate("localStorage.setItem('crossnotes-tabs', '{\"not\": \"a list\"}')")
    page.goto(f"{url}/en/tabs.html")
    assert selected(page) == DEFAULT
    tab(page, "macOS").click()
    page.reload()
    assert selected(page)[1] == "macOS"


def test_tabs_work_without_storage(page: Page, url: str) -> None:
    page.add_init_script(
        "Object.defineProperty(Storage.prototype, 'setItem', {value() { throw new Error('full') }})"
    )
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Other databases").click()
    assert selected(page)[2] == "Other databases"


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        (["ArrowRight"], "macOS"),
        (["ArrowLeft"], "Windows"),
        (["End"], "Windows"),
        (["End", "ArrowRight"], "Linux"),
        (["End", "Home"], "Linux"),
    ],
)
def test_keys_move_the_focus_and_choose(page: Page, url: str, keys: list[str], label: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Linux").focus()
    for key in keys:
        page.keyboard.press(key)
    expect(tab(page, label)).to_be_focused()
    assert selected(page)[1] == label


def test_only_the_selected_tab_is_in_the_tab_order(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "macOS").click()
    orders = page.locator("[role=tablist]").nth(1).locator("[role=tab]")
    assert orders.evaluate_all("tabs => tabs.map(tab => tab.tabIndex)") == [-1, 0, -1]
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel", name="macOS")).to_be_focused()


def test_a_browser_shortcut_is_left_alone(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    tab(page, "Linux").focus()
    page.keyboard.press("Control+ArrowRight")
    assert selected(page)[1] == "Linux"


def test_a_panel_is_named_by_its_tab(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/tabs.html")
    expect(page.get_by_role("tabpanel", name="短い")).to_be_visible()
    expect(page.get_by_role("tablist", name="タブの選択").first).to_be_visible()


def test_a_link_can_ask_for_tabs(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html?tab=other+databases&tab=macOS&tab=Long")
    assert selected(page) == ["Other databases", "macOS", "Other databases", "Long", "Python"]


def test_a_link_can_ask_by_the_translated_label(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/tabs.html?tab=その他のデータベース")
    assert selected(page)[0] == "Other databases"


def test_what_a_link_asked_for_holds_on_the_next_page(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html?tab=Windows")
    page.goto(f"{url}/en/deep/more.html")
    assert selected(page)[1] == "Windows"


def test_a_click_overrules_the_link(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html?tab=Windows&x=1")
    tab(page, "macOS").click()
    assert page.url == f"{url}/en/tabs.html?x=1"
    page.reload()
    assert selected(page)[1] == "macOS"


def test_an_unknown_tab_in_a_link_changes_nothing(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html?tab=Nothing")
    assert selected(page) == DEFAULT


def test_an_anchor_in_a_hidden_panel_opens_it(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html#the-file")
    expect(page.locator("#the-file")).to_be_in_viewport()
    assert selected(page)[0] == "Other databases"


def test_a_link_on_the_page_into_a_hidden_panel_opens_it(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/tabs.html")
    page.get_by_role("link", name="ファイル", exact=True).click()
    expect(page.locator("#in-a-panel")).to_be_in_viewport()


def test_an_anchor_that_is_no_anchor_does_no_harm(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html#%E0%A4%A")
    assert selected(page) == DEFAULT


def test_the_tab_stays_under_the_pointer_when_sets_above_it_grow(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 800, "height": 300})
    page.goto(f"{url}/en/tabs.html")
    below = tab(page, "Other databases", 1)
    below.scroll_into_view_if_needed()
    before = below.bounding_box()
    below.click()
    after = below.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_the_choice_is_applied_before_the_page_is_complete(page: Page, built: Path) -> None:
    """So that nothing jumps: a set is right before what follows it has arrived."""
    html = (built / "en" / "tabs.html").read_bytes()
    middle = html.index(b'id="tab-1-')  # inside the second set
    complete = threading.Event()

    class Slow(Quiet):
        def do_GET(self) -> None:  # noqa: N802
            if self.path != "/en/slow.html":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html[:middle])
            complete.wait()
            self.wfile.write(html[middle:])

    with serve(built, Slow) as address:
        page.goto(f"{address}/en/tabs.html")
        tab(page, "Other databases").click()
        page.goto(f"{address}/en/slow.html", wait_until="commit")
        try:
            page.get_by_text("The connection is in a file.").wait_for(state="visible")
            assert page.evaluate("document.readyState") == "loading"
            assert selected(page) == ["Other databases"]
            expect(page.get_by_text("Nothing to install.")).to_be_hidden()
        finally:
            complete.set()


def test_without_scripts_every_panel_is_readable_below_its_label(
    page_without_scripts: Page, url: str
) -> None:
    page = page_without_scripts
    page.goto(f"{url}/ja/tabs.html")
    for panel in page.locator(".sphinx-tabs-panel").all():
        expect(panel).to_be_visible()
        label = panel.evaluate("panel => getComputedStyle(panel, '::before').content")
        assert label == f'"{panel.get_attribute("data-label")}"'
    expect(page.locator("[role=tablist]").first).to_be_hidden()


def test_on_paper_every_panel_is_readable_below_its_label(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    page.emulate_media(media="print")
    for panel in page.locator(".sphinx-tabs-panel").all():
        expect(panel).to_be_visible()
        label = panel.evaluate("panel => getComputedStyle(panel, '::before').content")
        assert label == f'"{panel.get_attribute("data-label")}"'
    expect(page.locator("[role=tablist]").first).to_be_hidden()


def test_tabs_work_from_the_file_system(page: Page, built: Path) -> None:
    page.goto(f"{(built / 'en' / 'tabs.html').as_uri()}?tab=macOS#the-file")
    assert selected(page)[:2] == ["Other databases", "macOS"]
