"""crossnotes.site: both languages, the front page, and what a person can get wrong."""

import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from crossnotes.site import build as site
from crossnotes.site.project import read_languages

from .conftest import REPOSITORY, copy_root, git, serve, write_root


def test_the_languages_are_those_of_conf_py() -> None:
    assert read_languages(REPOSITORY / "conf.py") == {"en": "English", "ja": "日本語"}


def test_the_front_page_offers_both_languages_and_redirects_to_none(page: Page, url: str) -> None:
    page.goto(f"{url}/index.html")
    expect(page).to_have_url(f"{url}/index.html")
    expect(page.locator("li[lang=en] a")).to_contain_text("What this site is, in one sentence.")
    page.locator("li[lang=ja] a").click()
    expect(page).to_have_url(f"{url}/ja/index.html")


def test_the_front_page_works_without_scripts(page_without_scripts: Page, url: str) -> None:
    page_without_scripts.goto(f"{url}/index.html")
    page_without_scripts.get_by_role("link", name="English").click()
    expect(page_without_scripts).to_have_url(f"{url}/en/index.html")


def test_no_page_loads_anything_from_another_host(page: Page, url: str) -> None:
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    for path in ("index.html", "en/index.html", "ja/tabs.html", "ja/search.html?q=照合順序"):
        page.goto(f"{url}/{path}", wait_until="networkidle")
    assert hosts == {url.removeprefix("http://")}


def test_a_warning_fails_the_build_and_names_language_and_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_root(tmp_path / "root", {"index.md": "# Home\n\n[nowhere](#nowhere)\n"})
    assert site.build(root=root) == 1
    said = capsys.readouterr()
    for language in ("en", "ja"):
        assert f"[{language}] {root}/docs/index.md:3: WARNING:" in said.err
    assert "en, ja" in said.err
    assert not (root / "build/html/index.html").exists()


def test_one_language_can_be_built_alone(tmp_path: Path) -> None:
    root = write_root(tmp_path / "root", {})
    assert site.build({"ja": "日本語"}, root=root) == 0
    assert not (root / "build/html/en").exists()


def test_the_build_says_where_to_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_root(tmp_path / "root", {})
    assert site.build(root=root) == 0
    assert str(root / "build/html/index.html") in capsys.readouterr().out


def test_a_missing_docs_folder_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf.py").write_text('crossnotes_languages = {"en": "English"}\n')
    assert site.build(root=tmp_path) == 2
    assert "index.md: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("conf", "complaint"),
    [
        (None, "no such file"),
        ("crossnotes_languages = ['en']\n", "conf.py:1: crossnotes_languages has to be a dict"),
        ("a = (\n", "conf.py:1:"),
    ],
)
def test_a_conf_py_that_cannot_be_used_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], conf: str | None, complaint: str
) -> None:
    if conf is not None:
        (tmp_path / "conf.py").write_text(conf)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Home\n")
    assert site.build(root=tmp_path) == 2
    assert complaint in capsys.readouterr().err


def test_a_build_leaves_nothing_that_git_would_see(tmp_path: Path) -> None:
    root = copy_root("site", tmp_path / "root")
    (root / ".gitignore").write_text("/build/\n*.mo\n__pycache__/\n")
    git(root, "init", "-q")
    before = git(root, "status", "--porcelain", "--untracked-files=all")
    assert site.build(root=root) == 0
    assert git(root, "status", "--porcelain", "--untracked-files=all") == before


def test_a_base_url_is_used_only_for_addresses_that_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSNOTES_BASE_URL", "https://notes.test/x")
    root = write_root(tmp_path / "root", {})
    assert site.build(root=root) == 0
    html = (root / "build/html/ja/index.html").read_text(encoding="utf-8")
    lines = [line for line in html.splitlines() if "notes.test" in line]
    assert len(lines) == 6
    wanted = ('rel="canonical"', 'rel="alternate"', 'property="og:url"', "application/ld+json")
    assert all(any(text in line for text in wanted) for line in lines)
    (canonical,) = [line for line in lines if "canonical" in line]
    assert 'href="https://notes.test/x/ja/index.html"' in canonical


# ---- links


class Links(HTMLParser):
    """The addresses that a page leads to or loads, and its own anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors += [name for name in (found.get("id"),) if name]
        if found.get("rel") not in ("canonical", "alternate") or tag == "a":
            self.links += [found[name] or "" for name in ("href", "src") if found.get(name)]


def broken(out: Path) -> list[str]:
    """The links of a site that lead nowhere, each with its page."""
    pages = {page: Links(page) for page in out.rglob("*.html")}
    assert len(pages) > 4
    found = []
    for page, of_page in pages.items():
        for link in of_page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            path = unquote(address.path)
            start = out if path.startswith("/") else page.parent
            target = (start / path.lstrip("/")).resolve() if path else page
            anchors = pages[target].anchors if target in pages else []
            fragment = unquote(address.fragment)
            if not target.exists() or (fragment and fragment not in anchors):
                found.append(f"{page.relative_to(out)}: {link}")
    return found


def test_every_link_and_anchor_of_our_pages_leads_somewhere(published: Path) -> None:
    assert broken(published) == []


def test_every_link_and_anchor_of_a_site_leads_somewhere(built: Path) -> None:
    assert broken(built) == []


def test_no_anchor_is_there_twice(published: Path) -> None:
    for page in published.rglob("*.html"):
        anchors = Links(page).anchors
        assert len(anchors) == len(set(anchors)), page


def test_external_links_are_asked_for(
    tmp_path: Path, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(built) as address:
        page = f"# Home\n\n[here]({address}/index.html)\n\n[gone]({address}/gone.html)\n"
        root = write_root(tmp_path / "root", {"index.md": page})
        assert site.check_links(root) == 1
        said = capsys.readouterr().err
        for language in ("en", "ja"):
            assert (
                f"[{language}] {root}/docs/index.md:5: WARNING: broken link: {address}/gone" in said
            )
        assert "/index.html" not in said
        (root / "docs/index.md").write_text(f"# Home\n\n[here]({address}/index.html)\n")
        assert site.check_links(root) == 0


# ---- the pages above the languages


def test_a_host_has_a_page_for_addresses_at_which_nothing_is(page: Page, url: str) -> None:
    page.goto(f"{url}/404.html")
    expect(page.locator("li[lang=ja] a")).to_have_attribute("href", "/ja/index.html")
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex"


def test_the_site_can_be_read_offline(page: Page, published: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(published / "crossnotes.zip") as archive:
        archive.extractall(tmp_path)
    page.goto((tmp_path / "crossnotes/index.html").as_uri())
    page.locator("li[lang=ja] a").click()
    page.get_by_role("link", name="Django から TiDB に接続する").first.click()
    page.locator(".crossnotes-languages-sidebar a[hreflang=en]").click()
    expect(page.locator("h1")).to_contain_text("Connect to TiDB with Django")


def test_the_front_page_offers_the_zip_where_there_is_one(published: Path, built: Path) -> None:
    assert "crossnotes.zip" in (published / "index.html").read_text(encoding="utf-8")
    assert "crossnotes.zip" not in (built / "index.html").read_text(encoding="utf-8")
