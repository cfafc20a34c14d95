"""A catalogue that is broken as a file is named at its line, with its page."""

from pathlib import Path

import pytest

from crossnotes.site.project import SiteError
from crossnotes.translations.catalogue import read
from crossnotes.translations.po import Fault, fault

GOOD = """\
# A catalogue.
msgid ""
msgstr ""
"Language: ja\\n"

#: docs/a.md
msgid "First sentence."
msgstr "最初の文です。"

#: docs/b.md
#| msgid "An older one."
#, fuzzy
msgid "Second sentence."
msgstr ""
"2 番目の文は "
"\\"長い\\" です。"

#~ msgid "Gone"
#~ msgstr "なし"
"""
CONFLICT = """\
<<<<<<< HEAD
msgstr "最初の文です。"
=======
msgstr "一番目の文です。"
>>>>>>> other"""


def test_good_catalogue_has_no_fault() -> None:
    assert fault(GOOD.encode()) is None
    assert fault(GOOD.replace("\n", "\r\n").encode()) is None
    assert fault(b"") is None


@pytest.mark.parametrize(
    ("data", "line", "page", "message"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode(), 1, "", "begins with a byte order mark"),
        (GOOD.encode("shift_jis"), 8, "docs/a.md", "not UTF-8: byte 0x8d"),
        (
            GOOD.replace('msgstr "最初の文です。"', CONFLICT).encode(),
            8,
            "docs/a.md",
            "two versions of this catalogue were not merged",
        ),
        (
            f'{GOOD}\n#: docs/c.md\nmsgid "First "\n"sentence."\nmsgstr ""\n'.encode(),
            22,
            "docs/c.md",
            "the message of line 7 is here again",
        ),
        (
            GOOD.replace('文です。"', "文です。").encode(),
            8,
            "docs/a.md",
            "not a line of a catalogue",
        ),
        (GOOD.replace("msgid ", "msgidd ").encode(), 2, "", "not a line of a catalogue"),
    ],
)
def test_fault_is_named_at_its_line(
    tmp_path: Path, data: bytes, line: int, page: str, message: str
) -> None:
    found = fault(data)
    assert found is not None
    assert (found.line, found.page, found.message[: len(message)]) == (line, page, message)
    po = tmp_path / "a.po"
    po.write_bytes(data)
    with pytest.raises(SiteError, match=f"a.po:{line}: {message}"):
        read(po, "ja")


def test_message_in_another_context_is_another() -> None:
    more = 'msgctxt "menu"\nmsgid "First sentence."\nmsgstr ""\n'
    assert fault(f"{GOOD}\n{more}".encode()) is None
    assert fault(f"{GOOD}\n{more}\n{more}".encode()) == Fault(
        26, "the message of line 22 is here again; keep one of the two", "docs/b.md"
    )
