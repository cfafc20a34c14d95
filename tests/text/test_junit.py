"""JUnit XML that any reader of XML can read."""

from collections.abc import Sequence
from xml.etree import ElementTree

from crossnotes.page import Problem
from crossnotes.result import Failure, Result
from crossnotes.text import junit


def result(status: str = "passed", reason: str = "", **more: object) -> Result:
    fields = {"page": "docs/a.md", "line": 10, "index": 3, "name": "", "language": "sql"}
    fields |= {"tab": (), "code_sha256": "", "program_sha256": ""}
    return Result(**fields, status=status, reason=reason, **more)  # type: ignore[arg-type]


def suites(
    *results: Result, problem: str = "", problems: Sequence[Problem] = ()
) -> ElementTree.Element:
    suite = junit.Suite("sqlite", results, 1.5, problem)
    return ElementTree.fromstring("".join(junit.document([suite], problems)))


def test_suite_counts_its_cases() -> None:
    (suite,) = suites(result(), result("failed"), result("excused"), result())
    assert suite.attrib == {
        "name": "sqlite",
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
        "time": "1.500",
    }


def test_case_has_the_file_and_line_of_the_page() -> None:
    failure = Failure(12, "wrong")
    (suite,) = suites(result(seconds=0.25), result("failed", failure=failure))
    assert suite[0].attrib == {
        "classname": "docs/a.md",
        "name": "3: sql [sqlite]",
        "file": "docs/a.md",
        "line": "10",
        "time": "0.2500",
    }
    assert suite[1].attrib["line"] == "12"


def test_case_says_why_it_failed_or_was_not_run() -> None:
    (suite,) = suites(
        result("failed", "it differs", output="a\nb"), result("excused", "no network")
    )
    failure, skipped = suite[0].find("failure"), suite[1].find("skipped")
    assert failure is not None
    assert skipped is not None
    assert (failure.get("message"), failure.text) == ("it differs", "a\nb")
    assert skipped.get("message") == "no network"


def test_target_that_could_not_be_had_is_an_error() -> None:
    (suite,) = suites(problem="cannot connect: \x00 <refused>")
    assert suite.get("errors") == "1"
    error = suite[0].find("error")
    assert error is not None
    assert error.get("message") == "cannot connect:  <refused>"


def test_problems_of_pages_are_failures_of_their_own() -> None:
    _, pages = suites(problems=[Problem("docs/b.md", 7, "unknown language 'x'")])
    assert (pages.get("name"), pages.get("tests"), pages.get("failures")) == ("pages", "1", "1")
    assert (pages[0].get("file"), pages[0].get("line")) == ("docs/b.md", "7")
    assert pages[0][0].get("message") == "unknown language 'x'"


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    text = "".join(map(chr, range(0x20))) + "\ufffe\uffff\ud800é😀"
    (suite,) = suites(result("failed", text, output=text), result("excused", text))
    failure = suite[0].find("failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.split() == ["é😀"]
