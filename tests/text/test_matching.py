"""When what was printed is what the page shows."""

import pytest

from crossnotes.text.matching import Expected, difference, matches, without_columns


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("a", "a"),
        ("a\nb", "a\nb\n"),
        ("a  \nb", "a\nb   "),
        ("a", "a\n\n\n"),
        ("", ""),
        ("", "\n"),
        ("a...c", "abc"),
        ("a\n...\nz", "a\nb\nc\nz"),
        ("Applying ... OK", "Applying notes.0001_initial... OK"),
        ("...", "anything\nat all"),
        ("名前 | ...", "名前 | ハハ"),
        ("red", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("100 %\ndone", " 0 %\r50 %\r100 %\r\ndone\n"),
        ("abd", "xbd\ra"),
        ('File "...", line 3, in f', 'File "a.py", line 7, in f'),
        ("........", "...and so on..."),
    ],
)
def test_output_matches(expected: str, got: str) -> None:
    assert matches(Expected(expected), got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("a", "b"),
        ("a", "A"),
        ("a", "a\nb"),
        ("a\nb", "a"),
        ("a\nb", "b\na"),
        ("a b", "a  b"),
        ("  a", "a"),
        ("a", ""),
        ("", "a"),
        ("1", "True"),
        ("True", "1"),
        ("a...c", "ab"),
        ("a...b...c", "acb"),
        ("...and so on", "...and so forth"),
        ('File "b.py", line 3', 'File "b.py", line 7'),
    ],
)
def test_output_differs(expected: str, got: str) -> None:
    assert not matches(Expected(expected), got)


@pytest.mark.parametrize(
    ("expected", "got", "right"),
    [
        ("a\nb", "b\na", True),
        ("a\na\nb", "a\nb\na", True),
        ("a\na\nb", "a\nb\nb", False),
        ("a\nb", "a\nb\nc", False),
        ("a\nb\nc", "a\nb", False),
        ("x...\nxa", "xa\nxb", True),
        ("...\nb", "b\nanything", True),
    ],
)
def test_unordered_lines_each_have_a_partner(expected: str, got: str, right: bool) -> None:
    assert matches(Expected(expected, unordered=True), got) is right


def test_ignored_columns_may_hold_anything() -> None:
    expected = Expected("id | name\n1 | a\n2 | b", ignore=("id",))
    assert matches(expected, "id | name\n30001 | a\n30002 | b")
    assert not matches(expected, "id | name\n30001 | a\n30002 | c")


def test_ignored_columns_and_any_order_go_together() -> None:
    expected = Expected("id | name\n1 | a\n2 | b", unordered=True, ignore=("id",))
    assert matches(expected, "id | name\n8 | b\n9 | a")
    assert not matches(expected, "id | name\n8 | b\n9 | b")


def test_columns_are_taken_out_by_name_and_short_rows_stay() -> None:
    lines = ["id | name | at", "1 | a | now", "no table"]
    assert without_columns(lines, ["id", "at"]) == ["name", "a", ""]
    assert without_columns(lines, ["other"]) == lines
    assert without_columns([], ["id"]) == []


def test_difference_shows_lines_of_both_sides() -> None:
    assert difference("a\nb\nc", "a\nx\nc\n") == ["  a", "- b", "+ x", "  c"]


def test_difference_of_long_outputs_is_shown_around_the_first() -> None:
    same = [f"same {n}" for n in range(2000)]
    expected = "\n".join([*same, *(f"row {n} | name {n}" for n in range(2000))])
    got = "\n".join([*same, *(f"row {n} | name {n + 1}" for n in range(2000))])
    lines = difference(expected, got)
    assert lines[:5] == [
        "  …",
        "  same 1998",
        "  same 1999",
        "- row 0 | name 0",
        "+ row 0 | name 1",
    ]
    assert lines[-1] == "  …"
