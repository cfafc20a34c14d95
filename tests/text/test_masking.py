"""Secrets and paths that are masked however they are written, and secrets that cannot be."""

import base64
import html
import json
import pprint
import quopri
import shlex
import sqlite3
import urllib.parse
import xml.sax.saxutils
from collections.abc import Callable
from pathlib import Path

import django
import pytest
from django.utils.html import escape, escapejs, json_script

from crossnotes.text.masking import MASK, Masking, machine_paths

SECRETS = [
    "4f1c9a7be2d84f6c9b3e",
    "p&ss w'o\"r<d>",
    "back\\slash\\\\twice`tick`",
    "100%/of+them=here?#@:;,",
    "日本語のパスワード é",
    "key-🔑-pair$HOME!",
    "'''quotes\"\"\"",
    "tab\tand{brace}[bracket]~^|*",
]


def in_sqlite(text: str) -> str:
    (found,) = sqlite3.connect(":memory:").execute("SELECT quote(?)", (text,)).fetchone()
    return str(found)


def in_mysql(text: str) -> str:
    mysqldb = pytest.importorskip("MySQLdb._mysql")
    return str(mysqldb.escape_string(text.encode()).decode())


def in_postgresql(text: str) -> str:
    sql = pytest.importorskip("psycopg.sql")
    return str(sql.Literal(text).as_string(None))


def in_email(text: str) -> str:
    return quopri.encodestring(text.encode(), quotetabs=True).decode().replace("=\n", "")


WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "ascii": ascii,
    "bytes": lambda text: repr(text.encode()),
    "latin escapes": lambda text: text.encode("unicode_escape").decode(),
    "JSON": json.dumps,
    "JSON in Unicode": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON with slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON in a page": lambda text: str(json_script(text, "id")),
    "Django's HTML": lambda text: str(escape(text)),
    "Django's JavaScript": lambda text: str(escapejs(text)),
    "HTML": html.escape,
    "HTML of XML": xml.sax.saxutils.escape,
    "HTML of Jinja": lambda text: str(pytest.importorskip("markupsafe").escape(text)),
    "HTML with &apos;": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    "HTML in numbers": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "URL": urllib.parse.quote,
    "URL without slashes": lambda text: urllib.parse.quote(text, safe=""),
    "URL in small letters": lambda text: urllib.parse.quote(text, safe="").replace("%2F", "%2f"),
    "form": urllib.parse.quote_plus,
    "URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "shell": shlex.quote,
    "shell with backslashes": lambda text: text.replace("'", "'\\''"),
    "SQL": lambda text: text.replace("'", "''"),
    "SQL in backticks": lambda text: text.replace("`", "``"),
    "SQL's parameters": lambda text: text.replace("%", "%%"),
    "SQLite": in_sqlite,
    "MySQL": in_mysql,
    "PostgreSQL": in_postgresql,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of a URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "HTTP": lambda text: base64.b64encode(f"root:{text}".encode()).decode(),
    "HTTP with another user": lambda text: base64.b64encode(f"user:{text}\n".encode()).decode(),
    "e-mail": in_email,
    "debug page": lambda text: str(escape(pprint.pformat({"PASSWORD": text}, width=500))),
    "repr of JSON": lambda text: repr(json.dumps(text)),
    "JSON of a repr": lambda text: json.dumps(repr(text)),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML of bytes": lambda text: html.escape(repr(text.encode())),
    "exception": lambda text: repr(ValueError(f"{text!r} is wrong")),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", SECRETS)
def test_secret_is_masked_however_it_is_written(way: str, secret: str) -> None:
    written = WAYS[way](secret)
    masking = Masking([secret])
    masked = masking.text(f"before {written} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    around = WAYS[way]("")
    longest = max(secret.replace("\t", " ").split(), key=len)
    if len(longest) >= 6:
        assert longest not in masked
    # Beside the mask, nothing but what is around any text that is written so.
    rest = masked.removeprefix("before ").removesuffix(" after").replace(MASK, "")
    if way not in ("debug page", "exception", "HTTP", "HTTP with another user"):
        assert len(rest) <= len(around) + 8, rest
    assert masking.touches(written)
    assert not masking.touches(masked)


@pytest.mark.parametrize("secret", ["4f1c9a7be2d84f6c9b3e", "for-this-job", "correct horse 9"])
def test_answer_without_a_secret_stays_as_it_is(secret: str) -> None:
    masking = Masking([secret])
    text = "11\n(1, 'for this job')\n4f1c9a7b\nA correct horse\n%2F&amp;\\u0027\n"
    assert masking.text(text) == text
    assert not masking.touches(text)


def test_secret_that_begins_another_leaves_nothing_of_it() -> None:
    masking = Masking(["secret-of-root", "secret-of-root-and-more"])
    assert masking.text("secret-of-root-and-more, secret-of-root") == f"{MASK}, {MASK}"


def test_without_secrets_and_paths_nothing_is_masked() -> None:
    masking = Masking(["", ""])
    assert masking.text("anything") == "anything"
    assert not masking.touches("anything")
    assert masking.problems == []


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("1", "fewer than 6 characters"),
        ("root", "fewer than 6 characters"),
        ("password", "results often contain this word"),
        ("Secret", "results often contain this word"),
        ("select", "results often contain this word"),
        ("ValueError", "results often contain this word"),
        ("20261126", "a number of fewer than 12 digits"),
        ("aaaaaaaa", "repeats one or two characters"),
        ("--------", "repeats one or two characters"),
        ("app-owner", "the name of the user, the host or a database holds it"),
    ],
)
def test_secret_that_cannot_be_masked_is_told_without_it(secret: str, why: str) -> None:
    (problem,) = Masking([secret], ordinary=["app-owner", "db.example"]).problems
    assert why in problem
    assert "token_hex" in problem
    assert secret not in problem.replace("password", "").replace(why, "") or secret == "1"


@pytest.mark.parametrize("secret", ["for-this-job", "4f1c9a", "correct horse", "123456789012"])
def test_secret_that_can_be_masked_is_no_problem(secret: str) -> None:
    assert Masking([secret], ordinary=["root", "127.0.0.1"]).problems == []


PATHS = {"/work/notes": "<project>", "/work/notes/.venv": "<venv>", "/root": "<home>"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/work/notes/docs/a.md", "<project>/docs/a.md"),
        ("in /work/notes.", "in <project>."),
        ("/work/notes/.venv/bin/python", "<venv>/bin/python"),
        ("'\\n/work/notes/x'", "'\\n<project>/x'"),
        ("%2Fwork%2Fnotes%2Fa", "<project>%2Fa"),
        ("&#x2F;work&#x2F;notes", "<project>"),
        ('"\\/work\\/notes\\/a"', '"<project>\\/a"'),
        ("b'/work/notes/a'", "b'<project>/a'"),
        ("/root/.cache", "<home>/.cache"),
        ("/work/notes-2 /work/notesbook /work/notes.old", None),
        ("/mnt/root /roots root", None),
    ],
)
def test_path_of_the_machine_becomes_a_word(text: str, masked: str | None) -> None:
    masking = Masking([], PATHS)
    assert masking.text(text) == (text if masked is None else masked)
    assert masking.touches(text) == (masked is not None)


def test_folder_that_every_machine_has_is_no_path_of_this_one() -> None:
    masking = Masking([], {"/": "<project>", "/tmp": "<tmp>", "/usr/local": "<venv>"})
    assert masking.text("/tmp/a /usr/local/lib /") == "/tmp/a /usr/local/lib /"


def test_paths_of_this_machine_are_known_as_named_and_where_links_lead(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    masking = Masking([], machine_paths(link, tmp_path / "run"))
    assert masking.text(f"{real}/a {link}/b {tmp_path}/run/c") == "<project>/a <project>/b <tmp>/c"
    assert masking.text(f"{django.__file__}") == "<site-packages>/django/__init__.py"


def test_large_output_is_masked_in_no_time() -> None:
    """Nothing is measured: a pattern that looked at each place again and again would hang here."""
    masking = Masking(SECRETS, PATHS)
    parts = ("p&amp;ss ", "\\", "&amp;", "%25", "'", "$", "&#92;", "back\\", "=25", "/work/notes")
    for part in parts:
        text = part * (50_000 // len(part))
        assert ("<project>" in masking.text(text)) == (part == "/work/notes")
