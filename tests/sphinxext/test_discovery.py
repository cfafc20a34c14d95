"""sitemap.xml, llms.txt, OpenGraph, the 404 page, edit links and dates."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from .conftest import Host, Read, git, serve, sphinx_build, write_root

MakeRoot = Callable[[dict[str, str]], Path]
NAMES = {
    "": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "xhtml": "http://www.w3.org/1999/xhtml",
}


def test_the_sitemap_has_each_page_in_each_language(built: Path) -> None:
    tree = ElementTree.parse(built / "ja/sitemap.xml")
    places = [element.text for element in tree.iterfind("*/loc", NAMES)]
    base = "https://example.com"
    assert places[:2] == [f"{base}/ja/index.html", f"{base}/ja/tabs.html"]
    assert sorted(places) == sorted(
        f"{base}/ja/{page.relative_to(built / 'ja')}"
        for page in (built / "ja").rglob("*.html")
        if page.name not in ("404.html", "search.html") and "old" not in str(page)
    )
    first = [
        (link.get("hreflang"), link.get("href"))
        for link in tree.find("*", NAMES).iter()
        if link.get("href")
    ]
    assert first == [
        ("en", f"{base}/en/index.html"),
        ("ja", f"{base}/ja/index.html"),
        ("x-default", f"{base}/en/index.html"),
    ]


def test_llms_txt_lists_the_pages_with_their_summaries(read: Read) -> None:
    lines = read("ja/llms.txt").splitlines()
    assert lines[:3] == ["# Crossnotes", "", "> このサイトの一文での説明です。"]
    assert "- [選択](https://example.com/ja/tabs.md)" in lines
    assert not [line for line in lines if "404" in line]


def test_a_page_describes_itself_to_other_sites(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/index.html")
    found = {
        tag.get_attribute("property"): tag.get_attribute("content")
        for tag in page.locator("meta[property^='og:']").all()
    }
    assert found == {
        "og:site_name": "Crossnotes",
        "og:type": "website",
        "og:title": page.locator("h1").inner_text().removesuffix("#"),
        "og:url": "https://example.com/ja/index.html",
        "og:description": "このサイトの一文での説明です。",
        "og:locale": "ja_JP",
        "og:locale:alternate": "en_US",
    }


def test_a_page_says_what_it_is_to_search_engines(published: Path, built: Path) -> None:
    html = (published / "ja/subjects/row-locks.html").read_text(encoding="utf-8")
    said = json.loads(html.partition('<script type="application/ld+json">')[2].partition("</")[0])
    assert said["@type"] == "TechArticle"
    assert said["headline"] == "行ロック"
    assert said["inLanguage"] == "ja"
    assert said["url"] == "https://example.com/ja/subjects/row-locks.html"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", said["dateModified"])  # of the results
    home = (built / "en/index.html").read_text(encoding="utf-8")
    assert '"@type":"WebSite"' in home
    for path in ("404.html", "search.html"):
        assert "ld+json" not in (built / "en" / path).read_text(encoding="utf-8")


def test_what_is_said_to_search_engines_ends_no_script(root: MakeRoot) -> None:
    build = sphinx_build(root({"index.md": "---\nsummary: a</script>&\n---\n# `</script>` & b\n"}))
    html = build.read("index.html")
    said = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(said)["name"] == "</script> & b"


def test_each_page_has_one_viewport_and_an_icon(published: Path) -> None:
    for path in published.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert html.count('name="viewport"') == 1, path
        if "http-equiv" in html:
            continue  # nobody sees a page that leads on
        (icon,) = re.findall(r'<link rel="icon"[^>]* href="([^"?]*)', html)
        at = published if icon.startswith("/") else path.parent
        assert (at / icon.lstrip("/")).is_file(), path


def test_an_icon_of_the_project_is_used(root: MakeRoot) -> None:
    folder = root({"index.md": "# Home\n"})
    (folder / "own.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with (folder / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write('html_favicon = "own.svg"\n')
    html = sphinx_build(folder).read("index.html")
    assert "own.svg" in html
    assert "crossnotes-icon" not in html


def test_the_404_page_works_at_any_address(page: Page, published: Path) -> None:
    with serve(published, Host) as address:
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on(
            "response",
            lambda got: (
                failed.append(got.url) if got.status > 399 and "nothing" not in got.url else None
            ),
        )
        page.goto(f"{address}/ja/a/b/nothing.html", wait_until="networkidle")
        expect(page.locator("h1")).to_contain_text("ページが見つかりません")
        assert failed == []
        page.locator(".crossnotes-languages-sidebar a[hreflang=en]").click()
        expect(page.locator("h1")).to_contain_text("There is no page here")
        page.goto(f"{address}/ja/a/nothing.html")
        page.get_by_role("link", name="トップページ").click()
        expect(page).to_have_url(f"{address}/ja/index.html")


@pytest.mark.parametrize(
    ("language", "path"),
    [("en", "docs/a/page.md"), ("ja", "locale/ja/LC_MESSAGES/a/page.po")],
)
def test_a_page_can_be_edited_where_its_words_are(
    root: MakeRoot, monkeypatch: pytest.MonkeyPatch, language: str, path: str
) -> None:
    monkeypatch.setenv("CROSSNOTES_REPOSITORY_URL", "https://example.com/us/notes")
    folder = committed(root({"index.md": INDEX, "a/page.md": "# Page\n"}))
    build = sphinx_build(folder, language)
    assert build.exit_code == 0, build.messages
    link = f'href="https://example.com/us/notes/edit/main/{path}" rel="edit"'
    assert link in build.read("a/page.html")


INDEX = "# Home\n\n```{toctree}\na/page\n```\n"


def committed(root: Path) -> Path:
    """The root as a repository with one commit."""
    git(root, "init", "-q")
    git(root, "add", "docs")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(root, *author, "commit", "-qm", "One", "--date", "2020-02-03T04:05:06+09:00")
    return root


def test_without_a_repository_there_is_no_edit_link(read: Read) -> None:
    assert 'rel="edit"' not in read("en/index.html")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Last updated on 2020-02-02"), ("ja", "最終更新日: 2020-02-02")]
)
def test_the_last_change_is_that_of_git(root: MakeRoot, language: str, said: str) -> None:
    folder = committed(root({"index.md": "# Home\n"}))
    build = sphinx_build(folder, language)
    assert build.exit_code == 0, build.messages
    assert said in build.read("index.html")
    assert "<lastmod>2020-02-02</lastmod>" in build.read("sitemap.xml")


def test_without_git_there_is_no_date(tmp_path: Path) -> None:
    build = sphinx_build(write_root(tmp_path / "root", {}))
    assert build.exit_code == 0, build.messages
    assert "Last updated" not in build.read("index.html")
    assert "lastmod" not in build.read("sitemap.xml")
