"""What a person reads of a run."""

from crossnotes.result import Failure, Result
from crossnotes.text.report import MOST_LINES, annotation, failure_lines, shortened, table


def failed(failure: Failure | None) -> Result:
    return Result(
        "docs/a.md", 10, 0, "", "python", (), "c", "p", "failed", "the reason", failure=failure
    )


def test_failure_is_its_place_its_code_and_both_sides() -> None:
    failure = Failure(11, "it differs", "1", "2\n")
    assert failure_lines(failed(failure), "x = 1\n  print(x)", 10, "sqlite 3.40.1") == [
        "docs/a.md:11: [sqlite 3.40.1] it differs",
        "    print(x)",
        "    expected: 1",
        "         got: 2",
    ]


def test_sides_of_several_lines_are_a_difference() -> None:
    failure = Failure(10, "it differs", "a\nb", "a\nc")
    assert failure_lines(failed(failure), "code", 10, "sqlite")[2:] == [
        "    expected (-) and got (+):",
        "      a",
        "    - b",
        "    + c",
    ]


def test_side_without_anything_says_so() -> None:
    assert failure_lines(failed(Failure(9, "m", "", "x")), "code", 10, "t")[1:] == [
        "    expected: nothing",
        "         got: x",
    ]


def test_failure_without_more_is_one_line() -> None:
    assert failure_lines(failed(None), "code", 10, "t") == ["docs/a.md:10: [t] the reason"]


def test_long_failure_says_how_much_is_cut() -> None:
    details = tuple(f"line {n}" for n in range(30))
    lines = failure_lines(failed(Failure(10, "m", details=details)), "code", 10, "t")
    assert len(lines) == MOST_LINES
    assert lines[-1] == "    … 21 more lines"
    assert shortened(lines) == lines


def test_endless_line_is_cut_too() -> None:
    lines = failure_lines(failed(Failure(10, "x" * 9999, "a" * 9999, "b")), "c" * 9999, 10, "t")
    assert max(len(line) for line in lines) < 600


def test_table_is_as_wide_as_it_has_to_be() -> None:
    assert table([["sqlite", "1", "0.5"], ["b", "12", "10.0"]], ["target", "n", "s"]) == [
        "target   n     s",
        "sqlite   1   0.5",
        "b       12  10.0",
    ]
    assert table([], ["a", "b"]) == ["a  b"]


def test_annotation_stands_at_the_line_of_its_page() -> None:
    line = annotation("docs/a,b.md", 12, "sqlite 3.40", "100% wrong:\nexpected: 1")
    assert line == (
        "::error file=docs/a%2Cb.md,line=12,title=sqlite 3.40::100%25 wrong:%0Aexpected: 1"
    )


def test_annotation_of_a_whole_run_has_no_place() -> None:
    assert annotation("", 0, "oracle", "no server") == "::error title=oracle::no server"
