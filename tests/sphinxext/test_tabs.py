"""What sphinx-tabs leaves out, in the HTML and in the catalogue."""

import re
from collections.abc import Callable
from pathlib import Path

from .conftest import Read, copy_root, sphinx_build

TABLE_IN_TAB = """\
# Page

::::{tabs}
:::{group-tab} Label of the group
| head |
|---|
| cell |
:::
::::

::::{tabs}
:::{tab} Label of its own
Text.
:::
::::
"""


def attributes(html: str, name: str) -> list[str]:
    return re.findall(rf' {name}="([^"]*)"', html)


def test_a_label_is_translated(read: Read) -> None:
    assert ">その他のデータベース</button>" in read("ja/tabs.html")


def test_a_label_of_a_free_tab_is_translated(read: Read) -> None:
    assert ">短い</button>" in read("ja/tabs.html")


def test_ids_and_groups_are_english_in_both_languages(read: Read) -> None:
    english, japanese = read("en/tabs.html"), read("ja/tabs.html")
    for name in ("data-tab", "aria-controls", "aria-labelledby"):
        assert attributes(english, name) == attributes(japanese, name)
    assert "Other databases" in attributes(japanese, "data-tab")


def test_every_panel_has_its_label_in_the_language_of_the_page(read: Read) -> None:
    labels = attributes(read("ja/tabs.html"), "data-label")
    assert labels[:2] == ["SQLite", "その他のデータベース"]
    assert len(labels) == len(attributes(read("ja/tabs.html"), "aria-controls"))


def test_no_panel_is_hidden_in_the_html(read: Read) -> None:
    panels = re.findall(r'<div [^>]*role="tabpanel"[^>]*>', read("en/tabs.html"))
    assert panels
    assert not [panel for panel in panels if "hidden" in panel]


def test_the_html_has_no_attribute_of_sphinx(read: Read) -> None:
    assert "translated=" not in read("ja/tabs.html")


def test_a_table_in_a_tab_is_in_the_catalogue(root: Callable[[dict[str, str]], Path]) -> None:
    build = sphinx_build(root({"index.md": TABLE_IN_TAB}), builder="gettext")
    assert build.exit_code == 0, build.messages
    catalogue = build.read("index.pot")
    for message in ("head", "cell", "Label of the group", "Label of its own"):
        assert f'msgid "{message}"' in catalogue


def test_code_in_a_tab_is_not_in_the_catalogue(root: Callable[[dict[str, str]], Path]) -> None:
    page = "# Page\n\n::::{tabs}\n```{code-tab} python\nprint()\n```\n::::\n"
    build = sphinx_build(root({"index.md": page}), builder="gettext")
    assert "print" not in build.read("index.pot")


def test_the_upstream_defect_is_still_there(root: Callable[[dict[str, str]], Path]) -> None:
    """Without tabs.py the label is not translatable; when this fails, TranslatableLabel can go."""
    folder = root({"index.md": TABLE_IN_TAB})
    (folder / "conf.py").write_text(
        'extensions = ["myst_parser", "sphinx_tabs.tabs"]\n'
        'myst_enable_extensions = ["colon_fence"]\nsphinx_tabs_valid_builders = ["gettext"]\n'
    )
    catalogue = sphinx_build(folder, builder="gettext").read("index.pot")
    assert 'msgid "cell"' not in catalogue
    assert 'msgid "Label of the group"' not in catalogue


def test_the_script_is_only_on_pages_with_tabs(read: Read) -> None:
    assert "_static/crossnotes-tabs.js" in read("en/tabs.html")
    assert "_static/crossnotes-tabs.js" not in read("en/words.html")


def test_the_script_is_ours_and_loaded_once(read: Read) -> None:
    assert read("en/tabs.html").count("tabs.js") == 1
    assert "crossnotes-tabs" in read("en/_static/crossnotes-tabs.js")


def test_in_text_every_panel_stands_below_its_label(tmp_path: Path) -> None:
    build = sphinx_build(copy_root("site", tmp_path / "root"), "ja", "text")
    assert build.exit_code == 0, build.messages
    lines = [line for line in build.read("tabs.txt").splitlines() if line]
    for label in ("**その他のデータベース**", "**SQLite**", "**macOS**", "**短い**"):
        assert label in lines
    assert lines[lines.index("**短い**") + 1] == "二言です。"
    assert len([line for line in lines if line == "**Windows**"]) == 1
