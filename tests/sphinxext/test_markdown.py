"""Pages as Markdown, with the answers in them; what of them is copied, and who is told of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from crossnotes.site.markdown import of_html

from .conftest import Read, serve, sphinx_build

MakeRoot = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="module")
def host(published: Path) -> Iterator[str]:
    with serve(published) as address:
        yield address


PIECES = {
    "<h2>A <code>b</code><a class='headerlink' href='#a'>#</a></h2>": "## A `b`",
    "<p>One\n two <em>three</em>, <strong>four</strong>.</p>": "One two *three*, **four**.",
    '<p><a href="x.html">y</a> <img alt="a" src="b.svg"></p>': "[y](x.html) ![a](b.svg)",
    "<ul><li><p>a</p></li><li><p>b</p><ul><li>c</li></ul></li></ul>": "- a\n- b\n  - c",
    '<ol start="3"><li>a</li><li>b</li></ol>': "3. a\n4. b",
    '<div class="highlight-sql notranslate"><pre><span>SELECT</span> 1\n</pre></div>': (
        "```sql\nSELECT 1\n```"
    ),
    "<pre>```\nx\n```</pre>": "````\n```\nx\n```\n````",
    "<p><code>a`b</code></p>": "`` a`b ``",
    "<table><tr><th>a|b</th><th>c</th></tr><tr><td colspan=2>d</td></tr></table>": (
        "| a\\|b | c |\n|---|---|\n| d | d |"
    ),
    '<div class="admonition"><p>Tip</p><p>x</p></div>': "> **Tip**\n>\n> x",
    "<dl><dt>a</dt><dd><p>b</p></dd></dl>": "**a**\n\nb",
    '<div class="sphinx-tabs"><div role="tablist"><button>S</button></div>'
    '<div data-label="S"><p>x</p></div></div>': "**S**\n\nx",
    "<script>x</script><style>y</style><svg><title>z</title></svg>": "",
    "<p>&lt;b&gt; &amp; &#x27;</p>": "<b> & '",
    "</p></div><p>a": "a",
    "<p>" * 50 + "a": "a",
    "": "",
}


@pytest.mark.parametrize("html", PIECES)
def test_html_becomes_markdown(html: str) -> None:
    assert of_html(html) == PIECES[html] + "\n"


def test_a_page_has_its_code_its_answers_and_its_words(published: Path) -> None:
    english = (published / "en/subjects/row-locks.md").read_text(encoding="utf-8")
    japanese = (published / "ja/subjects/row-locks.md").read_text(encoding="utf-8")
    assert english.startswith("# Row locks\n\n✓ ")
    assert japanese.startswith("# 行ロック\n\n✓ ")
    for text in (english, japanese):
        assert "```python\nwith transaction.atomic():\n" in text
        assert "`55P03`" in text  # PostgreSQL's answer
        assert "| PostgreSQL" in text  # a head of a comparison
        assert "](https://example.com/" in text
        assert "<div" not in text
    code = [text.count("```python") for text in (english, japanese)]
    assert code[0] == code[1] > 10


def test_every_page_has_one_and_llms_txt_leads_to_it(published: Path, read: Read) -> None:
    for language in ("en", "ja"):
        lines = (published / language / "llms.txt").read_text(encoding="utf-8").splitlines()
        links = [line.partition("](https://example.com/")[2].partition(")")[0] for line in lines]
        pages = [published / link for link in links if link]
        assert len(pages) > 40
        assert [page for page in pages if not page.is_file()] == []
    above = (published / "llms.txt").read_text(encoding="utf-8")
    assert "- [English](https://example.com/en/llms.txt): Notes on using Django" in above
    assert "- [日本語](https://example.com/ja/llms.txt)" in above


@pytest.mark.parametrize(("language", "done"), [("en", "Copied"), ("ja", "コピーしました")])
def test_a_page_is_copied(browser: Browser, host: str, language: str, done: str) -> None:
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{host}/{language}/subjects/row-locks.html")
    page.mouse.move(9, 9)  # the script is not loaded before
    page.wait_for_load_state("networkidle")
    page.locator(".crossnotes-markdown").click()
    expect(page.locator(".crossnotes-markdown")).to_have_text(done)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# ")
    assert "55P03" in copied
    context.close()


def test_without_scripts_the_link_leads_to_it(page_without_scripts: Page, host: str) -> None:
    page_without_scripts.goto(f"{host}/en/subjects/row-locks.html")
    link = page_without_scripts.locator(".crossnotes-markdown")
    assert link.get_attribute("href") == "row-locks.md"
    head = page_without_scripts.locator('link[rel="alternate"][type="text/markdown"]')
    assert head.get_attribute("href") == "row-locks.md"


def test_another_theme_has_the_link_below_the_text(root: MakeRoot) -> None:
    folder = root({"index.md": "# Home\n\nText.\n"})
    with (folder / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('html_theme = "alabaster"\nhtml_theme_options = {}\n')
    build = sphinx_build(folder)
    assert build.exit_code == 0, build.messages
    assert build.read("index.md") == "# Home\n\nText.\n"
    assert 'class="crossnotes-markdown"' in build.read("index.html")
