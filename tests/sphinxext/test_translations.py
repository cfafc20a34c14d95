"""crossnotes.translations: catalogues follow the pages, and what is missing is named."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crossnotes import translations

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


def edit(root: Path, old: str, new: str) -> None:
    page = root / "docs/index.md"
    page.write_text(page.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.fixture
def translated(root: MakeRoot) -> Path:
    folder = root({"index.md": PAGE})
    assert translations.update(root=folder) == 0
    translate(folder)
    return folder


def test_update_makes_a_catalogue_in_the_order_of_the_page(translated: Path) -> None:
    messages = re.findall(
        r'^msgid "(.+)"', po(translated).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert messages == ["Home", "First sentence of the page.", "Second sentence of the page."]


def test_a_translated_page_is_green(translated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert translations.status(root=translated) == 0
    assert "3 done    0 fuzzy    0 missing  index" in capsys.readouterr().out


def test_update_changes_nothing_when_nothing_changed(translated: Path) -> None:
    before = po(translated).read_bytes()
    assert translations.update(root=translated) == 0
    assert po(translated).read_bytes() == before


def test_a_line_added_above_changes_nothing_in_the_catalogue(translated: Path) -> None:
    before = po(translated).read_bytes()
    edit(translated, "# Home", "% a comment\n\n# Home")
    translations.update(root=translated)
    assert po(translated).read_bytes() == before


def test_a_catalogue_holds_no_dates(translated: Path) -> None:
    assert "Date" not in po(translated).read_text(encoding="utf-8")


def test_a_new_sentence_is_missing_at_its_page_and_line(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(translated, "Second", "A new and quite different one.\n\nSecond")
    assert translations.status(root=translated) == 1
    said = capsys.readouterr().out
    assert "docs/index.md:5: [ja] missing: A new and quite different one." in said


def test_a_changed_sentence_is_fuzzy_after_an_update_and_keeps_the_old_words(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(translated, "Second sentence", "Second long sentence")
    translations.update(root=translated)
    text = po(translated).read_text(encoding="utf-8")
    assert '#| msgid "Second sentence of the page."' in text
    assert translations.status(root=translated) == 1
    said = capsys.readouterr().out
    assert "docs/index.md:5: [ja] fuzzy: Second long sentence of the page." in said
    assert "2 done    1 fuzzy    0 missing  index" in said


def test_a_sentence_that_is_gone_leaves_the_catalogue(translated: Path) -> None:
    edit(translated, "Second sentence of the page.\n", "")
    translations.update(root=translated)
    assert "Second" not in po(translated).read_text(encoding="utf-8")
    assert translations.status(root=translated) == 0


def test_a_page_that_is_gone_takes_its_catalogue_along(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": PAGE, "old.md": "---\norphan: true\n---\n# Old\n"})
    translations.update(root=folder)
    (folder / "docs/old.md").unlink()
    translations.update(root=folder)
    assert not po(folder, "old").exists()
    assert "1 removed" in capsys.readouterr().out


def test_a_page_without_a_catalogue_is_missing(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert translations.status(root=root({"index.md": PAGE})) == 1
    assert "docs/index.md:1: [ja] missing: Home" in capsys.readouterr().out


def test_the_words_of_our_extensions_belong_to_it(
    root: MakeRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root({"index.md": "# Home\n"})
    module = folder / "crossnotes/sphinxext/marks.py"
    module.parent.mkdir(parents=True)
    module.write_text('_("not run")\n')
    translations.update(root=folder)
    own = module.parent / "locale/ja/LC_MESSAGES/crossnotes.po"
    assert 'msgid "not run"' in own.read_text(encoding="utf-8")
    assert translations.status(root=folder) == 1
    assert "crossnotes/sphinxext/marks.py:1: [ja] missing: not run" in capsys.readouterr().out


def test_our_own_words_are_all_translated() -> None:
    [domain] = translations.own_domain("ja", REPOSITORY)
    assert translations.status_of(domain, "ja").problems == ()


def test_our_own_catalogue_is_as_update_would_write_it() -> None:
    [domain] = translations.own_domain("ja", REPOSITORY)
    catalogue = translations.read(domain.po, "ja")
    assert domain.po.read_text(encoding="utf-8") == translations.text_of(catalogue, "ja")


def test_the_catalogues_of_the_test_site_are_as_update_would_write_them(tmp_path: Path) -> None:
    root = copy_root("site", tmp_path / "root")
    before = {path: path.read_bytes() for path in (root / "locale").rglob("*.po")}
    assert translations.update(root=root) == 0
    assert {path: path.read_bytes() for path in (root / "locale").rglob("*.po")} == before


def test_a_catalogue_that_cannot_be_read_is_said_plainly(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    po(translated).write_text("<<<<<<< HEAD\n" + po(translated).read_text(encoding="utf-8"))
    assert translations.status(root=translated) == 2
    assert "index.po" in capsys.readouterr().err


def test_a_missing_docs_folder_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert translations.update(root=tmp_path) == 2
    assert translations.status(root=tmp_path) == 2
    assert "no such file" in capsys.readouterr().err
