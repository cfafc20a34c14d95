"""What the theme says, and the fixes of its faults."""

import pickle
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docutils.utils
import furo
import pytest
import sphinx
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from furo.navigation import get_navigation_tree
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils import base
from myst_parser.parsers import mdit, sphinx_
from playwright.sync_api import Page, expect

from crossnotes.mends import axefix, copybutton_ja, furo_fastnav, myst_fast, myst_reuse
from crossnotes.site import furo_labels
from crossnotes.sphinxext.messages import compile_catalogues
from crossnotes.text.transcript import commands

from .conftest import Outcome, Read, copy_root, serve, sphinx_build, without, write_root

FURO = Path(furo.__file__).parent / "theme" / "furo"
NESTED = {
    "index.md": "# Home\n\n```{toctree}\n:caption: All\na/index\nb/index\n```\n",
    "a/index.md": "# A\n\n```{toctree}\nchild\n```\n",
    "a/child.md": "# Child of A\n",
    "b/index.md": "# B\n\n```{toctree}\nchild\n```\n",
    "b/child.md": "# Child of B\n",
}


def sidebar(html: str) -> str:
    return html.partition('<div class="sidebar-tree">')[2].partition("</aside>")[0]


# ---- words


def test_the_labels_for_screen_readers_are_japanese(read: Read) -> None:
    assert not re.findall(r'aria-label="[ -~]+"', read("ja/index.html"))


def test_the_words_of_the_theme_are_japanese(read: Read) -> None:
    html = read("ja/tabs.html")
    for english in ("Skip to content", "Back to top", "Made with", ">Next<", ">Previous<"):
        assert english not in html
    assert "本文へ移動" in html


def test_the_words_of_the_theme_are_english_on_english_pages(read: Read) -> None:
    assert 'aria-label="Toggle Light / Dark / Auto color theme"' in read("en/index.html")
    assert "Skip to content" in read("en/index.html")


def test_a_branch_of_the_sidebar_is_named() -> None:
    html = '<input aria-label="Toggle navigation of A" class="x">'
    assert furo_labels.translate_labels(html) == html  # in English


def test_furo_still_has_labels_without_gettext() -> None:
    """When this fails, furo_labels.py may go."""
    page = (FURO / "page.html").read_text(encoding="utf-8")
    icons = (FURO / "partials/icons.html").read_text(encoding="utf-8")
    for label in furo_labels.LABELS:
        assert f'aria-label="{label}"' in page or f"<title>{label}</title>" in icons


def test_sphinx_still_has_no_japanese_for_the_number_of_results() -> None:
    """When this fails, the attribute in search.py may go."""
    script = Path(sphinx.__file__).parent / "locale/ja/LC_MESSAGES/sphinx.js"
    found = '"Search finished, found one page matching the search query.": [\n            ""'
    assert found in script.read_text(encoding="utf-8")


def test_the_copy_button_is_japanese(page: Page, url: str) -> None:
    page.goto(f"{url}/ja/words.html")
    page.mouse.move(9, 9)  # the script is not loaded before
    expect(page.locator(".copybtn")).to_have_attribute("data-tooltip", "コピー")


def test_the_copy_button_is_patched_once() -> None:
    script = "const messages = {\n  'en': {}\n}\n"
    once = copybutton_ja.with_japanese(script)
    assert "コピー" in once
    assert copybutton_ja.with_japanese(once) == once


def test_the_copy_button_still_has_no_japanese(unfixed: Path) -> None:
    """When this fails, copybutton_ja.py may go."""
    script = (unfixed / "build/html/ja/_static/copybutton.js").read_text(encoding="utf-8")
    assert "'ja'" not in script
    assert copybutton_ja.START in script


def copied(page: Page, block: int = 0) -> str:
    """What the copy button of a block gives out."""
    page.mouse.move(9, 9)  # the script is not loaded before
    page.evaluate(
        """document.execCommand = () => {
          window.copied = document.activeElement.value; return true;
        }"""
    )
    page.locator("div.highlight").nth(block).hover()
    page.locator(".copybtn").nth(block).click()
    page.wait_for_function("window.copied !== undefined")
    return str(page.evaluate("window.copied")).strip()


def test_the_copy_button_leaves_prompts_and_output_out(page: Page, url: str) -> None:
    page.goto(f"{url}/en/words.html")
    assert copied(page) == "echo hello"


SESSIONS = {
    "(.venv) $ pip list\nDjango": "pip list",
    "mysql> SELECT 1,\n    -> 2;\n1 | 2": "SELECT 1,\n2;",
    "MariaDB [(none)]> SELECT 1;\n1": "SELECT 1;",
    "MySQL [shop]> SELECT 1;\n1": "SELECT 1;",
    "sqlite> SELECT\n   ...> 1;\n1": "SELECT\n1;",
    "TiDB> SELECT 1;\n1": "SELECT 1;",
    "tidb> SELECT 'a\n    '> b';\na": "SELECT 'a\nb';",
    "postgres=# SELECT\npostgres-# (\npostgres(# 1);\n1": "SELECT\n(\n1);",
    "shop=> SELECT 1;\n1": "SELECT 1;",
}


def test_the_copy_button_knows_every_prompt_that_a_run_knows(
    page: Page, root: Callable[[dict[str, str]], Path]
) -> None:
    blocks = [f"```console\n{session}\n```\n" for session in SESSIONS]
    build = sphinx_build(root({"index.md": "# Sessions\n\n" + "\n".join(blocks)}))
    assert build.exit_code == 0, build.messages
    with serve(build.out) as address:
        for number, (session, wanted) in enumerate(SESSIONS.items()):
            typed = "\n".join(command.text for command in commands(session))
            assert typed == wanted
            page.goto(f"{address}/index.html")
            assert copied(page, number) == wanted


def test_our_catalogues_are_compiled_outside_of_the_source(tmp_path: Path) -> None:
    assert compile_catalogues("ja", tmp_path) == ["crossnotes", "sphinx"]
    assert (tmp_path / "ja/LC_MESSAGES/crossnotes.mo").exists()
    assert compile_catalogues("en", tmp_path) == []


# ---- fixes


def test_a_caption_has_a_level(read: Read) -> None:
    for path in ("en/index.html", "ja/tabs.html"):
        html = read(path)
        assert axefix.LEVELLED in html
        assert axefix.BARE not in html


def test_a_caption_still_has_no_level_upstream(unfixed: Path) -> None:
    """When this fails, axefix.py may go."""
    assert axefix.BARE in (unfixed / "build/html/ja/index.html").read_text(encoding="utf-8")


def test_the_sidebar_has_the_open_branch_only(tmp_path: Path) -> None:
    build = sphinx_build(write_root(tmp_path / "root", NESTED))
    assert build.exit_code == 0, build.messages
    tree = sidebar(build.read("a/index.html"))
    assert "Child of A" in tree
    assert "Child of B" not in tree
    assert 'aria-label="Toggle navigation of A"' in tree


TREES = [
    "",
    '<ul><li class="toctree-l1"><a class="x" href="a.html">A</a></li></ul>',
    """<p class="caption" role="heading"><span class="caption-text">All</span></p>
<ul class="current">
<li class="toctree-l1 current"><a class="reference" href="a.html"><code>a</code> &amp; b</a>"""
    """<ul class="current">
<li class="toctree-l2"><a class="reference internal" href="b.html">B</a></li>
<li class="toctree-l2 current"><a class="current reference internal" href="#">C</a><ul>
<li class="toctree-l3"><a class="reference internal" href="d.html">D</a></li>
</ul>
</li>
</ul>
</li>
<li class="toctree-l1"><a class="reference internal" href="e.html">E</a><ul>
<li class="toctree-l2"><a class="reference internal" href="f.html">F</a></li>
</ul>
</li>
</ul>""",
]


@pytest.mark.parametrize("tree", TREES)
def test_the_sidebar_is_what_furo_makes_of_it(tree: str) -> None:
    def parsed(html: str) -> str:
        soup = BeautifulSoup(html, "html.parser")
        for tag in soup.find_all(True):
            tag.attrs = dict(sorted(tag.attrs.items()))
        return str(soup)

    assert parsed(furo_fastnav.navigation_tree(tree)) == parsed(get_navigation_tree(tree))


def test_furo_still_has_the_whole_tree_on_every_page(tmp_path: Path) -> None:
    """When this fails, furo_fastnav.py may go."""
    build = sphinx_build(without(write_root(tmp_path / "root", NESTED), "furo_fastnav"))
    assert "Child of B" in sidebar(build.read("a/index.html"))


TABLE = {"index.md": "# Home\n\n```{list-table}\n:name: answers\n* - a\n```\n"}


def test_a_table_has_its_id_once(tmp_path: Path) -> None:
    build = sphinx_build(write_root(tmp_path / "root", TABLE))
    assert build.read("index.html").count('id="answers"') == 1


def test_furo_still_gives_a_tables_id_to_two_elements(tmp_path: Path) -> None:
    """When this fails, furo_ids.py may go."""
    build = sphinx_build(without(write_root(tmp_path / "root", TABLE), "furo_ids"))
    assert build.read("index.html").count('id="answers"') == 2


def after_a_label_has_moved(root: Path) -> Outcome:
    """The build after a label has moved to a page that is read before the one that had it."""
    for first, second in (("", "(here)=\n"), ("(here)=\n", "")):
        toctree = "# Home\n\n```{toctree}\na\nb\n```\n"
        for name, text in (("index", toctree), ("a", first + "# A\n"), ("b", second + "# B\n")):
            (root / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
        build = sphinx_build(root)
    return build


def test_a_label_may_move_to_another_page(tmp_path: Path) -> None:
    build = after_a_label_has_moved(write_root(tmp_path / "root", {}))
    assert build.exit_code == 0, build.messages


def test_sphinx_still_takes_a_moved_label_for_two(tmp_path: Path) -> None:
    """When this fails, moved_labels.py may go."""
    root = without(write_root(tmp_path / "root", {}), "moved_labels")
    assert "duplicate label here" in after_a_label_has_moved(root).messages


def parsers_made(reuse: bool, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many parsers a Japanese page of many messages takes."""
    made = []

    def create(*arguments: Any) -> Any:
        made.append(arguments)
        return mdit.create_md_parser(*arguments)

    monkeypatch.setattr(myst_reuse, "create_md_parser", create)
    monkeypatch.setattr(sphinx_, "create_md_parser", myst_reuse.Shared() if reuse else create)
    document = new_document("a.md")
    document.settings.env = SimpleNamespace(myst_config=MdParserConfig())
    for _ in range(9):
        with suppress(Exception):  # without a whole Sphinx it parses and cannot render
            sphinx_.MystParser().parse("A *sentence*.", document)
    return len(made)


def test_one_parser_is_enough_for_all_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsers_made(True, monkeypatch) == 1


def test_myst_still_makes_a_parser_for_each_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, myst_reuse.py may go."""
    assert parsers_made(False, monkeypatch) == 9


def test_a_parser_that_is_parsing_is_not_given_out() -> None:
    shared = myst_reuse.Shared()
    config = MdParserConfig()
    outer = shared(config, RendererHTML)
    shared.busy = True
    assert shared(config, RendererHTML) is not outer
    shared.busy = False
    assert shared(config, RendererHTML) is outer


Render = Callable[[base.DocutilsRenderer, dict[str, Any], dict[str, Any]], None]


def documents_made(render: Render, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many documents a renderer makes that was given one."""
    options = {"myst_config": None, "document": base.make_document()}
    made = []

    def new_document(path: str, settings: Any) -> nodes.document:
        made.append(path)
        return docutils.utils.new_document(path, settings)

    monkeypatch.setattr(base, "new_document", new_document)
    renderer = base.DocutilsRenderer(None)  # type: ignore[arg-type]
    render(renderer, options, {})
    assert renderer.document is options["document"]
    return len(made)


def test_no_document_is_made_for_the_bin(monkeypatch: pytest.MonkeyPatch) -> None:
    assert documents_made(myst_fast.setup_render_lazily, monkeypatch) == 0


def test_a_document_is_made_where_none_is_given() -> None:
    renderer = base.DocutilsRenderer(None)  # type: ignore[arg-type]
    myst_fast.setup_render_lazily(renderer, {"myst_config": None}, {})
    assert isinstance(renderer.document, nodes.document)
    assert base.make_document is myst_fast.make_document


def test_myst_still_makes_a_document_for_the_bin(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, myst_fast.py may go."""
    assert documents_made(myst_fast.setup_render, monkeypatch) == 1


def owners(root: Path) -> int:
    """How many documents the nodes of a Japanese page belong to."""
    pickled = (root / "build/doctrees/html/ja/tabs.doctree").read_bytes()
    doctree: nodes.document = pickle.loads(pickled)
    return len({id(node.document) for node in doctree.findall()})


def test_every_node_of_a_translated_page_belongs_to_the_page(tmp_path: Path) -> None:
    root = copy_root("site", tmp_path / "root")
    sphinx_build(root, "ja")
    assert owners(root) == 1


def test_sphinx_still_leaves_nodes_with_other_documents(unfixed: Path) -> None:
    """When this fails, reown.py may go."""
    assert owners(unfixed) > 1
