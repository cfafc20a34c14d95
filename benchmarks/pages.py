"""Writes pages to measure with. Every snippet goes on with the names of the one above it."""

from __future__ import annotations

import shutil
from pathlib import Path

_PROSE = """\
A statement is sent to the server with its **parameters** beside it; see [the index](index.md) and
the attribute `connection.queries`. Long paragraphs like this one take two lines or three, as they
do on real pages, where most of the text is prose.

On a cluster, ids are handed out in ranges, so there are gaps. *Do not* rely on their order.
採番の順序に依存しないでください。

- a point about `transaction.atomic()`
- a point about savepoints
- a point about `SELECT ... FOR UPDATE`

"""

_SYBIL = """\
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

parsers = [PythonCodeBlockParser(), SkipParser()]
pytest_collect_file = Sybil(parsers=parsers, patterns=["*.md"]).pytest()
"""


def write_plain(folder: Path, pages: int, snippets: int) -> None:
    """Pages of plain Python in `folder`/plain/docs, and a conftest.py by which Sybil runs them."""
    docs = _empty(folder / "plain" / "docs")
    for page in range(pages):
        parts = [f"# Page {page}\n\n"]
        total = page
        for number in range(snippets):
            total += sum(range(number + 3))
            code = _plain_code(page, number, total)
            parts.append(f"## Part {number} of page {page}\n\n{_PROSE}```python\n{code}```\n\n")
            if number % 5 == 4:
                parts.append("```sql\nSELECT id, name FROM app_row WHERE id > 1;\n```\n\n")
        (docs / f"page{page:04}.md").write_text("".join(parts), encoding="utf-8")
    (folder / "plain" / "conftest.py").write_text(_SYBIL, encoding="utf-8")


def _plain_code(page: int, number: int, total: int) -> str:
    before = f"total{number - 1}" if number else str(page)
    return (
        f"rows{number} = [{{'id': i, 'name': f'n{{i}}'}} for i in range({number + 3})]\n"
        f"total{number} = sum(row['id'] for row in rows{number}) + {before}\n"
        f"def shown{number}(value):\n"
        "    return f'{value:>8}'.strip()\n"
        f"assert total{number} == {total}\n"
        f"assert shown{number}(total{number}) == '{total}'\n"
    )


def write_orm(folder: Path, pages: int, snippets: int) -> None:
    """Pages whose every snippet inserts a row and selects it, in `folder`/docs."""
    docs = _empty(folder / "docs")
    for page in range(pages):
        parts = [f"# Page {page}\n\n", "```python\nfrom notes.models import Note\n```\n\n"]
        for number in range(snippets):
            text = f"{page}-{number}"
            code = (
                f"Note.objects.create(text='{text}', stars={number})\n"
                f"assert Note.objects.get(text='{text}').stars == {number}\n"
            )
            parts.append(f"## Part {number}\n\n{_PROSE}```python\n{code}```\n\n")
        (docs / f"page{page:04}.md").write_text("".join(parts), encoding="utf-8")


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
