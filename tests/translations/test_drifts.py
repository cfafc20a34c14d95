"""Drifts that a script puts into our own translations: each has to be found, at its message."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from crossnotes.translations import glossary as glossaries
from crossnotes.translations.catalogue import Domain, read, text_of
from crossnotes.translations.check import Finding, check_domain

from ..conftest import REPOSITORY
from ..drifts import KINDS, Drift, Entry, drifts

MYST = frozenset({"attrs_block", "attrs_inline", "colon_fence", "deflist", "substitution"})
GLOSSARY = glossaries.read(REPOSITORY / "locale/ja/glossary.toml")

CATALOGUES = {
    "tutorial": (REPOSITORY / "locale/ja/LC_MESSAGES/connect-to-tidb-with-django.po", True),
    "front page": (REPOSITORY / "locale/ja/LC_MESSAGES/index.po", True),
    "own words": (
        REPOSITORY / "crossnotes/sphinxext/locale/ja/LC_MESSAGES/crossnotes.po",
        False,
    ),
}


@cache
def entries(name: str) -> list[Entry]:
    po, _markdown = CATALOGUES[name]
    return [Entry(str(m.id), str(m.string)) for m in read(po, "ja") if m.id]


def domain_of(name: str, changed: Mapping[str, str], folder: Path) -> Domain:
    """A page whose lines are the numbers of its messages, and its catalogue with these changes."""
    po, markdown = CATALOGUES[name]
    template = Catalog()
    for number, entry in enumerate(entries(name), 1):
        template.add(entry.message, locations=[("docs/page.md", number)])
    catalogue = read(po, "ja")
    for message, translation in changed.items():
        catalogue[message].string = translation
    written = folder / "page.po"
    written.write_text(text_of(catalogue, "ja"), encoding="utf-8")
    return Domain("page", template, written, markdown)


def findings(domain: Domain) -> list[Finding]:
    return list(check_domain(domain, "ja", GLOSSARY, MYST))


def together(found: Iterable[Drift]) -> list[dict[str, Drift]]:
    """Drifts of different messages, for one catalogue each: by message."""
    catalogues: list[dict[str, Drift]] = []
    for drift in found:
        for catalogue in catalogues:
            if drift.message not in catalogue:
                catalogue[drift.message] = drift
                break
        else:
            catalogues.append({drift.message: drift})
    return catalogues


@pytest.mark.parametrize("name", CATALOGUES)
def test_drift_is_found_at_its_message_by_its_gate(name: str, tmp_path: Path) -> None:
    messages = [entry.message for entry in entries(name)]
    missed = []
    for changed in together(drifts(entries(name))):
        domain = domain_of(name, {m: d.translation for m, d in changed.items()}, tmp_path)
        found = findings(domain)
        written = domain.po.read_text(encoding="utf-8").split("\n")
        for finding in found:
            drift = changed[messages[finding.line - 1]]  # nothing is said of any other
            assert finding.message == drift.message
            assert written[finding.po_line - 1].startswith("msgid")
        for message, drift in changed.items():
            gates = {finding.gate for finding in found if finding.message == message}
            if drift.gate not in gates:
                missed.append((drift.kind, drift.gate, gates, drift.translation))
    assert not missed, f"{len(missed)} of {len(drifts(entries(name)))}: " + "\n".join(
        map(str, missed)
    )


def test_drifts_are_many_and_each_is_another() -> None:
    found = [(name, drift) for name in CATALOGUES for drift in drifts(entries(name))]
    assert len({(name, d.message, d.translation) for name, d in found}) > 4000
    assert {drift.kind for _name, drift in found} == {kind.__name__ for kind in KINDS}
    gates = Counter(drift.gate for _name, drift in found)
    assert gates.keys() == {
        "characters",
        "code",
        "emphasis",
        "glossary",
        "links",
        "markup",
        "missing",
        "names",
        "numbers",
        "placeholders",
        "punctuation",
        "spacing",
        "tone",
        "untranslated",
    }


@pytest.mark.parametrize("name", CATALOGUES)
def test_nothing_is_found_in_our_own_translations(name: str, tmp_path: Path) -> None:
    assert findings(domain_of(name, {}, tmp_path)) == []
