"""crossnotes.site: both languages, the front page, and what a person can get wrong."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crossnotes import site

from .conftest import REPOSITORY, copy_root, git, write_root


def test_the_languages_are_those_of_conf_py() -> None:
    assert site.read_languages(REPOSITORY / "conf.py") == {"en": "English", "ja": "日本語"}


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
        ("language = 'en'\n", "crossnotes_languages is missing"),
        ("a = (\n", "conf.py:1:"),
    ],
)
def test_a_conf_py_without_languages_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], conf: str | None, complaint: str
) -> None:
    if conf is not None:
        (tmp_path / "conf.py").write_text(conf)
    assert site.build(root=tmp_path) == 2
    assert complaint in capsys.readouterr().err


def test_a_build_leaves_nothing_that_git_would_see(tmp_path: Path) -> None:
    root = copy_root("site", tmp_path / "root")
    (root / ".gitignore").write_text("/build/\n*.mo\n__pycache__/\n")
    git(root, "init", "-q")
    before = git(root, "status", "--porcelain", "--untracked-files=all")
    assert site.build(root=root) == 0
    assert git(root, "status", "--porcelain", "--untracked-files=all") == before


def test_a_base_url_is_used_for_canonical_links_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSNOTES_BASE_URL", "https://notes.test/x")
    root = write_root(tmp_path / "root", {})
    assert site.build(root=root) == 0
    html = (root / "build/html/ja/index.html").read_text(encoding="utf-8")
    lines = [line for line in html.splitlines() if "notes.test" in line]
    assert len(lines) == 4
    assert all('rel="canonical"' in line or 'rel="alternate"' in line for line in lines)
    assert 'href="https://notes.test/x/ja/index.html"' in lines[0]
