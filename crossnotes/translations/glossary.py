"""The glossary of a language, locale/LANG/glossary.toml: how terms are translated, and why."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crossnotes.translations.words import is_latin, places, tokens

KEYS = ("reason", "forms", "avoid")


class GlossaryError(Exception):
    """A glossary that can't be used; the message names the file and the term."""


@dataclass(frozen=True)
class Term:
    """An English term, the translations that are allowed (the first is the usual one), and why.

    `forms` are other forms of the English term, beside its plural; `avoid` are translations that
    must not be used, whatever the English text says.
    """

    english: str
    translations: tuple[str, ...]
    reason: str
    forms: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()

    @cached_property
    def patterns(self) -> list[list[str]]:
        """The term's forms as tokens, in lower case."""
        forms = [form.lower() for form in (self.english, *self.forms)]
        return [tokens(each) for form in forms for each in (form, *plurals(form))]


def plurals(form: str) -> Iterator[str]:
    yield f"{form}s"
    yield f"{form}es"
    if form.endswith("y"):
        yield f"{form[:-1]}ies"


@dataclass(frozen=True)
class Found:
    """What of the glossary stands in a source text."""

    terms: tuple[Term, ...]
    names: tuple[str, ...]
    #: The tokens that are no part of a name.
    rest: tuple[str, ...]


@dataclass(frozen=True)
class Glossary:
    """Terms, and names that stay as they are. An empty one has no opinion."""

    path: Path
    terms: tuple[Term, ...] = ()
    names: tuple[str, ...] = ()

    @cached_property
    def _names(self) -> Mapping[str, list[tuple[list[str], str]]]:
        """The names by their first token, the longest first."""
        found: dict[str, list[tuple[list[str], str]]] = {}
        for name in sorted(self.names, key=len, reverse=True):
            parts = tokens(name)
            found.setdefault(parts[0], []).append((parts, name))
        return found

    @cached_property
    def _terms(self) -> Mapping[str, list[tuple[list[str], Term]]]:
        """The forms of the terms by their first token, the longest first."""
        found: dict[str, list[tuple[list[str], Term]]] = {}
        every = [(pattern, term) for term in self.terms for pattern in term.patterns]
        for pattern, term in sorted(every, key=lambda item: len(item[0]), reverse=True):
            found.setdefault(pattern[0], []).append((pattern, term))
        return found

    @cached_property
    def avoided(self) -> list[tuple[str, Term, tuple[str, ...]]]:
        """Each translation to avoid, its term, and the allowed ones that contain it."""
        allowed = [form for term in self.terms for form in term.translations]
        return [
            (bad, term, tuple(good for good in allowed if bad in good))
            for term in self.terms
            for bad in term.avoid
        ]

    def find(self, text: str) -> Found:
        """The names and terms of a source text; a longer one hides those inside of it."""
        within = tokens(text)
        names, rest = _take(within, self._names)
        terms, _rest = _take([token.lower() for token in rest], self._terms)
        return Found(tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(names)), tuple(rest))


def _take(
    within: Sequence[str], patterns: Mapping[str, list[tuple[list[str], Any]]]
) -> tuple[list[Any], list[str]]:
    """What stands in a sequence of tokens, and the sequence without it."""
    found, rest, at = [], [], 0
    while at < len(within):
        for pattern, value in patterns.get(within[at], ()):
            if list(within[at : at + len(pattern)]) == pattern:
                found.append(value)
                at += len(pattern)
                # So that nothing is found across the gap.
                rest.append("\n")
                break
        else:
            rest.append(within[at])
            at += 1
    return found, rest


def contains(text: str, name: str) -> bool:
    """Whether a text has a name, and not only inside of a longer word."""
    if name not in text:
        return False
    if not any(map(is_latin, name)):
        return True
    return next(places(tokens(name), tokens(text)), None) is not None


# ---- reading


def read(path: Path, language: str = "ja", source: str = "en") -> Glossary:
    """The glossary of a language for pages written in `source`; the codes of both are keys of a
    term. An empty one where there is no file. Raises GlossaryError."""
    if not path.exists():
        return Glossary(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GlossaryError(f"{path}: cannot read it: {error.strerror}") from None
    except RecursionError:
        raise GlossaryError(f"{path}: not TOML: it is nested too deep") from None
    except ValueError as error:
        raise GlossaryError(f"{path}: not TOML: {error}") from None
    if unknown := sorted(document.keys() - {"names", "term"}):
        raise GlossaryError(f"{path}: unknown key {unknown[0]!r}; known are: names, [[term]]")
    names = _strings(document.get("names", []), f"{path}: names")
    terms = document.get("term", [])
    if not isinstance(terms, list):
        raise GlossaryError(f"{path}: a term is written under [[term]], with two brackets")
    found = [_term(path, number, table, language, source) for number, table in enumerate(terms, 1)]
    _check_unique(path, [term.english.lower() for term in found])
    _check_unique(path, names)
    return Glossary(path, tuple(found), names)


def _term(path: Path, number: int, table: Mapping[str, Any], language: str, source: str) -> Term:
    where = f"{path}: term {number} ({table.get(source, f'without {source}')})"
    keys = (source, language, *KEYS)
    if unknown := sorted(table.keys() - set(keys)):
        raise GlossaryError(f"{where}: unknown key {unknown[0]!r}; known are: {', '.join(keys)}")
    for key in (source, "reason"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise GlossaryError(f"{where}: {key} has to be a text that is not empty")
    translations, forms, avoid = (
        _strings(table.get(key, []), f"{where}: {key}") for key in (language, "forms", "avoid")
    )
    if not translations:
        raise GlossaryError(f"{where}: {language} has to be a list of at least one translation")
    return Term(table[source], translations, table["reason"], forms, avoid)


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise GlossaryError(f"{where} has to be a list of texts that are not empty")
    return tuple(value)


def _check_unique(path: Path, found: Sequence[str]) -> None:
    for each in found:
        if found.count(each) > 1:
            raise GlossaryError(f"{path}: {each!r} is there twice")
