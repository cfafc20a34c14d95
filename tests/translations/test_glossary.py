"""The glossary: reading it, and finding its terms in a text."""

from pathlib import Path

import pytest

from crossnotes.translations.glossary import Glossary, GlossaryError, Term, read

from ..conftest import REPOSITORY

TERM = '[[term]]\nen = "row"\nja = ["行"]\nreason = "so"\n'


def glossary(path: Path, text: str) -> Glossary:
    path.joinpath("glossary.toml").write_text(text, encoding="utf-8")
    return read(path / "glossary.toml")


def test_no_file_has_no_opinion(tmp_path: Path) -> None:
    assert read(tmp_path / "glossary.toml").terms == ()


def test_a_term_with_all_that_it_may_have(tmp_path: Path) -> None:
    found = glossary(tmp_path, TERM + 'forms = ["rowing"]\navoid = ["列"]\n')
    assert found.terms == (Term("row", ("行",), "so", ("rowing",), ("列",)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("term = 1", "[[term]], with two brackets"),
        ("[[term]", "not TOML"),
        ("trem = []", "unknown key 'trem'; known are: names, [[term]]"),
        ("names = [1]", "names has to be a list of texts"),
        (TERM.replace("reason", "why"), "term 1 (row): unknown key 'why'"),
        (TERM.replace('"so"', '" "'), "term 1 (row): reason has to be a text"),
        (TERM.replace('["行"]', '"行"'), "ja has to be a list"),
        (TERM.replace('["行"]', "[]"), "at least one translation"),
        (TERM.replace('en = "row"\n', ""), "term 1 (without en): en has to be a text"),
        (TERM + TERM, "'row' is there twice"),
        ('names = ["Ben", "Ben"]', "'Ben' is there twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(GlossaryError) as caught:
        glossary(tmp_path, text)
    assert said in str(caught.value)
    assert "glossary.toml" in str(caught.value)


def english(found: Glossary, text: str) -> list[str]:
    return [term.english for term in found.find(text).terms]


def test_terms_are_found_in_any_form_but_not_inside_of_words() -> None:
    terms = ("key", "primary key", "query", "index")
    found = Glossary(
        Path("g"), tuple(Term(t, ("x",), "so", ("indices",) * (t == "index")) for t in terms)
    )
    assert english(found, "Primary keys, queries and indices") == ["primary key", "query", "index"]
    assert english(found, "the primary key and a key") == ["primary key", "key"]
    assert english(found, "keyed monkeys of indexing") == []


def test_a_name_hides_the_terms_inside_of_it() -> None:
    found = Glossary(Path("g"), (Term("server", ("x",), "so"),), ("SQL Server", "SQL"))
    assert english(found, "SQL Server of SQL") == []
    assert found.find("SQL Server of SQL").names == ("SQL Server", "SQL")


def test_our_own_can_be_read() -> None:
    found = read(REPOSITORY / "locale/ja/glossary.toml")
    assert {"transaction", "collation"} <= {term.english for term in found.terms}
