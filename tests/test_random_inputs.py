"""Pages, settings and catalogues made at random from pieces that are nearly right: whatever they
are, they are read or told what is wrong, and in no long time.

A part of them runs here. As many as you like, and other ones: CROSSNOTES_FUZZ=10000 and
CROSSNOTES_FUZZ_SEED=7 before `.venv/bin/python -m pytest -n 0 tests/test_random_inputs.py`.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crossnotes import config, dialects
from crossnotes.reader import Dialect, read
from crossnotes.run.dotenv import DotenvError, live
from crossnotes.site.project import SiteError, stated
from crossnotes.targets import every_target
from crossnotes.translations import catalogue, glossary
from crossnotes.translations.glossary import GlossaryError

#: Read when tests are collected; no test sees a variable with this beginning.
COUNT = int(os.environ.get("CROSSNOTES_FUZZ", "400"))
SEED = int(os.environ.get("CROSSNOTES_FUZZ_SEED", "1"))

#: Seconds of work, and of waiting on a machine that others use too, that are a hang for one input.
LIMIT, WAITED = 5, 120

PAGES = """\
---
crossnotes: {targets: [sqlite], fixtures: [a]}
substitutions: {block: "```python\\nx = 1\\n```"}
myst: {substitutions: {a: "{{ b }}", b: "{{ a }}"}}
aliases: [/old]
---
# Heading
(label)=
{#id .class}
```python
>>> print(1 + 1)
2
```
```{snippet} python
:name: first
:targets: sqlite, postgresql
:timeout: 5
:skip: a reason
```{output}
:unordered:
:ignore: a b
1 | 2
:::::{tabs}
::::{group-tab} SQLite
::::{tab} macOS
:::{code-tab} python SQLite
:::::
::::
:::
```{literalinclude} a.md
:start-after: "[start: a]"
:lines: 1-3,7-
:pyobject: a.b
:dedent: 4
```{include} a.md
:start-line: -3
:code: python
```{eval-rst}
.. code-block:: python

   x = 1
```{compare} first second
```{sequence}
```{matrix}
{{ block }}
{{ a | replace("x", "y") * 99 }}
| a | b |
|---|---|
> - ```sql
>   SELECT 1;
1. item
term
: definition
[^1]: note
<!-- comment
$$
% comment
+++
    indented
~~~~console
$ python manage.py migrate
mysql> SELECT 1;
~~~~
""".splitlines()

SETTINGS = """\
[tool.crossnotes]
[tool.crossnotes.tabs]
[tool.crossnotes.elsewhere]
[tool.crossnotes.connection]
[[tool.crossnotes.tabs]]
[tool]
pages = ["docs"]
django = "snippets"
settings = "a.settings"
dotenv = ["A", "B"]
show-only = ["text"]
tabs = {A = "sqlite"}
"SQLite" = "sqlite"
"macOS" = "not run here"
A = "host"
a.b.c = 1
d = 1979-05-27T07:32:00Z
f = 1e999
n = nan
x = [[[[]]]]
y = {z = {z = {z = 1}}}
s = '''
t = \"\"\"
names = ["Django"]
[[term]]
en = "page"
ja = ["ページ"]
avoid = ["頁"]
""".splitlines()

CATALOGUES = """\
msgid ""
msgstr ""
"Language: ja\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Type: text/plain; charset=euc_jp\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Plural-Forms: nplurals=9; plural=n*n;\\n"
"POT-Creation-Date: 2026-11-26 10:00+0900\\n"

#: docs/index.md:3
#, fuzzy
#, python-format
#| msgid "before"
#~ msgid "gone"
#~ msgstr "なくなった"
# crossnotes: allow numbers: the reason
msgctxt "where"
msgid "A sentence of %d words."
msgid_plural "Sentences"
msgstr "文です。"
msgstr[0] "文"
msgstr[9] "文"
"more\\n"
"open
msgid "same"
msgid "same"
""".splitlines()

CONF = """\
crossnotes_languages = {"en": "English", "ja": "日本語"}
crossnotes_languages = dict()
crossnotes_languages = {"en": 1}
crossnotes_languages = {"../..": "x"}
crossnotes_languages: dict = {}
crossnotes_languages = {**{}}
crossnotes_languages = {1: 2} | 3
import os
x = (
""".splitlines()

DOTENV = ["A='b'", "A", "export A=b", "A=${B}", "=b", "'", 'A="', "A=b # c", "A: b", "A='b' c"]

ODD = [
    *("\0", "\r", "\x0c", "\u2028", "\ufeff", "\x85", "\t", "\x1a", "🔑", "日本語", "\ud800"),
    *("`" * 40, ":" * 40, "[" * 400, "{" * 400, ">" * 400, "- " * 200, "  " * 300, "(" * 400),
    *("%s", "{{", "}}", "{%", "---", "...", "\\", "&a *a", "!!python/object:os.system x", "<<: *x"),
    *("9" * 400, "-1", "0x", "1e400", "null", "true", "~", "? ", "|", ">-", "a" * 5000),
]


def made(pieces: list[str], random: random.Random) -> bytes:
    """A text of pieces: some repeated, nested, cut or with something odd in them."""
    lines = [random.choice(pieces) for _line in range(random.randrange(1, 40))]
    for number in range(len(lines)):
        dice = random.random()
        if dice < 0.08:
            at = random.randrange(len(lines[number]) + 1)
            lines[number] = lines[number][:at] + random.choice(ODD) + lines[number][at:]
        elif dice < 0.12:
            lines[number] = lines[number][: random.randrange(len(lines[number]) + 1)]
        elif dice < 0.16:
            lines[number] = random.choice(["  ", "> ", "- ", "    ", "\t"]) + lines[number]
        elif dice < 0.17:
            lines[number] = "\n".join([lines[number]] * random.choice([2, 30, 300]))
    text = random.choice(["\n", "\n", "\n", "\r\n"]).join(lines) + "\n"
    data = text.encode("utf-8", "surrogatepass" if random.random() < 0.5 else "replace")
    if random.random() < 0.1:
        data = data[: random.randrange(len(data) + 1)]
    if random.random() < 0.05:
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.randbytes(3) + data[at:]
    return data


class TooLongError(Exception):
    """One input took longer than the limit."""


@contextmanager
def limit() -> Iterator[None]:
    def over(number: int, frame: object) -> None:
        raise TooLongError

    before = [signal.signal(number, over) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    signal.alarm(WAITED)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before[0])
        signal.signal(signal.SIGALRM, before[1])


def told(error: Exception, path: Path) -> None:
    """An error names the file."""
    assert str(path) in str(error)


# -- what reads them ------------------------------------------------------------------------------


def as_page(folder: Path, data: bytes) -> None:
    path = folder / "a.md"
    path.write_bytes(data)
    dialect = Dialect(config.Config(folder).show_only, frozenset(every_target()))
    page = read(path, "docs/a.md", dialect)
    lines = data.count(b"\n") + data.count(b"\r") + 2
    for problem in page.problems:
        assert problem.page, problem
        assert 1 <= problem.line <= max(lines, 1) + 1, problem
    for snippet in page.snippets:
        assert snippet.line >= 1


def as_settings(folder: Path, data: bytes) -> None:
    (folder / config.FILE).write_bytes(data)
    try:
        found = config.find(folder)
    except config.ConfigError as error:
        told(error, folder / config.FILE)
    else:
        assert config.as_text(found)


def as_glossary(folder: Path, data: bytes) -> None:
    path = folder / "glossary.toml"
    path.write_bytes(data)
    try:
        glossary.read(path).find("A page of Django")
    except GlossaryError as error:
        told(error, path)


def as_catalogue(folder: Path, data: bytes) -> None:
    path = folder / "a.po"
    path.write_bytes(data)
    try:
        found = catalogue.read(path, "ja")
    except SiteError as error:
        told(error, path)
    else:
        assert catalogue.text_of(found, "ja").endswith("\n")


def as_conf(folder: Path, data: bytes) -> None:
    path = folder / "conf.py"
    path.write_bytes(data)
    try:
        assert stated(path) is None or stated(path)
    except SiteError as error:
        told(error, path)


def as_cache(folder: Path, data: bytes) -> None:
    """What stands where Sphinx's answer is kept: never believed, never an error."""
    path = folder / "myst.json"
    path.write_bytes(data)
    dialects._read(path)


def as_dotenv(folder: Path, data: bytes) -> None:
    try:
        live(data.decode("utf-8", "replace"), 1, {"A": "host"}, {"B"}, {"host": "h'\\"})
    except DotenvError as error:
        lines = [error.failure.line]
    else:
        lines = [1]
    assert lines[0] >= 1


CACHES = ['{"extensions": []', ', "directives": {}', ', "substitutions": {}', "}", "[1]", "null"]
KINDS: dict[str, tuple[Callable[[Path, bytes], None], list[str], int]] = {
    "pages": (as_page, PAGES, 10),
    "settings": (as_settings, SETTINGS, 4),
    "glossaries": (as_glossary, SETTINGS, 2),
    "catalogues": (as_catalogue, CATALOGUES, 5),
    "conf.py": (as_conf, CONF, 1),
    "caches": (as_cache, CACHES, 1),
    "dotenv": (as_dotenv, DOTENV, 2),
}
WEIGHTS = sum(weight for _read, _pieces, weight in KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_input_made_at_random_is_read_or_told(kind: str, tmp_path: Path) -> None:
    reads, pieces, weight = KINDS[kind]
    numbers = random.Random(f"{SEED} {kind}")
    failed = []
    for number in range(max(1, COUNT * weight // WEIGHTS)):
        data = made(pieces, numbers)
        try:
            with limit():
                reads(tmp_path, data)
        except (Exception, RecursionError) as error:
            failed.append((number, repr(error)[:300], data[:2000]))
    assert not failed, f"{len(failed)} of them: {failed[:3]}"
