"""The address of the repository: in commands, in links to issues, and where a site is published."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from crossnotes.config import ConfigError, find, is_address
from crossnotes.page import Page as Source
from crossnotes.site import build as site
from crossnotes.sphinxext.repository import is_nobodys, issue

from ..conftest import command
from .conftest import Outcome, serve, sphinx_build

MakeRoot = Callable[[dict[str, str]], Path]

ADDRESS = "https://github.com/us/notes"
CLONE = """\
# Clone

```{snippet} console
:skip: it needs the network

$ git clone {repository} notes
```

```{snippet} python
:skip: it is not for this machine

f"{repository}"
```
"""


def with_address(root: Path, address: str) -> Path:
    text = f'[tool.crossnotes]\nrepository = "{address}"\n'
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return root


def published(root: Path) -> Outcome:
    """A build for publishing."""
    with (root / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("crossnotes_publish = True\n")
    return sphinx_build(root)


def test_a_command_has_the_address_and_other_code_has_not(root: MakeRoot) -> None:
    build = sphinx_build(with_address(root({"index.md": CLONE}), f"{ADDRESS}.git"))
    assert build.exit_code == 0, build.messages
    text = build.read("index.md")
    assert f"git clone {ADDRESS} notes" in text
    assert 'f"{repository}"' in text  # of the block of Python


def test_without_an_address_a_command_is_as_it_is_written(root: MakeRoot) -> None:
    build = sphinx_build(root({"index.md": CLONE}))
    assert build.exit_code == 0, build.messages
    assert "git clone {repository} notes" in build.read("index.md")


def test_a_change_of_the_address_is_on_pages_that_did_not_change(root: MakeRoot) -> None:
    folder = with_address(root({"index.md": CLONE}), ADDRESS)
    sphinx_build(folder)
    build = sphinx_build(with_address(folder, "https://codeberg.org/us/notes"))
    assert "git clone https://codeberg.org/us/notes notes" in build.read("index.html")


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"CROSSNOTES_REPOSITORY_URL": "https://git.host.org/a/b/"}, "https://git.host.org/a/b"),
        ({"GITHUB_REPOSITORY": "us/notes"}, "https://github.com/us/notes"),
    ],
)
def test_the_environment_says_it_too(
    root: MakeRoot, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    build = sphinx_build(root({"index.md": CLONE}))
    assert f"git clone {address} notes" in build.read("index.html")


# ---- publishing


def test_a_site_that_is_published_needs_its_address_and_that_of_its_repository(
    root: MakeRoot,
) -> None:
    build = published(root({"index.md": CLONE}))
    assert build.exit_code == 1
    assert re.search(r"conf\.py:\d+: WARNING: crossnotes_base_url is 'https", build.messages)
    assert "docs/index.md:3: WARNING: this command needs the address" in build.messages
    assert "Traceback" not in build.messages


def test_a_site_with_both_is_published(root: MakeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSNOTES_BASE_URL", "https://notes.us.org/")
    build = published(with_address(root({"index.md": CLONE}), ADDRESS))
    assert build.exit_code == 0, build.messages


def test_the_command_line_publishes(root: MakeRoot) -> None:
    done = command("html", "--publish", cwd=root({"index.md": "# Home\n"}))
    assert done.returncode == 1
    assert "a site that is published needs the address where it will stand" in done.stderr


def test_an_address_of_an_example_is_refused(
    root: MakeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSNOTES_BASE_URL", "https://notes.us.org/")
    monkeypatch.setenv("CROSSNOTES_REPOSITORY_URL", "https://example.com/us/notes")
    build = published(root({"index.md": CLONE}))
    assert build.exit_code == 1
    assert "an address for examples" in build.messages


@pytest.mark.parametrize(
    ("url", "nobodys"),
    [
        ("https://example.com/", True),
        ("https://docs.example.org/x", True),
        ("http://localhost:8000/", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]/", True),
        ("http://[", True),
        ("https://site.test", True),
        ("", True),
        ("notes/", True),
        ("ftp://us.org/", True),
        ("https://examples.org/", False),
        ("https://us.github.io/notes/", False),
    ],
)
def test_what_is_nobodys_address(url: str, nobodys: bool) -> None:
    assert is_nobodys(url) == nobodys


@pytest.mark.parametrize(
    "address", ["git@github.com:us/notes", "https://", "https://a b/", "https://us.org/$(x)", "x"]
)
def test_what_is_no_address_is_named_at_its_line(tmp_path: Path, address: str) -> None:
    assert not is_address(address)
    with pytest.raises(ConfigError, match=r"pyproject\.toml:2: repository in \[tool\.crossnotes\]"):
        find(with_address(tmp_path, address))


def test_a_conf_with_no_address_is_named(root: MakeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSNOTES_REPOSITORY_URL", "us/notes")
    build = sphinx_build(root({"index.md": "# Home\n"}))
    assert build.exit_code == 1
    assert "crossnotes_repository_url is 'us/notes'; it has to be an address" in build.messages


# ---- issues

ANSWER = """\
# Home

```python
x = 1
```

```python
print(x)
```
```{output}
1
```
"""


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Was this right on your version?"), ("ja", "お使いのバージョンでも同じ結果でしたか？")],
)
def test_a_block_opens_an_issue_with_its_versions(
    root: MakeRoot, page: Page, language: str, said: str
) -> None:
    folder = with_address(root({"index.md": ANSWER}), ADDRESS)
    assert command("test", "docs", "--ledger", "ledger", cwd=folder).returncode == 0
    assert site.build(root=folder) == 0
    with serve(folder / "build/html") as address:
        page.goto(f"{address}/{language}/index.html")
        page.mouse.move(9, 9)  # the script is not loaded before
        page.wait_for_load_state("networkidle")
        page.locator(".crossnotes-chip summary").nth(1).click()
        link = page.locator(".crossnotes-chip").nth(1).get_by_role("link", name=said)
        expect(link).to_have_count(1)
        parts = urlsplit(link.get_attribute("href") or "")
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ADDRESS}/issues/new"
    filled = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert filled["title"] == "docs/index.md, block-2: "
    first, versions, rest = filled["body"].split("\n\n")
    assert first == f"https://example.com/{language}/index.html#block-2"
    assert "SQLite 3." in versions
    assert rest == "→ "


def test_without_a_script_the_page_has_one(root: MakeRoot, page_without_scripts: Page) -> None:
    folder = with_address(root({"index.md": ANSWER}), ADDRESS)
    command("test", "docs", "--ledger", "ledger", cwd=folder)
    build = sphinx_build(folder)
    page_without_scripts.goto((build.out / "index.html").as_uri())
    page_without_scripts.locator(".crossnotes-summary summary").click()
    link = page_without_scripts.get_by_role("link", name="Was this right on your version?")
    assert "docs/index.md" in (link.get_attribute("href") or "")


def test_gitlab_has_other_names_for_it() -> None:
    found = issue("https://gitlab.com/us/notes", Source("docs/a.md", ()).path, "https://x", [])
    assert found.startswith("https://gitlab.com/us/notes/-/issues/new?issue[title]=docs/a.md:")


def test_without_an_address_there_is_no_such_link(root: MakeRoot) -> None:
    folder = root({"index.md": ANSWER})
    command("test", "docs", "--ledger", "ledger", cwd=folder)
    html = sphinx_build(folder).read("index.html")
    assert "crossnotes-summary" in html
    assert "issues/new" not in html
    assert "crossnotes-issue" not in html
