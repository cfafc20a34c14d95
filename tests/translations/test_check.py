"""Comments that silence a gate, and what a finding says."""

import pytest

from crossnotes.translations.check import Finding, pair_of, problems
from crossnotes.translations.glossary import Glossary

from ..conftest import REPOSITORY

GLOSSARY = Glossary(REPOSITORY / "none.toml")


def said(*comments: str, translation: str = "6 個使います。") -> list[tuple[str, str]]:
    pair = pair_of("Take 5 of it.", translation, GLOSSARY, frozenset())
    return list(problems(pair, comments))


def test_a_reason_silences_a_gate() -> None:
    assert {gate for gate, _problem in said()} == {"numbers"}
    assert said("crossnotes: allow numbers: it counts from 0") == []


def test_a_comment_may_be_wrapped_anywhere() -> None:
    assert said("from the author", "crossnotes: allow numbers:", "it counts", "from 0") == []


def test_other_comments_are_for_people() -> None:
    assert {gate for gate, _problem in said("counts from 0")} == {"numbers"}


@pytest.mark.parametrize("comment", ["crossnotes: allow numbers", "crossnotes: allow numbers:  "])
def test_without_a_reason_it_is_wrong_itself(comment: str) -> None:
    found = dict(said(comment))
    assert "gives no reason" in found["comment"]
    assert "numbers" in found


@pytest.mark.parametrize(
    "comment", ["crossnotes: allow spelling: so", "crossnotes: ignore numbers: so", "crossnotes:"]
)
def test_an_unknown_gate_names_the_known_ones(comment: str) -> None:
    assert "numbers, names, glossary" in dict(said(comment))["comment"]


def test_what_is_silenced_for_nothing_is_named() -> None:
    comment = "crossnotes: allow numbers: it counts from 0"
    found = said(comment, translation="5 個使います。")
    assert found == [("comment", "nothing is left for 'numbers' to allow: remove the comment")]


def test_one_comment_silences_one_gate() -> None:
    found = said("crossnotes: allow numbers: it counts from 0", translation="6個使います。")
    assert [gate for gate, _problem in found] == ["spacing"]


def test_a_finding_names_page_and_catalogue() -> None:
    finding = Finding("docs/a.md", 12, "ja", "code", "`x` is lost", "ja/a.po", 34, "Use `x`.", "x")
    assert str(finding).split("\n") == [
        "docs/a.md:12: [ja] code: `x` is lost",
        "    catalogue: ja/a.po:34",
        "    message: Use `x`.",
        "    translation: x",
    ]
