"""The site on a host that sends a strict Content-Security-Policy: nothing of it is refused, and all
that a reader uses works."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossnotes.mends.doctools import without_function_of_text
from crossnotes.site.furo_files import without_inline

from .conftest import Host, serve
from .test_accessibility import KINDS, TUTORIAL

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
LANGUAGES = ("en", "ja")

#: Tells what the browser refused, since the page was opened.
LISTEN = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => {
  const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
  window.refused.push(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`);
});
"""


class StrictHost(Host):
    """A host that sends the policy with everything."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="session")
def strict(published: Path) -> Iterator[str]:
    with serve(published, StrictHost) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test for what the browser refused, and for any error of a script."""
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.add_init_script(LISTEN)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    wrong += page.evaluate("window.refused")
    context.close()
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_page_is_refused(page: Page, strict: str, language: str, kind: str) -> None:
    page.goto(f"{strict}/{language}/{KINDS[kind]}")
    page.mouse.move(50, 50)  # scripts that are put off are loaded
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1").first).to_be_visible()
    assert page.evaluate("document.styleSheets.length") >= 3
    # furo's colours have come, too.
    colour = "getComputedStyle(document.body).getPropertyValue('--color-code-background')"
    assert page.evaluate(colour).strip()
    hidden = page.locator("svg").first
    assert hidden.evaluate("element => getComputedStyle(element).display") == "none"


def test_policy_is_one_that_refuses(browser: Browser, strict: str) -> None:
    """The test above could not fail, if the policy did nothing."""
    page = browser.new_page()
    page.add_init_script(LISTEN)
    page.goto(f"{strict}/en/index.html")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.head.append(script);
          document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>x</p>");
        }"""
    )
    page.wait_for_function("window.refused.length === 2")
    assert page.evaluate("window.ran") is None
    page.close()


@pytest.mark.parametrize("path", ["index.html", "404.html"])
def test_nothing_of_the_pages_above_the_languages_is_refused(
    page: Page, strict: str, path: str
) -> None:
    page.goto(f"{strict}/{path}")
    page.wait_for_load_state("networkidle")
    display = "getComputedStyle(document.querySelector('main ul')).display"
    assert page.evaluate(display) == "grid"


@pytest.mark.parametrize("language", LANGUAGES)
def test_tabs_theme_and_copy_button_work(page: Page, strict: str, language: str) -> None:
    page.goto(f"{strict}/{language}/{TUTORIAL}")
    page.get_by_role("tab", name="SQLite").first.click()
    expect(page.get_by_role("tab", name="SQLite").first).to_have_attribute("aria-selected", "true")
    themes = []
    toggle = page.locator(".content-icon-container .theme-toggle, .theme-toggle-content").first
    for _time in range(3):
        toggle.locator("button").or_(toggle).last.click()
        themes.append(page.evaluate("document.body.dataset.theme"))
    assert sorted(themes) == ["auto", "dark", "light"]
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate("document.body.dataset.theme") == "dark"
    page.mouse.move(60, 60)
    button = page.locator("button.copybtn").first
    button.wait_for(state="attached")
    button.evaluate("element => element.click()")
    page.wait_for_function("navigator.clipboard.readText().then(text => text.length > 0)")


@pytest.mark.parametrize(("language", "query"), [("en", "isolation"), ("ja", "分離レベル")])
def test_search_finds_and_counts(page: Page, strict: str, language: str, query: str) -> None:
    page.goto(f"{strict}/{language}/search.html?q={query}")
    expect(page.locator("#search-results li").first).to_be_visible(timeout=60_000)
    found = page.locator("#search-results .search-summary")
    expect(found).to_have_text(re.compile(r"\d"))


def test_old_address_leads_on_with_its_anchor(page: Page, strict: str, published: Path) -> None:
    mark = "_static/crossnotes-redirect.js"
    old = next(p for p in sorted(published.rglob("*.html")) if mark in p.read_text("utf-8"))
    page.goto(f"{strict}/{old.relative_to(published).as_posix()}#anchor")
    page.wait_for_url("**/*.html#anchor")
    expect(page.locator("article h1")).to_be_visible()


def test_no_page_has_a_script_or_a_style_in_it(published: Path) -> None:
    found: Counter[str] = Counter()
    for path in published.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        # JSON for search engines is data, which no policy keeps out: see the tests above.
        script = r"<script(?![^>]*\s(?:src=|type=.application/ld\+json))[^>]*>"
        inline = rf"{script}|<style\b|<[^>]*\s(?:style|on[a-z]+)=\"[^>]*>"
        found.update(re.findall(inline, html))
    assert found == Counter()


# -- what is replaced ------------------------------------------------------------------------------


def test_styles_become_attributes_that_say_the_same() -> None:
    html = (
        "<script>\n  document.body.dataset.theme = localStorage.getItem('theme');\n</script>"
        '<svg style="display: none;"><path style="opacity: 50%" d=""/></svg>'
        '<col style="width: 33.3%" />'
    )
    assert without_inline(html, "theme.js") == (
        '<script src="theme.js"></script>'
        '<svg display="none"><path opacity="50%" d=""/></svg>'
        '<col width="33.3%" />'
    )


def test_rule_for_plurals_is_code_and_no_text() -> None:
    made = 'PLURAL_EXPR = new Function(\n  "n",\n  `return (${catalog.plural_expr})`,\n);'
    japanese = 'Documentation.addTranslations({"plural_expr": "0"});'
    assert without_function_of_text(made, japanese) == "PLURAL_EXPR = (n) => Number(0);"
    assert without_function_of_text(made, "") == "PLURAL_EXPR = (n) => Number(n != 1);"
    odd = 'Documentation.addTranslations({"plural_expr": "alert(1)"});'
    assert "alert" not in without_function_of_text(made, odd)
