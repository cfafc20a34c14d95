"""Front matter: summary, title and aliases."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crossnotes.site.frontmatter import alias_page

from .conftest import Outcome, Read, sphinx_build

MakeRoot = Callable[[dict[str, str]], Path]


def build_page(root: MakeRoot, front_matter: str, builder: str = "html") -> Outcome:
    return sphinx_build(
        root({"index.md": f"---\n{front_matter}\n---\n# Home `page`\n"}), builder=builder
    )


def test_the_summary_is_the_description(read: Read) -> None:
    assert '<meta content="What this site is, in one sentence." name="description" />' in read(
        "en/index.html"
    )


def test_the_summary_is_translated(read: Read) -> None:
    assert '<meta content="このサイトの一文での説明です。" name="description" />' in read(
        "ja/index.html"
    )


def test_the_summary_is_in_the_catalogue_and_the_rest_is_not(root: MakeRoot) -> None:
    front = "summary: A sentence.\ntitle: Home `page`\naliases: [/x]\ncrossnotes: {}"
    build = build_page(root, front, "gettext")
    assert build.exit_code == 0, build.messages
    catalogue = build.read("index.pot")
    assert 'msgid "A sentence."' in catalogue
    assert catalogue.count("msgid ") == 3  # the header, the summary, the heading


def test_a_page_without_summary_has_no_description(read: Read) -> None:
    assert 'name="description"' not in read("en/words.html")


def test_a_title_that_is_not_the_heading_is_a_warning_at_the_page(root: MakeRoot) -> None:
    build = build_page(root, "title: Another page")
    assert build.exit_code == 1
    [warning] = [line for line in build.messages.splitlines() if "WARNING" in line]
    assert "docs/index.md:4: WARNING: front matter has the title 'Another page'" in warning
    assert "[crossnotes.frontmatter]" in warning


@pytest.mark.parametrize("title", ["Home `page`", "Home page"])
def test_a_title_may_leave_out_the_backticks(root: MakeRoot, title: str) -> None:
    build = build_page(root, f"title: {title}")
    assert build.exit_code == 0, build.messages


def test_a_title_is_compared_with_the_english_heading(read: Read) -> None:
    assert "<h1><code" in read("ja/index.html")  # title: A `small` site; the build was strict


@pytest.mark.parametrize(
    ("alias", "page"),
    [
        ("/tidb/stable/x", "tidb/stable/x/index"),
        ("/tidb/stable/x/", "tidb/stable/x/index"),
        ("/v8.5/x", "v8.5/x/index"),
        ("/old.html", "old"),
        ("/日本語/ページ", "日本語/ページ/index"),
        ("relative/x", None),
        ("https://example.com/x", None),
        ("/../x", None),
        ("/a/../../x", None),
        ("/a//b", None),
        ("//host/x", None),
        ("/a\\..\\b", None),
        ("/a?b", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_alias_is_a_page_inside_the_folder_or_nothing(alias: str, page: str | None) -> None:
    assert alias_page(alias) == page


@pytest.mark.parametrize(
    "path",
    ["tidb/stable/old-tabs/", "tidb/dev/old-tabs/", "tidb/dev/old-tabs/index.html", "old.html"],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_alias_leads_to_its_page(page: Page, url: str, language: str, path: str) -> None:
    page.goto(f"{url}/{language}/{path}")
    expect(page).to_have_url(f"{url}/{language}/tabs.html")


def test_an_alias_keeps_anchor_and_tab(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/tidb/stable/old-tabs/?tab=macOS#the-file")
    expect(page).to_have_url(f"{url}/ja/tabs.html?tab=macOS#the-file")


def test_an_alias_works_without_scripts(page_without_scripts: Page, url: str) -> None:
    page_without_scripts.goto(f"{url}/en/tidb/stable/old-tabs/")
    expect(page_without_scripts).to_have_url(f"{url}/en/tabs.html")


def test_an_alias_works_from_the_file_system(page: Page, built: Path) -> None:
    page.goto((built / "ja" / "tidb" / "stable" / "old-tabs" / "index.html").as_uri())
    expect(page).to_have_url((built / "ja" / "tabs.html").as_uri())


def test_a_redirect_has_a_link_and_a_canonical_address(read: Read) -> None:
    html = read("ja/tidb/stable/old-tabs/index.html")
    assert '<a href="../../../tabs.html">選択</a>' in html
    assert '<link rel="canonical" href="https://example.com/ja/tabs.html">' in html
    assert '<html lang="ja">' in html
    assert "noindex" not in html  # that would keep the page that it leads to out, too


def test_a_single_alias_needs_no_list(root: MakeRoot) -> None:
    build = build_page(root, "aliases: /only/one")
    assert build.exit_code == 0, build.messages
    assert (build.out / "only/one/index.html").exists()


def test_an_alias_that_cannot_be_is_a_warning_at_the_page(root: MakeRoot) -> None:
    complaints = {
        "/../outside": "is not an absolute path on the site",
        "here": "is not an absolute path on the site",
        "/index.html": "is already used by the page index",
        "/search.html": "is already used by Sphinx",
        "/_static/x": "is already used by Sphinx",
        "/twice": None,
        "/twice/": "is already used by an alias of the page index",
    }
    build = build_page(root, f"aliases: [{', '.join(complaints)}]")
    assert build.exit_code == 1
    for alias, complaint in complaints.items():
        warning = f"docs/index.md:1: WARNING: alias {alias!r} {complaint} [crossnotes.frontmatter]"
        assert (warning in build.messages) == bool(complaint)
    assert "Home" in build.read("index.html")
    assert not (build.out.parent / "outside").exists()
