"""Work that a build does not do, though the stack would: each with a test of the stack itself."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.util.nodes import NodeMatcher

from crossnotes.mends import furo_fastnav, match_classes
from crossnotes.site import process

from .conftest import copy_root, sphinx_build, without, write_root
from .test_theme import sidebar

#: Goes into conf.py. What `note` is given stands in noted.json after the build.
NOTES = """
import json
import subprocess
import sys
from pathlib import Path
noted = []
def note(value):
    noted.append(value)
def setup(app):
    app.connect("build-finished", lambda app, _: Path("noted.json").write_text(json.dumps(noted)))
    begin(app)
"""


def noted(root: Path, begin: str, language: str = "en") -> list[Any]:
    """What a build notes, to whose conf.py the function `begin(app)` is added."""
    conf = root / "conf.py"
    conf.write_text(conf.read_text(encoding="utf-8") + NOTES + begin, encoding="utf-8")
    build = sphinx_build(root, language)
    assert build.exit_code == 0, build.messages
    found: list[Any] = json.loads((root / "noted.json").read_text(encoding="utf-8"))
    return found


# ---- messages

PUBLISHED = """
from sphinx.transforms import i18n
publish = i18n._publish_msgstr
def count(source, *arguments, **named):
    note(source)
    return publish(source, *arguments, **named)
i18n._publish_msgstr = count
def begin(app):
    pass
"""

#: A heading, a list with the same item twice on neighbouring lines, and a table with equal cells.
TRANSLATED = "# Head\n\nA *word*.\n\n- same\n- same\n\n| a | a |\n|---|---|\n| `x` | same |\n"
CATALOGUE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"
""" + "".join(
    f'\nmsgid "{english}"\nmsgstr "{japanese}"\n'
    for english, japanese in {
        "Head": "見出し",
        "A *word*.": "*単語*です。",
        "same": "同じ",
        "a": "表の見出し",
        "`x`": "`x` です",
    }.items()
)


def translated_root(folder: Path) -> Path:
    root = write_root(folder, {"index.md": TRANSLATED})
    catalogue = root / "locale" / "ja" / "LC_MESSAGES" / "index.po"
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    catalogue.write_text(CATALOGUE, encoding="utf-8")
    return root


def test_a_message_is_parsed_once(tmp_path: Path) -> None:
    published = noted(translated_root(tmp_path / "root"), PUBLISHED, "ja")
    assert published.count("*単語*です。") == 1
    assert published.count("見出し") == 1


def test_every_place_of_a_message_gets_its_translation(tmp_path: Path) -> None:
    build = sphinx_build(translated_root(tmp_path / "root"), "ja")
    article = build.read("index.html").partition("<article")[2].partition("</article>")[0]
    assert article.count("同じ") == 3
    assert article.count("表の見出し") == 2
    assert "same" not in article


def test_the_pages_are_those_of_messages_parsed_twice(tmp_path: Path) -> None:
    once, twice = (copy_root("site", tmp_path / name) for name in ("once", "twice"))
    without(twice, "publish_once", "match_classes", "doctrees_on_disk")
    for root in (once, twice):
        assert sphinx_build(root, "ja").exit_code == 0
    pages = [path.relative_to(once) for path in (once / "build/html/ja").rglob("*.html")]
    assert len(pages) >= 5
    for page in pages:
        assert (once / page).read_text() == (twice / page).read_text(), page


def test_sphinx_still_parses_a_message_twice(tmp_path: Path) -> None:
    """When this fails, publish_once.py may go."""
    root = without(translated_root(tmp_path / "root"), "publish_once")
    assert noted(root, PUBLISHED, "ja").count("*単語*です。") == 2


# ---- doctrees

KEPT = """
def begin(app):
    app.connect("env-updated", lambda app, env: note(len(env._write_doc_doctree_cache)))
"""


def test_no_doctree_waits_in_memory(tmp_path: Path) -> None:
    assert noted(copy_root("site", tmp_path / "root"), KEPT) == [0]


def test_sphinx_still_keeps_every_doctree(tmp_path: Path) -> None:
    """When this fails, doctrees_on_disk.py may go."""
    (kept,) = noted(without(copy_root("site", tmp_path / "root"), "doctrees_on_disk"), KEPT)
    assert kept == 5


COLLECTIONS = """
import gc
def begin(app):
    def look(app, env, docnames):
        note([*gc.get_threshold(), gc.get_freeze_count()])
    app.connect("env-before-read-docs", look)
"""


def test_garbage_is_looked_for_less_often(tmp_path: Path) -> None:
    ((*thresholds, frozen),) = noted(write_root(tmp_path / "root", {}), COLLECTIONS)
    assert tuple(thresholds) == process.THRESHOLDS
    assert frozen > 10_000


def test_a_process_of_others_keeps_its_settings(tmp_path: Path) -> None:
    """And when Python looks at more than a few hundred objects by itself, process.py may go."""
    root = write_root(tmp_path / "root", {})
    with (root / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(NOTES + COLLECTIONS)
    command = [sys.executable, "-m", "sphinx", "-q", "-c", ".", "docs", "out"]
    subprocess.run(command, cwd=root, check=True)
    ((first, *_others, frozen),) = json.loads((root / "noted.json").read_text())
    assert first < process.THRESHOLDS[0]
    assert frozen < 10_000


class Counting(NodeMatcher[nodes.Element]):
    """A matcher that counts what it is shown."""

    shown = 0

    def match(self, node: nodes.Node) -> bool:
        self.shown += 1
        return super().match(node)


@pytest.mark.parametrize("classes", [(nodes.emphasis,), (nodes.emphasis, nodes.strong), ()])
def test_a_matcher_finds_what_it_did(classes: tuple[type[nodes.Element], ...]) -> None:
    document = new_document("a.md", get_default_settings())
    for number in range(9):
        document += nodes.paragraph("", "", nodes.emphasis("", str(number)), nodes.Text("words"))
        document[-1] += nodes.strong("", "strong", classes=["x"])
    matchers = [Counting(*classes), Counting(*classes)]
    ours, theirs = (
        [node.astext() for node in find(matcher, document)]
        for find, matcher in zip(
            (match_classes.find_of_class, match_classes.findall), matchers, strict=True
        )
    )
    assert ours == theirs
    if len(classes) == 1:
        assert (matchers[0].shown, len(ours)) == (9, 9)
        # When this fails, match_classes.py may go.
        assert matchers[1].shown > 40


# ---- stems

STEMMED = """
from sphinx.search.en import SearchEnglish
stem = SearchEnglish.stem
def count(self, word):
    note(word)
    return stem(self, word)
SearchEnglish.stem = count
def begin(app):
    pass
"""
TWO_PAGES = {
    "index.md": "# One\n\nConnections\n\n```{toctree}\ntwo\n```\n",
    "two.md": "# Two\n\nConnections\n",
}


def test_a_word_is_stemmed_once(tmp_path: Path) -> None:
    assert noted(write_root(tmp_path / "root", TWO_PAGES), STEMMED).count("Connections") == 1


def test_sphinx_still_stems_a_word_for_each_page(tmp_path: Path) -> None:
    """When this fails, stem_once.py may go."""
    root = without(write_root(tmp_path / "root", TWO_PAGES), "stem_once")
    assert noted(root, STEMMED).count("Connections") == 2


# ---- the sidebar

#: Sections with pages beside each other, one with pages below it, one that stands in two places.
SECTIONS = {
    "index.md": "# Home\n\n```{toctree}\n:caption: All\na/index\nb/index\nlast\n```\n"
    "\n```{toctree}\n:hidden:\nanother\nlist of two\n```\n",
    "a/index.md": "# A\n\n```{toctree}\none\ntwo\ndeep\nsame\n```\n",
    "a/one.md": "# One & *only*\n",
    "a/two.md": "# Two\n",
    "a/deep.md": "# Deep\n\n```{toctree}\nbelow\n```\n",
    "a/below.md": "# Below\n",
    "a/same.md": "# Same\n",
    "b/index.md": "# B\n\n```{toctree}\none\n../a/same\n```\n",
    "b/one.md": "# One\n",
    "last.md": "# Last\n",
    "another.md": "# Another\n",
    "list of two.md": "# List\n",
    "alone.md": "---\norphan: true\n---\n# Alone\n",
}
ONE_BY_ONE = """
from crossnotes.mends.furo_fastnav import Sidebar
Sidebar.family = lambda self, docname: None
"""


def test_pages_beside_each_other_have_the_sidebar_of_their_own(tmp_path: Path) -> None:
    shared, own = (write_root(tmp_path / name, SECTIONS) for name in ("shared", "own"))
    with (own / "conf.py").open("a") as conf:
        conf.write(ONE_BY_ONE)
    built = [sphinx_build(root) for root in (shared, own)]
    for build in built:
        assert build.exit_code == 0, build.messages
    for name in SECTIONS:
        page = name.replace(".md", ".html")
        ours, theirs = (sidebar(build.read(page)) for build in built)
        assert ours == theirs, page
        assert ours.count("current-page") == (page not in ("index.html", "alone.html")), page


def tree_of(shown: str) -> str:
    """What Sphinx draws for one of three pages."""
    entries = [
        '<li class="toctree-l1 current"><a class="current reference internal" href="#">'
        if name == shown
        else f'<li class="toctree-l1"><a class="reference internal" href="{name}.html">'
        for name in "abc"
    ]
    return '<ul class="current">' + "".join(f"{entry}X</a></li>" for entry in entries) + "</ul>"


def test_the_tree_is_resolved_once_for_pages_beside_each_other() -> None:
    resolved = []

    def toctree(shown: str) -> str:
        resolved.append(shown)
        return tree_of(shown)

    outline = nodes.bullet_list("", addnodes.toctree(includefiles=["a", "b", "c"]))
    env = SimpleNamespace(toctree_includes={"c": ["d"]}, tocs={"index": outline})
    builder = SimpleNamespace(name="html", get_target_uri=lambda docname: f"{docname}.html")
    app: Any = SimpleNamespace(env=env, builder=builder)
    drawn = furo_fastnav.Sidebar(app)
    for name in "abcb":
        context = {"pagename": name, "toctree": lambda name=name, **_: toctree(name)}
        assert drawn(context) == furo_fastnav.navigation_tree(tree_of(name)), name
    assert resolved == ["a", "c"]  # c has a page below it
