"""Catalogues follow the pages, and what is missing is named."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crossnotes.site import build as site
from crossnotes.translations import blocks
from crossnotes.translations.catalogue import own_domain, read, text_of
from crossnotes.translations.check import check, findings
from crossnotes.translations.status import status, status_of
from crossnotes.translations.update import update

from ..conftest import mounted
from .conftest import REPOSITORY, copy_root

MakeRoot = Callable[[dict[str, str]], Path]
PAGE = "# Home\n\nFirst sentence of the page.\n\nSecond sentence of the page.\n"


def po(root: Path, name: str = "index") -> Path:
    return root / "locale/ja/LC_MESSAGES" / f"{name}.po"


def translate(root: Path) -> None:
    """Give every message of index.po a translation."""
    header, body = po(root).read_text(encoding="utf-8").split("\n\n", 1)
    body = re.sub(r'(msgid "(.*)"\n)msgstr ""', r'\1msgstr "訳: \2"', body)
    po(root).write_text(f"{header}\n\n{body}", encoding="utf-8")


def row_of(said: str, page: str) -> list[int]:
    """A page's row in the table: done, fuzzy, missing, words left."""
    [row] = [line.split() for line in said.splitlines() if line.split()[-1:] == [page]]
    return [int(count) for count in row[:-1]]


def edit(root: Path, old: str, new: str) -> None:
    edit_page(root / "docs/index.md", old, new)


def edit_page(page: Path, old: str, new: str) -> None:
    page.write_text(page.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.fixture
def translated(root: MakeRoot) -> Path:
    folder = root({"index.md": PAGE})
    assert update(root=folder) == 0
    translate(folder)
    return folder


def test_update_makes_a_catalogue_in_the_order_of_the_page(translated: Path) -> None:
    messages = re.findall(
        r'^msgid "(.+)"', po(translated).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert messages == ["Home", "First sentence of the page.", "Second sentence of the page."]


def test_a_translated_page_is_green(translated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(root=translated) == 0
    assert row_of(capsys.readouterr().out, "index") == [3, 0, 0, 0]


def test_update_changes_nothing_when_nothing_changed(translated: Path) -> None:
    before = po(translated).read_bytes()
    assert update(root=translated) == 0
    assert po(translated).read_bytes() == before


def test_a_full_disk_leaves_the_catalogues_as_they_were(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "".join(f"Sentence {number}: {'words ' * 20}.\n\n" for number in range(700))
    edit(translated, "Second", f"{long}Second")
    before = po(translated).read_bytes()
    with mounted(po(translated).parent, "64k"):
        assert update(root=translated) == 2
        assert po(translated).read_bytes() == before
        assert os.listdir(po(translated).parent) == ["index.po"]
    said = capsys.readouterr().err
    assert "index.po: cannot write: No space left on device; it is as it was" in said
    assert update(root=translated) == 0


def test_a_line_added_above_changes_nothing_in_the_catalogue(translated: Path) -> None:
    before = po(translated).read_bytes()
    edit(translated, "# Home", "% a comment\n\n# Home")
    update(root=translated)
    assert po(translated).read_bytes() == before


def test_a_catalogue_holds_no_dates(translated: Path) -> None:
    assert "Date" not in po(translated).read_text(encoding="utf-8")


def test_a_new_sentence_is_missing_at_its_page_and_line(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(translated, "Second", "A new and quite different one.\n\nSecond")
    assert status(root=translated) == 1
    said = capsys.readouterr().out
    assert "docs/index.md:5: [ja] missing: A new and quite different one." in said


def test_a_changed_sentence_is_fuzzy_after_an_update_and_keeps_the_old_words(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(translated, "Second sentence", "Second long sentence")
    update(root=translated)
    text = po(translated).read_text(encoding="utf-8")
    assert '#| msgid "Second sentence of the page."' in text
    assert status(root=translated) == 1
    said = capsys.readouterr().out
    assert "docs/index.md:5: [ja] fuzzy: Second long sentence of the page." in said
    assert row_of(said, "index") == [2, 1, 0, 6]


def test_the_old_words_stay_while_a_message_is_fuzzy_and_no_longer(translated: Path) -> None:
    edit(translated, "Second sentence", "Second long sentence")
    update(root=translated)
    before = po(translated).read_bytes()
    update(root=translated)
    assert po(translated).read_bytes() == before
    edit_page(po(translated), "#, fuzzy\n", "")
    update(root=translated)
    assert "| msgid" not in po(translated).read_text(encoding="utf-8")
    assert status(root=translated) == 0


def test_a_sentence_that_is_gone_leaves_the_catalogue(translated: Path) -> None:
    edit(translated, "Second sentence of the page.\n", "")
    update(root=translated)
    assert "Second" not in po(translated).read_text(encoding="utf-8")
    assert status(root=translated) == 0


def test_a_page_that_is_gone_takes_its_catalogue_along(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": PAGE, "old.md": "---\norphan: true\n---\n# Old\n"})
    update(root=folder)
    (folder / "docs/old.md").unlink()
    update(root=folder)
    assert not po(folder, "old").exists()
    assert "1 removed" in capsys.readouterr().out


def test_a_page_without_a_catalogue_is_missing(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(root=root({"index.md": PAGE})) == 1
    assert "docs/index.md:1: [ja] missing: Home" in capsys.readouterr().out


def test_the_words_of_our_extensions_belong_to_it(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": "# Home\n"})
    module = folder / "crossnotes/sphinxext/marks.py"
    module.parent.mkdir(parents=True)
    module.write_text('_("not run")\n')
    update(root=folder)
    own = module.parent / "locale/ja/LC_MESSAGES/crossnotes.po"
    assert 'msgid "not run"' in own.read_text(encoding="utf-8")
    assert status(root=folder) == 1
    assert "crossnotes/sphinxext/marks.py:1: [ja] missing: not run" in capsys.readouterr().out


def test_our_own_words_are_all_translated() -> None:
    [domain] = own_domain("ja", REPOSITORY)
    assert status_of(domain, "ja").problems == ()


def test_our_own_catalogue_is_as_update_would_write_it() -> None:
    [domain] = own_domain("ja", REPOSITORY)
    catalogue = read(domain.po, "ja")
    assert domain.po.read_text(encoding="utf-8") == text_of(catalogue, "ja")


def test_the_catalogues_of_the_test_site_are_as_update_would_write_them(tmp_path: Path) -> None:
    root = copy_root("site", tmp_path / "root")
    before = {path: path.read_bytes() for path in (root / "locale").rglob("*.po")}
    assert update(root=root) == 0
    assert {path: path.read_bytes() for path in (root / "locale").rglob("*.po")} == before


def test_a_catalogue_that_cannot_be_read_is_said_plainly(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    po(translated).write_text("<<<<<<< HEAD\n" + po(translated).read_text(encoding="utf-8"))
    assert status(root=translated) == 2
    assert "index.po" in capsys.readouterr().err


def test_a_missing_docs_folder_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(root=tmp_path) == 2
    assert status(root=tmp_path) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_message_moved_on_its_page_keeps_its_translation(translated: Path) -> None:
    first = "First sentence of the page.\n\n"
    edit(translated, first, "")
    edit(translated, "Second sentence of the page.\n", f"Second sentence of the page.\n\n{first}")
    assert update(root=translated) == 0
    messages = re.findall(
        r'^msgid "(.+)"', po(translated).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert messages[-2:] == ["Second sentence of the page.", "First sentence of the page."]
    assert status(root=translated) == 0


def test_a_message_moved_to_another_page_keeps_its_translation(translated: Path) -> None:
    edit(translated, "First sentence of the page.\n\n", "")
    other = translated / "docs/other.md"
    other.write_text("---\norphan: true\n---\n# Home\n\nFirst sentence of the page.\n")
    assert update(root=translated) == 0
    assert "訳: First sentence of the page." in po(translated, "other").read_text(encoding="utf-8")
    assert status(root=translated) == 0


def test_a_page_with_a_dot_in_its_name_has_a_catalogue_of_that_name(root: MakeRoot) -> None:
    folder = root({"index.md": PAGE, "release-1.0-notes.md": "---\norphan: true\n---\n# Notes\n"})
    assert update(root=folder) == 0
    names = [path.name for path in po(folder).parent.glob("release-*")]
    assert names == ["release-1.0-notes.po"]


def test_a_page_with_another_name_keeps_its_translation(translated: Path) -> None:
    page = translated / "docs/old.md"
    page.write_text("---\norphan: true\n---\n# Old\n\nOne line of it.\n\nA line with some words.\n")
    update(root=translated)
    old = po(translated, "old")
    text = old.read_text(encoding="utf-8")
    text = text.replace('words."\nmsgstr ""', 'words."\nmsgstr "訳"')
    text = text.replace('of it."\nmsgstr ""', 'of it."\nmsgstr "訳 2"')
    old.write_text(text, encoding="utf-8")
    page.rename(translated / "docs/new.md")
    edit_page(translated / "docs/new.md", "some words", "some more words")
    assert update(root=translated) == 0
    assert not old.exists()
    new = po(translated, "new").read_text(encoding="utf-8")
    assert 'msgid "One line of it."\nmsgstr "訳 2"' in new
    # What also changed is fuzzy, with the old words beside it.
    assert '#| msgid "A line with some words."' in new


def test_the_check_names_the_line_of_the_page_and_of_the_catalogue(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = po(translated).read_text(encoding="utf-8")
    text = text.replace('"訳: Home"', '"ホーム"').replace(
        '"訳: First sentence of the page."', '"一つ目の文です。"'
    )
    text = text.replace('"訳: Second sentence of the page."', '"`x` です。"')
    po(translated).write_text(text, encoding="utf-8")
    assert check(root=translated) == 1
    said = capsys.readouterr().out
    line = text.split("\n").index('msgid "Second sentence of the page."') + 1
    assert "docs/index.md:5: [ja] code: `x` is not in the original" in said
    assert f"catalogue: {po(translated)}:{line}\n" in said
    assert "3 messages, 1 problems: 1 code" in said


PLACES = """\
---
summary: A summary of all.
---
# Home

| A head | Other |
|---|---|
| First cell | Second cell |
| Third cell | Fourth cell |

:::::{tabs}
::::{group-tab} A label
1. An item of it

   A paragraph of the item, which
   goes on.

   ```{note}
   A note in it.
   ```
::::
:::::

```{figure} nothing.svg
:alt: An alternative

A caption
```
"""


def test_each_message_is_named_at_its_line(root: MakeRoot) -> None:
    folder = root({"index.md": PLACES})
    (folder / "docs/nothing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    lines = PLACES.split("\n")
    _count, found = findings("ja", root=folder)
    said = {finding.message: finding.line for finding in found if finding.message}
    assert len(said) == 14
    for message, line in said.items():
        start = "An alternative" if "nothing.svg" in message else message
        assert " ".join(start.split()[:3]) in lines[line - 1], (message, line)


def test_a_catalogue_that_is_not_up_to_date_is_said_so(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    po(translated).write_text(po(translated).read_text(encoding="utf-8") + "\n")
    orphan = po(translated, "gone")
    orphan.write_text(po(translated).read_text(encoding="utf-8"))
    assert check(root=translated) == 1
    said = capsys.readouterr().out
    assert f"{po(translated)}: [ja] catalogue: is not up to date: run `make intl`" in said
    assert f"{orphan}: [ja] catalogue: belongs to a page that is gone" in said


def test_a_comment_of_a_translator_stays_and_is_understood(translated: Path) -> None:
    reason = "日本語では数え方が違うため、ここでは英語の文と同じ数字を使いません。" * 2
    comment = f"# crossnotes: allow numbers: {reason}"
    text = po(translated).read_text(encoding="utf-8")
    text = text.replace("訳: Second sentence of the page.", "これは 2 つ目の文で、7 語です。")
    place = text.rindex("#: docs")
    po(translated).write_text(f"{text[:place]}{comment}\n{text[place:]}", encoding="utf-8")
    update(root=translated)
    written = po(translated).read_text(encoding="utf-8")
    assert reason in written
    update(root=translated)
    assert po(translated).read_text(encoding="utf-8") == written
    _count, found = findings("ja", root=translated)
    assert {finding.gate for finding in found if "Second" in finding.message} == set()


def test_a_glossary_that_cannot_be_read_is_said_plainly(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (translated / "locale/ja/glossary.toml").write_text("[[term]]\n")
    assert check(root=translated) == 2
    assert "glossary.toml: term 1 (without en): en has to be" in capsys.readouterr().err


CODE_PAGE = """\
# Home

Some words.

```python
one = 1  # a comment
```

More words.

```text
two = 2
```
"""

#: What somebody's extension might do to a page in one language only. Blocks that are run are
#: missed by the build itself, those that are only shown are not.
ALTERED = """
def setup(app):
    def alter(app, doctree):
        from docutils import nodes

        found = list(doctree.findall(nodes.literal_block))
        if app.config.language == "ja":
            {what}

    app.connect("doctree-read", alter, priority=900)
"""


def built_with(folder: Path, conf: str = "") -> Path:
    with (folder / "conf.py").open("a", encoding="utf-8") as file:
        file.write(conf)
    assert site.build(root=folder) == 0
    return folder


def test_the_blocks_of_both_languages_are_the_same(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": CODE_PAGE})
    update(root=folder)
    translate(folder)
    built_with(folder)
    assert blocks.check(root=folder) == 0
    assert "2 code blocks, 0 differences" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "found[1].parent.remove(found[1])",
            "index.md:12: [ja] blocks: the block `two = 2` is lost",
        ),
        (
            "found[0].parent.append(nodes.literal_block('new', 'new', language='text'))",
            "[ja] blocks: the block `new` is not on the page that was translated",
        ),
        (
            "found[1].replace_self(nodes.literal_block('2', '2', language='text'))",
            ":12: [ja] blocks: the block `two = 2` is `2` here",
        ),
    ],
)
def test_a_block_that_one_language_has_otherwise_is_named(
    root: MakeRoot, capsys: pytest.CaptureFixture[str], what: str, said: str
) -> None:
    folder = built_with(root({"index.md": CODE_PAGE}), ALTERED.format(what=what))
    assert blocks.check(root=folder) == 1
    assert said in capsys.readouterr().out


def test_a_block_that_was_translated_is_named(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": CODE_PAGE})
    with (folder / "conf.py").open("a", encoding="utf-8") as file:
        file.write('gettext_additional_targets = ["literal-block"]\n')
    update(root=folder)
    edit_page(po(folder), r'"two = 2\n"' + '\nmsgstr ""', r'"two = 2\n"' + '\nmsgstr "two = 3"')
    built_with(folder)
    assert blocks.check(root=folder) == 1
    assert "docs/index.md:12: [ja] blocks: the block `two = 2` is" in capsys.readouterr().out


def test_without_a_build_there_is_nothing_to_compare(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert blocks.check(root=root({"index.md": CODE_PAGE})) == 2
    assert "make html" in capsys.readouterr().err
