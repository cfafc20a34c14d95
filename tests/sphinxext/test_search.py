"""Search in the browser, over a corpus and our own pages: all that is there, nothing that is not.

The known answer of a query is read from the built pages themselves: in Japanese those that contain
each of its words, in English those that contain words with each of its beginnings.
"""

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossnotes.site import build as site
from crossnotes.sphinxext.snippet import NO_SEARCH

from . import search_corpus
from .conftest import serve, write_root

#: Parts of compounds, two words at once, names in code, other widths.
MORE_JAPANESE = """\
レベル/順序/観的ロック/ロック/文字/接続/レプリカ/テーブル/関数/制約/メモ/索引/キー/悲観的
分離レベル select_for_update/照合順序 bulk_create/削除 論理/select_for_update
結果の順序 CONN_MAX_AGE/GET_LOCK 楽観的ロック/ﾃﾞｯﾄﾞﾛｯｸ/ＧＥＴ＿ＬＯＣＫ"""
NOT_THERE_IN_JAPANESE = """\
照合レベル/順序照合/楽観的制約/文字の順序/一時関数/外部関数/分離照合/接続レベル
select_for_update デッドロック/select_for_update 絵文字/kangaroo 照合順序"""
MORE_ENGLISH = "select_for_update/bulk_create/CONN_MAX_AGE/tidb_txn_mode/migrations/locks/backups"
NOT_THERE_IN_ENGLISH = "kangaroo/deadlock kangaroo/select_for_delete"
#: Terms of the tutorial and of the page of what was run.
OUR_JAPANESE = """\
チュートリアル/暗号化/仮想環境/取引/プレイヤー/証明書/データベース/リポジトリ/トランザクション/ドライバー/対象外/記録
mysqlclient/python-dotenv/django-tidb/TiDB 接続/マイグレーション/PostgreSQL
Oracle/MariaDB 照合順序"""
OUR_ENGLISH = "tutorial/encrypted/mysqlclient/trade/certificate/excused/coins/clone/transaction"


def queries(text: str) -> list[str]:
    return text.replace("\n", "/").split("/")


#: What is drawn from the results: a search knows the answers there, and not who gave them.
DRAWN = frozenset(
    [
        "crossnotes-chooser",
        "crossnotes-below",
        "crossnotes-comparison",
        "crossnotes-summary",
        NO_SEARCH,
    ]
)


class Article(HTMLParser):
    """The text of a page's article, without what says so of itself: Results, tables of contents."""

    def __init__(self, html: str, without: frozenset[str]) -> None:
        super().__init__()
        self.without = without
        self.text = ""
        self.left_out: list[str] = []  # the open tags of such a part
        article = html.partition('<article role="main"')[2].partition("</article>")[0]
        self.feed(article.partition("</nav>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if self.left_out or self.without.intersection(classes):
            self.left_out.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.left_out:
            self.left_out.pop()

    def handle_data(self, data: str) -> None:
        self.text += "" if self.left_out else data


def texts(folder: Path, without: frozenset[str] = DRAWN) -> dict[str, str]:
    """What each page says, in the letters of a query."""
    pages = {page: page.read_text(encoding="utf-8") for page in folder.rglob("*.html")}
    return {
        str(page.relative_to(folder)): plain(Article(html, without).text)
        for page, html in pages.items()
        if page.name not in ("404.html", "search.html") and "http-equiv" not in html
    }


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def has_japanese(text: str, query: str) -> bool:
    return all(word in text for word in re.findall(r"\w+", plain(query)))


def has_english(text: str, query: str) -> bool:
    """Each word of the query, but for its ending."""
    words = re.findall(r"\w+", query.lower())
    starts = [re.sub(r"(ies|ing|ed|ion|s|e|y)$", "", word) for word in words]
    return all(re.search(rf"\b{start}\w{{0,4}}\b", text) for start in starts)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_root(tmp_path_factory.mktemp("corpus") / "root", {})
    search_corpus.write(root)
    assert site.build(root=root) == 0
    return root / "build" / "html"


class Asked:
    """The search page of a site and language, which answers queries as it does for a reader."""

    def __init__(self, browser: Browser, out: Path, address: str, language: str) -> None:
        self.page = browser.new_page()
        self.texts = texts(out / language)
        #: With all that is drawn, for what may be found.
        self.shown = texts(out / language, frozenset([NO_SEARCH]))
        self.has = has_english if language == "en" else has_japanese
        self.page.goto(f"{address}/{language}/search.html?q=x")
        self.page.wait_for_function("Search.hasIndex()")
        # And with the keywords, which no page shows.
        known = self.page.evaluate("crossnotesPages.pages")
        for docname, _title, _summary, _database, keywords in known:
            self.shown[f"{docname}.html"] += plain(f" {' '.join(keywords)}")

    def __call__(self, query: str) -> list[str]:
        """The pages that are found, in order."""
        found: list[str] = self.page.evaluate(
            """query => Search._performSearch(...Search._parseQuery(query)).reverse()
                 .map(result => result[5])""",
            query,
        )
        return [name.replace(".md", ".html") for name in dict.fromkeys(found)]


@pytest.fixture(scope="module", params=["corpus", "published"])
def asked(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[str, Asked, Asked]]:
    out: Path = request.getfixturevalue(request.param)
    with serve(out) as address:
        english, japanese = (Asked(browser, out, address, code) for code in ("en", "ja"))
        yield request.param, english, japanese
        english.page.close()
        japanese.page.close()


def wrong(ask: Asked, query: str, known: list[str]) -> str:
    """What a reader would complain of, or nothing."""
    found = ask(query)
    missed = set(known) - set(found)
    false = {name for name in found[:10] if not ask.has(ask.shown.get(name, ""), query)}
    return f"{query}: missed {sorted(missed)}, false {sorted(false)}" if missed or false else ""


def complaints(ask: Asked, asked: list[str], is_there: bool) -> list[str]:
    """What is wrong with the answers to queries for what is there, or is not."""
    said = []
    for query in asked:
        known = [name for name, text in ask.texts.items() if ask.has(text, query)]
        assert bool(known) == is_there, f"{query} is in {known}"
        said.append(wrong(ask, query, known))
    return [text for text in said if text]


def test_every_japanese_query_finds_what_is_there(asked: tuple[str, Asked, Asked]) -> None:
    name, _english, japanese = asked
    terms = [*search_corpus.TERMS.values(), *queries(MORE_JAPANESE)]
    assert complaints(japanese, terms if name == "corpus" else queries(OUR_JAPANESE), True) == []


def test_every_english_query_finds_what_is_there(asked: tuple[str, Asked, Asked]) -> None:
    name, english, _japanese = asked
    terms = [*search_corpus.TERMS, *queries(MORE_ENGLISH)]
    assert complaints(english, terms if name == "corpus" else queries(OUR_ENGLISH), True) == []


def test_what_is_not_there_is_not_found(asked: tuple[str, Asked, Asked]) -> None:
    name, english, japanese = asked
    if name == "corpus":
        assert complaints(japanese, queries(NOT_THERE_IN_JAPANESE), False) == []
    assert complaints(english, queries(NOT_THERE_IN_ENGLISH), False) == []


def test_sphinx_still_finds_pages_without_every_word(page: Page, corpus: Path) -> None:
    """When this fails, crossnotes-search.js may go."""
    page.route("**/crossnotes-search.js*", lambda route: route.fulfill(body=""))
    with serve(corpus) as address:
        page.goto(f"{address}/ja/search.html?q=select_for_update 絵文字")
        expect(page.locator("#search-results li").first).to_be_visible()
        page.wait_for_load_state("networkidle")  # each result asks for its page


def test_a_result_shows_where_the_words_stand(page: Page, corpus: Path) -> None:
    with serve(corpus) as address:
        page.goto(f"{address}/ja/search.html?q=照合順序")
        results = page.locator("#search-results li")
        expect(results.first).to_contain_text("照合順序についてのメモ")
        expect(results.first.locator(".context")).to_contain_text("照合順序を選びます")
        expect(results.first.locator(".highlighted").last).to_have_text("照合順序")
        page.wait_for_load_state("networkidle")  # each result asks for its page
        results.first.get_by_role("link").click()
        expect(page.locator("article .highlighted").first).to_have_text("照合順序")


def test_a_page_with_the_word_in_its_title_comes_first(asked: tuple[str, Asked, Asked]) -> None:
    name, english, japanese = asked
    if name == "corpus":
        for number, (term, translated) in enumerate(search_corpus.TERMS.items()):
            assert japanese(translated)[0] == f"page{number:02}.html", translated
            assert english(term)[0] == f"page{number:02}.html", term
