"""Everything that a reader sees can be translated: a site in a pseudo-language has no English left.

Every message of the root "constructs" is translated by turning each of its words into ぴよ. What is
then in Latin letters in a Japanese page was never offered for translation.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page

from crossnotes.site import build as site
from crossnotes.targets import every_target
from crossnotes.translations.catalogue import page_domains, read, text_of
from crossnotes.translations.update import update

from .conftest import copy_root, serve

#: What stays as it is: names, and the other language's name for itself.
NAMES = {"Crossnotes", "English", "Furo", "JSON", "JavaScript", "Markdown", "Python", "TLS", "bash"}
NAMES |= {
    word for target in every_target().values() for word in re.findall("[A-Za-z]+", target.label)
}

#: What is no word: code, targets of links and roles, names of roles, entities.
KEPT = re.compile(r"`[^`]*`|\]\([^ )]*|\{[\w-]+\}|\[\^\w+\]|-->|\bTLS\b")
#: A role's words for the reader, which a translator does translate.
PROSE = re.compile(r"(\{(?:abbr|guilabel|menuselection|sub|sup)\}`|\{\w+\}`(?=[^`]+<))([^`<]*)")
TERM = re.compile(r"\{term\}`([^`<]*)`")

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
UNREAD = {"code", "pre", "script", "style", "template"}
READ = ("alt", "aria-label", "placeholder", "title", "data-label", "data-tooltip")
DESCRIBES = ("description", "keywords", "og:title", "og:description", "og:image:alt")


def pseudo(message: str) -> str:
    """A message with each of its words translated."""
    words, at = [], 0
    message = TERM.sub(lambda term: f"{{term}}`{term[1]} <{term[1]}>`", message)
    message = PROSE.sub(lambda role: f"{role[1]}{translate(role[2])}", message)
    for kept in KEPT.finditer(message):
        words += [translate(message[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*words, translate(message[at:])])


def translate(words: str) -> str:
    return re.sub(r"[A-Za-z]+", "ぴよ", words)


class Words(HTMLParser):
    """All that a page says in its language, to those who look, listen or find it by search."""

    def __init__(self, html: str, language: str) -> None:
        super().__init__()
        self.language = language
        self.found: list[str] = []
        self.within: list[bool] = [True]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        other = given.get("lang", self.language) != self.language
        if self.within[-1] and not other:
            self.found += [given[name] or "" for name in READ if name in given]
            if (given.get("name") or given.get("property")) in DESCRIBES:
                self.found.append(given.get("content") or "")
        if tag not in VOID:
            self.within.append(self.within[-1] and not other and tag not in UNREAD)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if self.within[-1] and data.strip():
            self.found.append(" ".join(data.split()))


def english(text: str) -> bool:
    text = re.sub(r"[\w./-]*/[\w./-]*|[\w-]+\.(py|md|zip|json|svg)\b", "", text)  # paths
    words = re.findall(r"[A-Za-z]{2,}", text)
    return any(word not in NAMES for word in words)


@pytest.fixture(scope="module")
def constructs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """build/html of the root "constructs", in English and in the pseudo-language."""
    root = copy_root("constructs", tmp_path_factory.mktemp("constructs") / "root")
    (root / "pyproject.toml").write_text("[tool.crossnotes]\n", encoding="utf-8")
    assert update(root=root) == 0
    for domain in page_domains("ja", root):
        catalogue = read(domain.po, "ja")
        for message in catalogue:
            message.string = pseudo(str(message.id)) if message.id else ""
        domain.po.write_text(text_of(catalogue, "ja"), encoding="utf-8")
    assert site.build(root=root) == 0
    return root / "build" / "html"


def pages(html: Path) -> Iterator[tuple[str, Words]]:
    for path in sorted(html.rglob("*.html")):
        yield str(path.relative_to(html)), Words(path.read_text(encoding="utf-8"), html.name)


def test_no_english_is_left(constructs: Path) -> None:
    left = {
        page: found
        for page, words in pages(constructs / "ja")
        if (found := [text for text in words.found if english(text)])
    }
    assert left == {}


def test_the_pages_hold_every_construct(constructs: Path) -> None:
    said = {text for _page, words in pages(constructs / "en") for text in words.found}
    for words in (
        "Summary of a page.",
        "Keyword by hand",
        "Caption of the contents",
        "Title of the link",
        "Head in a tab",
        "Label of a group",
        "Label of code",
        "Alternative text of a figure",
        "Legend of the figure",
        "Caption of the listing",
        "Caption of the drawing",
        "sends a message",
        "Caption of a comparison",
        "Title of a box",
        "Words of the sidebar.",
        "reason for leaving it out",
    ):
        assert any(words in text for text in said), words


@pytest.mark.parametrize("name", ["constructs", "tabs", "checked"])
def test_scripts_add_no_english(constructs: Path, page: Page, name: str) -> None:
    with serve(constructs) as address:
        page.goto(f"{address}/ja/{name}.html")
        page.mouse.move(9, 9)  # some scripts are not loaded before
        page.wait_for_selector(".copybtn", state="attached")
        said = Words(page.content(), "ja").found
    assert [text for text in said if english(text)] == []


@pytest.mark.parametrize(("query", "count"), [("ぴよ", 4), ("ありません", 0)])
def test_search_says_nothing_in_english(
    constructs: Path, page: Page, query: str, count: int
) -> None:
    with serve(constructs) as address:
        page.goto(f"{address}/ja/search.html?q={query}")
        page.wait_for_function("Search.output && Search.status.innerText.includes('。')")
        assert page.locator("#search-results ul.search > li").count() == count
        # What a result quotes of its page may be code.
        page.evaluate("document.querySelectorAll('.context').forEach(each => each.remove())")
        said = Words(page.content(), "ja").found
    assert [text for text in said if english(text)] == []
