"""`keywords` of the front matter, and the search by them, in the browser, on our own pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from crossnotes.site.keywords import problems, split

from .conftest import Outcome, serve, sphinx_build

MakeRoot = Callable[[dict[str, str]], Path]

RESULTS = "#search-results ul.search > li"

#: What a reader types → the page that is about it.
FIRST = {
    "照合順序": "subjects/case-and-accents",
    "case insensitive": "subjects/case-and-accents",
    "case-insensitive": "subjects/case-and-accents",
    "寿司ビール問題": "subjects/case-and-accents",
    "ロック待ち": "subjects/row-locks",
    "select_for_update": "subjects/row-locks",
    "FOR UPDATE": "subjects/row-locks",
    "auto_increment": "subjects/auto-increment",
    "AutoIncrement": "subjects/auto-increment",
    "オートインクリメント": "subjects/auto-increment",
    "分離レベル": "subjects/isolation-levels",
    "isolation levels": "subjects/isolation-levels",
    "接続プール": "subjects/connections",
    "ｺﾈｸｼｮﾝﾌﾟｰﾙ": "subjects/connections",
    "MySQL server has gone away": "subjects/connections",
    "bulk_create": "subjects/bulk-insert",
    "一括挿入": "subjects/bulk-insert",
    "database is locked": "databases/sqlite",
    "無停止マイグレーション": "subjects/live-migrations",
    "1071": "subjects/key-length",
    "TiDB": "databases/tidb",
    "inspectdb": "subjects/legacy-schemas",
    "全文検索": "subjects/full-text-and-vectors",
    "DATABASE_ROUTERS": "subjects/replicas-and-routers",
    "TransactionTestCase": "subjects/testing",
}
#: More than one page is about them: these are the first, in any order.
FIRST_OF_SEVERAL = {
    "文字化け": {"subjects/legacy-schemas", "subjects/case-and-accents"},
    "mojibake": {"subjects/legacy-schemas", "subjects/case-and-accents"},
    "ホットスポット": {"subjects/tidb-at-scale", "databases/tidb"},
    "大文字小文字": {"subjects/case-and-accents", "subjects/unique-and-case"},
    "デッドロック": {"subjects/retrying", "subjects/row-locks"},
    "deadlocks": {"subjects/retrying", "subjects/row-locks"},
    "1205": {"subjects/retrying", "subjects/row-locks"},
}


@pytest.fixture(scope="module")
def host(published: Path) -> Iterator[str]:
    with serve(published) as address:
        yield address


def found(page: Page, address: str) -> list[str]:
    """The pages that a reader is shown, in order."""
    page.goto(address)
    expect(page.locator("#search-results .search-summary")).not_to_be_empty()
    hrefs = page.locator(f"{RESULTS} > a:first-child").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    return [href.removesuffix(".html") for href in hrefs]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_that_is_about_a_word_comes_first(page: Page, host: str, language: str) -> None:
    wrong = {}
    for query, wanted in FIRST.items():
        pages = found(page, f"{host}/{language}/search.html?q={quote(query)}")
        if pages[:1] != [wanted]:
            wrong[query] = pages[:3]
    for query, several in FIRST_OF_SEVERAL.items():
        pages = found(page, f"{host}/{language}/search.html?q={quote(query)}")
        if set(pages[: len(several)]) != several:
            wrong[query] = pages[:3]
    assert wrong == {}


@pytest.mark.parametrize(
    ("language", "query", "near"),
    [
        ("en", "deadlok", "Row locks"),
        ("ja", "デッドロク", "行ロック"),
        ("en", "isolatoin leveles", "Isolation levels"),
        ("ja", "分離レベル kangaroo", "分離レベル"),
        ("en", "qqq", "Crossnotes"),
        ("en", '"><img src=x onerror=qqq()>', ""),
    ],
)
def test_a_search_that_finds_nothing_names_what_is_near(
    page: Page, host: str, language: str, query: str, near: str
) -> None:
    assert found(page, f"{host}/{language}/search.html?q={quote(query)}") == []
    links = page.locator("ul.crossnotes-near a")
    assert links.count() >= 1
    if near:
        page.get_by_role("link", name=near, exact=True).and_(links).click()
        expect(page.locator("article h1")).to_contain_text(near)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Your database:"), ("ja", "お使いのデータベース:")]
)
def test_the_page_of_the_chosen_database_is_offered(
    page: Page, host: str, language: str, said: str
) -> None:
    page.goto(f"{host}/{language}/search.html?q=transaction&db=tidb")
    own = page.locator(".crossnotes-own")
    expect(own).to_contain_text(said)
    expect(own.get_by_role("link", name="TiDB", exact=True)).to_have_attribute(
        "href", "databases/tidb.html"
    )
    page.locator(".crossnotes-chooser select:visible").select_option("sqlite")
    expect(own.get_by_role("link", name="SQLite", exact=True)).to_be_visible()
    page.locator(".crossnotes-chooser select:visible").select_option("")
    expect(own).to_be_hidden()


LISTEN = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(("language", "query"), [("en", "transaction"), ("ja", "トランザクション")])
def test_nothing_moves_while_results_come_and_few_are_asked_for(
    browser: Browser, host: str, language: str, query: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.add_init_script(LISTEN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{host}/{language}/search.html?q={query}", wait_until="networkidle")
    assert page.locator(RESULTS).count() > 20
    pages = [url for url in asked if url.endswith(".html")]
    assert len(pages) <= 8, pages  # those in view
    assert page.evaluate("window.shifts") < 0.005
    page.keyboard.press("End")
    page.wait_for_load_state("networkidle")
    expect(page.locator(RESULTS).last.locator(".context")).not_to_be_empty()
    assert page.evaluate("window.shifts") < 0.005
    page.close()


def test_a_search_works_from_a_folder(page: Page, published: Path) -> None:
    page.goto((published / "ja/search.html").as_uri() + "?q=照合順序")
    expect(page.locator(RESULTS).first).to_contain_text("大文字と小文字、アクセント")
    expect(page.locator(RESULTS).first.locator(".context")).to_contain_text("文字列の比較")


# ---- front matter


def build_page(root: MakeRoot, front_matter: str, builder: str = "html") -> Outcome:
    return sphinx_build(root({"index.md": f"---\n{front_matter}\n---\n# Home\n"}), builder=builder)


@pytest.mark.parametrize(
    ("front_matter", "words"),
    [
        (
            "keywords:\n  en: one two, three\n  ja: 文字化け、文字コード",
            ["one two", "three", "文字化け", "文字コード"],
        ),
        ("keywords: {ja: [文字化け, 1205]}", ["文字化け", "1205"]),
        ("keywords: one, two, one", ["one", "two"]),
        ("keywords: [one]", ["one"]),
        ("title: Home", []),
    ],
)
def test_keywords_are_a_text_or_a_list_by_language(
    root: MakeRoot, page: Page, front_matter: str, words: list[str]
) -> None:
    build = build_page(root, front_matter)
    assert build.exit_code == 0, build.messages
    page.goto((build.out / "search.html").as_uri())
    known: Any = page.evaluate("crossnotesPages.pages")
    assert known[0] == ["index", "Home", "", "", words]
    assert 'name="keywords"' not in build.read("index.html")


def test_sphinx_finds_the_words_of_keywords_by_itself(root: MakeRoot) -> None:
    build = build_page(root, "keywords: {en: garbled text, ja: 文字化け}")
    assert '"garbl"' in build.read("searchindex.js")
    root_ja = sphinx_build(build.out.parents[2], "ja")
    assert '"\\u6587\\u5b57"' in root_ja.read("searchindex.js")


def test_keywords_are_in_no_catalogue(root: MakeRoot) -> None:
    build = build_page(root, "keywords: {en: mojibake}", "gettext")
    assert build.exit_code == 0, build.messages
    assert "mojibake" not in build.read("index.pot")


@pytest.mark.parametrize("builder", ["text", "latex", "man", "epub"])
def test_keywords_are_in_no_book(root: MakeRoot, builder: str) -> None:
    build = build_page(root, "keywords: {en: mojibake}", builder)
    assert "Keywords" not in build.messages
    assert "mojibake" not in build.messages


@pytest.mark.parametrize(
    ("front_matter", "complaint"),
    [
        (
            "title: Home\nkeywords:\n  en: one\n  jp: 二",
            "docs/index.md:5: WARNING: keywords in 'jp', which is not a language of this site; "
            "known are: en, ja",
        ),
        ("keywords:\n  en: 5\n  ja: ", "docs/index.md:4: WARNING: keywords are a text with commas"),
        ("keywords: {en: {a: b}}", "docs/index.md:2: WARNING: keywords are a text with commas"),
        ("keywords:", "docs/index.md:2: WARNING: keywords are a text with commas"),
        ("keywords: [[a], []]", "docs/index.md:2: WARNING: keywords are a text with commas"),
    ],
)
def test_keywords_that_cannot_be_used_are_named_at_their_line(
    root: MakeRoot, front_matter: str, complaint: str
) -> None:
    build = build_page(root, front_matter)
    assert build.exit_code == 1
    assert complaint in build.messages
    assert "Traceback" not in build.messages


def test_front_matter_that_is_no_yaml_has_no_keywords() -> None:
    assert list(problems("keywords: [", ["en"])) == []
    assert list(problems("- keywords", ["en"])) == []
    assert list(problems("[" * 2000, ["en"])) == []
    assert split(" a ,, b、\n c ") == ["a", "b", "c"]
