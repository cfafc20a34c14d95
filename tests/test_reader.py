"""Text in, snippets out: the forms of pages/forms.txt, and what cannot be written there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossnotes import config as configuration
from crossnotes import reader
from crossnotes.page import Output, Page, Problem, Snippet
from crossnotes.reader import Dialect
from crossnotes.targets import every_target, releases

from .conftest import PAGES, REPOSITORY

SHOWN = frozenset(["text", "markdown", "html"])
DIALECT = Dialect(SHOWN, frozenset(every_target()), releases=releases())


def cases(path: Path) -> Iterator[tuple[str, str, str]]:
    """Title, input and expected output of a fixture page in markdown-it's style."""
    parts = re.split(r"^\.\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for place in range(0, len(parts) - 1, 3):
        title, text, expected = parts[place : place + 3]
        yield title.strip(), text, expected


FORMS = list(cases(PAGES / "forms.txt"))


def drawn(page: Page) -> str:
    """A page's snippets and problems as the fixture pages write them."""
    lines = []
    for snippet in page.snippets:
        lines += of_snippet(snippet)
    for tab_set in page.tab_sets:
        synced = " (synced)" if tab_set.synced else ""
        lines.append(f"tabs {tab_set.line}: {', '.join(tab_set.labels)}{synced}")
    if page.targets:
        lines.append(f"targets {', '.join(page.targets)}")
    lines += [of_problem(problem) for problem in page.problems]
    return "".join(f"{line}\n" for line in lines)


def of_snippet(snippet: Snippet) -> Iterator[str]:
    head = f"{snippet.line} {snippet.kind}"
    if snippet.language != snippet.kind:
        head += f" ({snippet.language})"
    if snippet.tabs:
        head += f" [{' > '.join(snippet.labels)}]"
    shown = {
        k: v
        for k, v in snippet.options.items()
        if k in reader.SNIPPET_OPTIONS or k not in reader.CODE_BLOCK_OPTIONS
    }
    for name, value in shown.items():
        if name not in ("caption", "dedent", "emphasize-lines"):
            head += f" {name}={value!r}"
    yield head
    yield from (f"| {line}" for line in snippet.code.split("\n"))
    for output in snippet.outputs:
        yield from of_output(output)
    if snippet.problem:
        yield of_problem(snippet.problem)


def of_output(output: Output) -> Iterator[str]:
    head = f"= {output.line}"
    if output.targets:
        head += f" {', '.join(output.targets)}"
    if output.unordered:
        head += " unordered"
    if output.ignore:
        head += f" ignore={', '.join(output.ignore)}"
    yield head
    yield from (f"= | {line}" for line in output.text.split("\n"))


def of_problem(problem: Problem) -> str:
    """Up to where the message says what to do about it."""
    message = re.split(r"; | \(run: |, so it|, which", problem.message)[0]
    return f"! {problem.line}: {message}"


@pytest.mark.parametrize(
    ("text", "expected"), [case[1:] for case in FORMS], ids=[c[0] for c in FORMS]
)
def test_form(text: str, expected: str) -> None:
    assert drawn(reader.parse(text, "docs/a.md", DIALECT)) == expected


def bare(line: str) -> str:
    """A line of a page without what its containers put before it."""
    return re.sub(r"^[>\s]*", "", line).rstrip()


@pytest.mark.parametrize("text", [case[1] for case in FORMS], ids=[case[0] for case in FORMS])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_line_of_code_stands_where_its_snippet_says(text: str, ending: str) -> None:
    lines = text.split("\n")
    page = reader.parse(text.replace("\n", ending), "docs/a.md", DIALECT)
    for snippet in page.snippets:
        for offset, code in enumerate(snippet.code.split("\n")):
            if code:
                # markdown-it reads the `>` of a session as no quote; neither do we.
                assert lines[snippet.line - 1 + offset].endswith(code.lstrip()), snippet
        for output in snippet.outputs:
            assert bare(lines[output.line - 1]) == output.text.split("\n")[0]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_our_own_pages_have_no_problems_and_true_lines(path: Path) -> None:
    shown = configuration.find(REPOSITORY).show_only
    page = reader.read(path, path.name, Dialect(shown, DIALECT.targets, releases=releases()))
    assert page.problems == ()
    lines = path.read_text(encoding="utf-8").split("\n")
    for snippet in page.snippets:
        assert snippet.problem is None
        shown = "```{literalinclude}" if snippet.listing else snippet.code.split("\n")[0]
        assert lines[snippet.line - 1].strip().startswith(shown.strip())


def test_line_endings_of_windows_are_read_as_any_other() -> None:
    for _title, text, expected in FORMS:
        windows = reader.parse(text.replace("\n", "\r\n"), "docs/a.md", DIALECT)
        assert drawn(windows) == expected


def test_byte_order_mark_is_no_part_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf---\ncrossnotes: {targets: [sqlite]}\n---\n```python\na\n```\n")
    page = reader.read(path, "a.md", DIALECT)
    assert page.targets == ("sqlite",)
    assert [(s.line, s.code) for s in page.snippets] == [(5, "a")]


def test_page_that_is_not_utf8_is_one_problem_at_the_byte_that_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("# 見出し\n\n```python\nx = 'あ'\n```\n".encode("shift_jis"))
    assert reader.read(path, "docs/a.md", DIALECT).problems == (
        Problem("docs/a.md", 1, "not UTF-8: byte 0x8c; save the page as UTF-8"),
    )
    for mark in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(mark + b"# a\n\n\xff text\n")
        assert reader.read(path, "docs/a.md", DIALECT).problems == (
            Problem("docs/a.md", 3, "not UTF-8: byte 0xff; save the page as UTF-8"),
        )


def test_page_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    page = reader.read(tmp_path / "none.md", "docs/none.md", DIALECT)
    assert page.problems == (Problem("docs/none.md", 1, "cannot read: No such file or directory"),)
    assert (
        reader.read(tmp_path, "docs", DIALECT).problems[0].message == "cannot read: Is a directory"
    )


def test_snippets_are_numbered_in_reading_order() -> None:
    for _title, text, _expected in FORMS:
        page = reader.parse(text, "docs/a.md", DIALECT)
        assert [s.index for s in page.snippets] == list(range(len(page.snippets)))
        assert [s.line for s in page.snippets] == sorted(s.line for s in page.snippets)


def test_unknown_language_is_told_the_known_ones() -> None:
    (problem,) = reader.parse("```pyhton\n```\n", "a.md", DIALECT).problems
    assert "run: bash, console, dotenv, py, pycon, python" in problem.message
    assert "only shown: html, markdown, text" in problem.message


def test_unknown_option_is_told_the_known_ones() -> None:
    (snippet,) = reader.parse("```{snippet} python\n:x: 1\na\n```\n", "a.md", DIALECT).snippets
    assert snippet.problem is not None
    for option in ("background", "file", "raises", "skip", "targets", "timeout", "xfail"):
        assert option in snippet.problem.message


def test_name_and_targets_are_taken_from_the_options() -> None:
    text = "```{snippet} python\n:name: n\n:targets: sqlite,tidb-dedicated\na\n```\n"
    (snippet,) = reader.parse(text, "a.md", DIALECT).snippets
    assert snippet.name == "n"
    assert snippet.targets == ("sqlite", "tidb-dedicated")


# -- listings -------------------------------------------------------------------------------------

SOURCE = """\
import os

# [start: f]
def f():
    return 1
# [end: f]


class C:
    def g(self):
        return 2
"""


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    (tmp_path / "code.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "page.html").write_text("<p>\n", encoding="utf-8")
    return tmp_path


def listed(folder: Path, options: str, name: str = "code.py") -> Snippet:
    text = f"# Title\n\n```{{literalinclude}} {name}\n{options}```\n"
    page = reader.parse(text, "docs/a.md", DIALECT, folder=folder)
    assert page.problems == ()
    (snippet,) = page.snippets
    return snippet


@pytest.mark.parametrize(
    ("options", "lines", "code"),
    [
        (":start-after: '[start: f]'\n:end-before: '[end: f]'\n", (4, 5), "def f():\n    return 1"),
        (
            ':start-after: "# [start: f]"\n:end-before: "# [end: f]"\n',
            (4, 5),
            "def f():\n    return 1",
        ),
        (":pyobject: C.g\n", (10, 11), "    def g(self):\n        return 2"),
        (":pyobject: C.g\n:dedent:\n", (10, 11), "def g(self):\n    return 2"),
        (":pyobject: C.g\n:dedent: 4\n", (10, 11), "def g(self):\n    return 2"),
        (":lines: 1,4-5\n", (1, 4, 5), "import os\ndef f():\n    return 1"),
        ("", tuple(range(1, 12)), SOURCE.rstrip("\n")),
    ],
)
def test_listing_holds_the_lines_that_it_shows(
    listing: Path, options: str, lines: tuple[int, ...], code: str
) -> None:
    snippet = listed(listing, options)
    assert snippet.problem is None
    assert (snippet.kind, snippet.language, snippet.line) == ("listing", "python", 3)
    assert snippet.listing is not None
    assert snippet.listing.path == listing / "code.py"
    assert snippet.listing.lines == lines
    assert snippet.code == code


def test_listing_may_name_its_language_or_have_it_from_its_file(listing: Path) -> None:
    assert listed(listing, "", "page.html").language == "html"
    assert listed(listing, ":language: text\n").language == "text"


def test_listing_in_an_unknown_language_is_a_problem(listing: Path) -> None:
    text = "```{literalinclude} code.py\n:language: rust\n```\n"
    page = reader.parse(text, "a.md", DIALECT, folder=listing)
    assert page.snippets == ()
    assert "unknown language 'rust'" in page.problems[0].message


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        ("", "none.py", "cannot read none.py: No such file or directory"),
        (":start-after: '[start: g]'\n", "code.py", "no line of code.py contains '[start: g]'"),
        (":pyobject: h\n", "code.py", "code.py defines no h"),
        (":lines: a-b\n", "code.py", ":lines: a-b is not a list of lines"),
        (":elsewhere: return 1\n", "code.py", ":elsewhere: needs a reason"),
        (":startafter: x\n", "code.py", "unknown option 'startafter' of {literalinclude}"),
    ],
)
def test_listing_that_cannot_be_shown_fails_as_its_snippet(
    listing: Path, options: str, name: str, message: str
) -> None:
    snippet = listed(listing, options, name)
    assert snippet.problem is not None
    assert snippet.problem.message.startswith(message)
    assert snippet.problem.page == "docs/a.md"


def test_branch_of_a_listing_may_be_said_to_run_elsewhere(listing: Path) -> None:
    snippet = listed(listing, ":elsewhere: return 1 | the TLS tab runs it\n")
    assert snippet.listing is not None
    assert snippet.listing.elsewhere == {"return 1": "the TLS tab runs it"}


@pytest.mark.parametrize(
    "before",
    [
        "```{literalinclude} code.py\n```",
        "```dotenv\nA=1\n```",
        "```{snippet} python\n:file: a.py\na\n```",
    ],
)
def test_output_of_a_block_that_prints_nothing_is_a_problem(listing: Path, before: str) -> None:
    text = f"{before}\n```{{output}}\n1\n```\n"
    page = reader.parse(text, "a.md", DIALECT, folder=listing)
    line = before.count("\n") + 2
    assert [(p.line, p.message.split(";")[0]) for p in page.problems] == [
        (line, "an {output} of a block that prints nothing")
    ]
