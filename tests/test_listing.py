"""Which lines a listing shows: as Sphinx shows them, and at their true numbers."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.config import Config
from sphinx.directives.code import LiteralIncludeReader

from crossnotes import listing
from crossnotes.listing import ListingError

SOURCE = '''\
# [start: head]
"""A module."""

import os


# [start: f]
@os.fspath
def f(a):
    if a:
        return 1
    return 2
# [end: f]


class C:
    # [start: g]
    def g(self):

        return "［全角］"
    # [end: g]

    x = 1
# [end: head]
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def shown_by_sphinx(path: Path, options: dict[str, str]) -> str:
    given: dict[str, object] = dict(options)
    if "dedent" in options:
        given["dedent"] = int(options["dedent"]) if options["dedent"] else None
    text, _count = LiteralIncludeReader(str(path), given, Config()).read(
        location=SimpleNamespace(source=str(path), line=1)
    )
    return text.removesuffix("\n")


CHOICES: list[list[dict[str, str]]] = [
    [{}, {"pyobject": "f"}, {"pyobject": "C"}, {"pyobject": "C.g"}],
    [{}, {"start-after": "[start: f]"}, {"start-at": "def "}, {"start-after": "class"}],
    [{}, {"end-before": "[end: "}, {"end-at": "return"}, {"end-before": "return 2"}],
    [{}, {"lines": "1-3"}, {"lines": "2,4-"}, {"lines": "-2"}, {"lines": "3"}],
    [{}, {"dedent": ""}, {"dedent": "4"}],
]
COMBINED = [
    {key: value for part in parts for key, value in part.items()}
    for parts in itertools.product(*CHOICES)
]


def test_every_choice_of_options_shows_what_sphinx_shows(path: Path) -> None:
    compared = 0
    for options in COMBINED:
        try:
            expected = shown_by_sphinx(path, options)
        except ValueError:
            with pytest.raises(ListingError):
                listing.select(path, options)
            continue
        numbers, text = listing.select(path, options)
        assert text == expected, options
        assert len(numbers) == len(text.split("\n")), options
        compared += 1
    assert compared > 100


def test_lines_are_counted_in_the_file_wherever_the_region_begins(path: Path) -> None:
    lines = SOURCE.splitlines()
    for options in COMBINED:
        if "dedent" in options:
            continue
        try:
            numbers, text = listing.select(path, options)
        except ListingError:
            continue
        assert [lines[number - 1] for number in numbers] == text.split("\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"start-after": "[start: h]"},
            "no line of code.py contains '[start: h]'; it has: # [start: head], # [start: f], "
            "# [end: f], # [start: g], # [end: g], # [end: head]",
        ),
        ({"end-before": "nowhere"}, "no line of code.py contains 'nowhere'; it has: "),
        ({"pyobject": "C.h"}, "code.py defines no C.h"),
        ({"lines": "1-x"}, ":lines: 1-x is not a list of lines such as 1-3,7"),
        ({"lines": "0"}, ":lines: 0 is not a list of lines"),
        ({"lines": "90-"}, ":lines: 90- chooses no line"),
    ],
)
def test_region_that_is_not_there_is_told_what_is(
    path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ListingError) as caught:
        listing.select(path, options)
    assert str(caught.value).startswith(message)


def test_file_without_markers_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "bare.py"
    path.write_text("a = 1\n")
    with pytest.raises(ListingError, match="it has no region markers"):
        listing.select(path, {"start-after": "x"})


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListingError, match=r"cannot read none\.py: No such file"):
        listing.select(tmp_path / "none.py", {})
    (tmp_path / "latin.py").write_bytes(b"# \xe9\n")
    with pytest.raises(ListingError, match=r"latin\.py is not UTF-8"):
        listing.select(tmp_path / "latin.py", {})


def test_object_of_a_file_that_is_not_python_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    with pytest.raises(ListingError, match=r"broken\.py is not Python: .*line 1"):
        listing.select(path, {"pyobject": "f"})


def test_language_is_known_by_the_ending_of_a_file() -> None:
    assert listing.language_of(Path("a/b.py")) == "python"
    assert listing.language_of(Path(".env.example")) == "dotenv"
    assert listing.language_of(Path("Makefile")) == "text"


def test_elsewhere_names_a_statement_and_a_reason() -> None:
    assert listing.elsewhere("") == {}
    assert listing.elsewhere("if ca: | the TLS tab | runs it") == {
        "if ca:": "the TLS tab | runs it"
    }
    with pytest.raises(ListingError, match="needs a reason"):
        listing.elsewhere("if ca:")
