"""A project of others under each of four themes: with `crossnotes.sphinxext` alone, and as a site
of two languages. What it had before works as before, in a real browser."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ..sphinxext.conftest import serve
from .conftest import Done, Wheel, write

THEMES = ("alabaster", "furo", "sphinx_book_theme", "pydata_sphinx_theme")
KINDS = ("alone", "site")
#: Those that highlight on a page what was searched for, without Crossnotes too.
HIGHLIGHT = ("alabaster", "furo")

INDEX = """\
# Home

```{toctree}
guide
reference
```
"""
GUIDE = """\
# The guide to walruses

A walrus has tusks.

::::{tabs}
:::{group-tab} Linux
The words for Linux.
:::
:::{group-tab} Windows
The words for Windows.
:::
::::

```{snippet} python
:name: sum
print(6 * 7)
```
```{output}
42
```

```console
$ echo hello
hello
```

```{compare} sum
```

```{matrix}
```
"""
REFERENCE = """\
Reference
=========

.. code-block:: python

   print("shown in a page that is no Markdown")

>>> 1 + 1  # doctest: +SKIP
2
"""
CONF = """\
project = "Host"
extensions = ["myst_parser", "sphinx_tabs.tabs", "sphinx_copybutton", "crossnotes.sphinxext"]
myst_enable_extensions = ["colon_fence"]
templates_path = ["templates"]
html_theme = {theme!r}
"""
#: What a site adds: the ten lines of an existing project.
SITE = """\
extensions += ["crossnotes.site", "crossnotes.mends"]
crossnotes_languages = {"en": "English", "de": "Deutsch"}
"""
#: The host's own page.html, which has to be in the pages afterwards.
PAGE = (
    '{% extends "!page.html" %}{% block extrahead %}{{ super() }}<meta name="host">{% endblock %}'
)
GERMAN = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "A walrus has tusks."
msgstr "Ein Walross hat Stoßzähne."
"""


@dataclass
class Sites:
    """The projects, each built when a test first asks for it."""

    wheel: Wheel
    folder: Path
    stack: ExitStack
    built: dict[tuple[str, str], tuple[Done, Path, str]] = field(default_factory=dict)

    def __call__(self, theme: str, kind: str) -> tuple[Done, Path, str]:
        """How the build ended, where the English pages are, and their address."""
        if (theme, kind) not in self.built:
            self.built[theme, kind] = self._build(theme, kind)
        return self.built[theme, kind]

    def _build(self, theme: str, kind: str) -> tuple[Done, Path, str]:
        root = write(
            self.folder / theme / kind,
            {
                "docs/conf.py": CONF.format(theme=theme) + (SITE if kind == "site" else ""),
                "docs/index.md": INDEX,
                "docs/guide.md": GUIDE,
                "docs/reference.rst": REFERENCE,
                "docs/templates/page.html": PAGE,
                "docs/locale/de/LC_MESSAGES/guide.po": GERMAN,
                # So that no settings above this folder are found.
                "pyproject.toml": "[tool.crossnotes]\n",
            },
        )
        run = partial(self.wheel.crossnotes, cwd=root)
        tested = run("test", "docs/guide.md", "--ledger", "ledger")
        assert tested.code == 0, tested.said
        if kind == "site":
            done, out = run("html"), root / "build/html"
            return done, out / "en", self.stack.enter_context(serve(out)) + "/en"
        done = self.wheel.run("sphinx", "-q", "-W", "-n", "--keep-going", "docs", "out", cwd=root)
        return done, root / "out", self.stack.enter_context(serve(root / "out"))


@pytest.fixture(scope="module")
def sites(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with ExitStack() as stack:
        yield Sites(wheel, tmp_path_factory.mktemp("foreign"), stack)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test for a request that fails, and for any error of a script."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # One that a click on a link has ended is no failure.
    aborted = "net::ERR_ABORTED"
    page.on("requestfailed", lambda r: r.failure == aborted or wrong.append(r.url))
    page.on("response", lambda got: wrong.append(got.url) if got.status > 399 else None)
    yield page
    context.close()
    assert wrong == []


both = pytest.mark.parametrize("kind", KINDS)
every = pytest.mark.parametrize("theme", THEMES)


@every
@both
def test_it_builds_without_a_warning(sites: Sites, theme: str, kind: str) -> None:
    done, out, _url = sites(theme, kind)
    assert done.code == 0, done.said
    html = (out / "guide.html").read_text(encoding="utf-8")
    assert '<meta name="host">' in html
    assert "seen to work on SQLite" in html
    assert "crossnotes-table" in html
    # Databases that the project does not have.
    assert "MySQL" not in html
    assert "SKIP" not in (out / "reference.html").read_text(encoding="utf-8")


@every
@both
def test_tabs_can_be_clicked(sites: Sites, page: Page, theme: str, kind: str) -> None:
    page.goto(f"{sites(theme, kind)[2]}/guide.html", wait_until="networkidle")
    expect(page.get_by_text("The words for Linux.")).to_be_visible()
    expect(page.get_by_text("The words for Windows.")).to_be_hidden()
    page.get_by_role("tab", name="Windows").click()
    expect(page.get_by_text("The words for Windows.")).to_be_visible()
    expect(page.get_by_text("The words for Linux.")).to_be_hidden()


@every
@both
def test_the_copy_button_copies(sites: Sites, page: Page, theme: str, kind: str) -> None:
    page.goto(f"{sites(theme, kind)[2]}/guide.html", wait_until="networkidle")
    page.mouse.move(9, 9)
    block = page.locator("div.highlight", has_text="print(").first
    block.hover()
    block.locator(".copybtn").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text !== '')")
    assert page.evaluate("navigator.clipboard.readText()") == "print(6 * 7)"


@every
@both
def test_search_finds_and_highlights_as_the_theme_does(
    sites: Sites, page: Page, theme: str, kind: str
) -> None:
    url = sites(theme, kind)[2]
    page.goto(f"{url}/search.html?q=tusks", wait_until="networkidle")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/guide.html*")
    if theme in HIGHLIGHT:
        expect(page.locator(".highlighted").first).to_have_text("tusks")


@every
def test_the_languages_lead_to_each_other(sites: Sites, page: Page, theme: str) -> None:
    url = sites(theme, "site")[2]
    page.goto(f"{url}/guide.html")
    page.locator(".crossnotes-languages a[hreflang=de]:visible").click()
    expect(page.get_by_text("Ein Walross hat Stoßzähne.")).to_be_visible()
    assert page.url.endswith("/de/guide.html")


def test_pages_on_which_nothing_is_drawn_load_nothing_of_ours(sites: Sites) -> None:
    _done, out, _url = sites("alabaster", "alone")
    assert "crossnotes" not in (out / "index.html").read_text(encoding="utf-8")
    assert "_static/crossnotes.css" in (out / "guide.html").read_text(encoding="utf-8")
