"""The switcher, hreflang links and the translated share."""

from pathlib import Path

import pytest
from docutils import nodes
from playwright.sync_api import Locator, Page, expect

from crossnotes.site.languages import links, translated_percent

from .conftest import Read


def switcher(page: Page, language: str) -> Locator:
    return page.locator(f".crossnotes-languages-sidebar a[hreflang={language}]")


def test_a_link_is_relative_to_a_page_in_a_folder() -> None:
    [english, japanese] = links(
        {"en": "English", "ja": "日本語"}, "ja", "a/b.html", "https://x.org"
    )
    assert english.href == "../../en/a/b.html"
    assert english.address == "https://x.org/en/a/b.html"
    assert (english.current, japanese.current) == (False, True)


def test_a_page_names_itself_in_all_languages(read: Read) -> None:
    html = read("ja/deep/more.html")
    base = "https://example.com"
    for language, folder in (("en", "en"), ("ja", "ja"), ("x-default", "en")):
        link = f'<link rel="alternate" hreflang="{language}" href="{base}/{folder}/deep/more.html">'
        assert html.count(link) == 1
    assert html.count(f'<link rel="canonical" href="{base}/ja/deep/more.html">') == 1


def test_the_switcher_stays_on_the_page(page: Page, url: str) -> None:
    page.goto(f"{url}/en/deep/more.html")
    switcher(page, "ja").click()
    expect(page).to_have_url(f"{url}/ja/deep/more.html")
    expect(page.locator("h1")).to_contain_text("続き")
    switcher(page, "en").click()
    expect(page).to_have_url(f"{url}/en/deep/more.html")


def test_the_switcher_keeps_the_anchor(page: Page, url: str) -> None:
    page.goto(f"{url}/en/headings.html#before")
    switcher(page, "ja").click()
    expect(page).to_have_url(f"{url}/ja/headings.html#before")


def test_the_switcher_keeps_an_anchor_followed_later(page: Page, url: str) -> None:
    page.goto(f"{url}/en/headings.html")
    page.get_by_role("link", name="automatic", exact=True).click()
    switcher(page, "ja").click()
    expect(page).to_have_url(f"{url}/ja/headings.html#an-automatic-one")


def test_the_switcher_carries_the_chosen_tab(page: Page, url: str) -> None:
    page.goto(f"{url}/en/tabs.html")
    page.get_by_role("tab", name="Other databases").first.click()
    page.get_by_role("tab", name="Long").click()
    assert (
        switcher(page, "ja").get_attribute("href") == "../ja/tabs.html?tab=Other+databases&tab=Long"
    )
    page.evaluate("localStorage.clear()")
    switcher(page, "ja").click()
    expect(page.get_by_text("もっと長い文です。")).to_be_visible()
    expect(page.get_by_text("サーバーを起動します。")).to_be_visible()


def test_the_switcher_works_from_the_file_system(page: Page, built: Path) -> None:
    page.goto((built / "en" / "deep" / "more.html").as_uri())
    switcher(page, "ja").click()
    expect(page).to_have_url((built / "ja" / "deep" / "more.html").as_uri())


def test_the_switcher_works_without_scripts(page_without_scripts: Page, url: str) -> None:
    page_without_scripts.goto(f"{url}/en/tabs.html")
    switcher(page_without_scripts, "ja").click()
    expect(page_without_scripts).to_have_url(f"{url}/ja/tabs.html")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_switcher_is_in_view_once_on_narrow_and_wide_windows(
    page: Page, url: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{url}/en/tabs.html")
    visible = [link for link in page.locator("a[hreflang=ja]").all() if link.is_visible()]
    assert len(visible) == 1
    expect(visible[0]).to_be_in_viewport()


def test_the_switcher_says_each_language_in_its_own(read: Read) -> None:
    html = read("en/tabs.html")
    assert '<a href="../ja/tabs.html" lang="ja" hreflang="ja" rel="alternate">日本語</a>' in html
    assert '<span lang="en" aria-current="true">English</span>' in html
    assert 'aria-label="言語"' in read("ja/tabs.html")


def test_the_share_is_shown_where_something_is_not_translated(read: Read) -> None:
    assert "翻訳済み: 66 %" in read("ja/words.html")


@pytest.mark.parametrize(
    "path", ["ja/index.html", "ja/tabs.html", "en/words.html", "ja/search.html"]
)
def test_the_share_is_not_shown_where_all_is_translated(read: Read, path: str) -> None:
    assert "crossnotes-share" not in read(path)


def test_a_hundred_percent_is_all(  # 199 of 200 are 99 %, whatever the rounding
) -> None:
    document = nodes.document(None, None)  # type: ignore[arg-type]
    for translated in [True] * 199 + [False]:
        document += nodes.paragraph(translated=translated)
    assert translated_percent(document) == 99


def test_a_search_keeps_its_words_in_the_other_language(page: Page, url: str) -> None:
    page.goto(f"{url}/en/search.html?q=hello")
    href = switcher(page, "ja").get_attribute("href")
    assert href == "../ja/search.html?q=hello"
