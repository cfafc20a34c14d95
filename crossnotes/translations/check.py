"""`make intl-check`: every message through every gate, and the code of the pages.

A gate is silenced for one message by a comment above it in the catalogue, with the reason:

    # crossnotes: allow numbers: the original counts from 0
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message

from crossnotes import dialects
from crossnotes.site.project import SiteError, find
from crossnotes.translations import glossary as glossaries
from crossnotes.translations.catalogue import (
    Domain,
    domains,
    extract,
    hand_kept_domains,
    place_of,
    read,
)
from crossnotes.translations.gates import GATES, Pair, gates_for
from crossnotes.translations.glossary import Glossary, GlossaryError
from crossnotes.translations.markup import Markup, markup, plain_text
from crossnotes.translations.status import kind_of_problem
from crossnotes.translations.update import Catalogues, changes

COMMENT = "crossnotes:"
#: What is wrong with a message that has no translation to look at.
UNFINISHED = {
    "missing": "has no translation: write one",
    "fuzzy": "has the translation of an older text: bring it up to date and take out `fuzzy`",
}


@dataclass(frozen=True)
class Finding:
    """What a gate says of a message: where it is on the page and in the catalogue, what is wrong
    and what to do. A line is 0 where there is none."""

    path: str
    line: int
    language: str
    gate: str
    problem: str
    po: str = ""
    po_line: int = 0
    message: str = ""
    translation: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        text = [f"{where}: [{self.language}] {self.gate}: {self.problem}"]
        if self.po:
            place = f"{self.po}:{self.po_line}" if self.po_line else self.po
            text.append(f"    catalogue: {place}")
        if self.message:
            text.append(f"    message: {_one_line(self.message)}")
        if self.translation:
            text.append(f"    translation: {_one_line(self.translation)}")
        return "\n".join(text)


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")


# ---- one message


@dataclass(frozen=True)
class Allowed:
    """A comment that allows what a gate found, or what is wrong with the comment."""

    gate: str
    problem: str = ""


def allowances(comments: Iterable[str]) -> Iterator[Allowed]:
    """The comments of a message that are for the gates."""
    for comment in _comments_for_gates(comments):
        words = comment.removeprefix(COMMENT).strip()
        allow, _, rest = words.partition(" ")
        gate, _, reason = rest.partition(":")
        if allow != "allow" or gate.strip() not in GATES:
            known = ", ".join(GATES)
            usage = f"`# {COMMENT} allow GATE: reason`, with one of {known}"
            yield Allowed("", f"the comment {comment!r} is not {usage}")
        elif not reason.strip():
            yield Allowed(gate.strip(), f"the comment {comment!r} gives no reason: add it")
        else:
            yield Allowed(gate.strip())


def _comments_for_gates(lines: Iterable[str]) -> list[str]:
    """The comments with our name, each in one line: catalogues wrap them."""
    found: list[str] = []
    for line in lines:
        if line.strip().startswith(COMMENT):
            found.append(line.strip())
        elif found:
            found[-1] += f" {line.strip()}"
    return found


def problems(pair: Pair, comments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(gate, what is wrong) for a translated message, without what its comments allow."""
    allowed = list(allowances(comments))
    unused = {each.gate for each in allowed if not each.problem}
    for each in allowed:
        if each.problem:
            yield "comment", each.problem
    silent = frozenset(unused)
    for name, gate in gates_for(pair.language).items():
        for problem in gate(pair):
            unused.discard(name)
            if name not in silent:
                yield name, problem
    for gate_name in sorted(unused):
        yield "comment", f"nothing is left for {gate_name!r} to allow: remove the comment"


def pair_of(
    message: str,
    translated: str,
    glossary: Glossary,
    extensions: frozenset[str] | None,
    language: str = "ja",
) -> Pair:
    """A message with its translation, taken apart with these extensions of MyST, or as plain text
    where they are None."""

    def apart(text: str) -> Markup:
        return plain_text(text) if extensions is None else markup(text, extensions)

    return Pair(message, translated, apart(message), apart(translated), glossary, language)


# ---- everything


def check_domain(
    domain: Domain, language: str, glossary: Glossary, extensions: frozenset[str]
) -> Iterator[Finding]:
    """What is wrong with the translation of a page."""
    catalogue = read(domain.po, language)
    for message in domain.template:
        if not message.id:
            continue
        entry = catalogue.get(message.id)
        markup_of = extensions if domain.markdown else None
        for gate, problem in _problems(message, entry, glossary, markup_of, language):
            yield Finding(
                *place_of(message, domain),
                language,
                gate,
                problem,
                str(domain.po),
                (entry.lineno or 0) if entry else 0,
                str(message.id),
                str(entry.string or "") if entry else "",
            )


def _problems(
    message: Message,
    entry: Message | None,
    glossary: Glossary,
    extensions: frozenset[str] | None,
    language: str,
) -> Iterator[tuple[str, str]]:
    unfinished = kind_of_problem(entry)
    if entry is None or unfinished:
        yield unfinished or "missing", UNFINISHED[unfinished or "missing"]
        return
    pair = pair_of(str(message.id), str(entry.string), glossary, extensions, language)
    yield from problems(pair, entry.user_comments)


def out_of_date(found: list[Domain], language: str, root: Path) -> Iterator[Finding]:
    """Catalogues that `make intl` would change."""
    catalogues = Catalogues(found, language, root)
    for po in changes(catalogues):
        yield Finding(str(po), 0, language, "catalogue", "is not up to date: run `make intl`")
    for po in catalogues.orphans:
        what = "belongs to a page that is gone: run `make intl`, which removes it"
        yield Finding(str(po), 0, language, "catalogue", what)


def findings(
    language: str, root: Path = Path(), pot: Path | None = None
) -> tuple[int, list[Finding]]:
    """How many messages there are, and what is wrong with their translations.

    Raises SiteError when the pages or catalogues can't be read, GlossaryError for the glossary.
    """
    project = find(root)
    glossary = glossaries.read(
        project.locale / language / "glossary.toml", language, project.language
    )
    try:
        extensions = dialects.myst_of(project.conf).extensions
    except dialects.ConfError as error:
        raise SiteError(str(error)) from None
    generated = domains(language, root, pot)
    every = [*generated, *hand_kept_domains(language, root)]
    found = [
        finding
        for domain in every
        for finding in check_domain(domain, language, glossary, extensions)
    ]
    found += out_of_date(generated, language, root)
    return sum(bool(message.id) for domain in every for message in domain.template), found


def check(root: Path = Path()) -> int:
    """Print what is wrong with the translations; 1 if anything is, 2 if that can't be told."""
    code = 0
    try:
        project = find(root)
        pot = extract(root) if project.translations else None
        for language in project.translations:
            count, found = findings(language, root, pot)
            code = max(code, _report(language, count, found))
    except (SiteError, GlossaryError) as error:
        print(error, file=sys.stderr)
        return 2
    if not project.translations:
        print(project.alone)
    return code


def _report(language: str, count: int, found: Sequence[Finding]) -> int:
    for finding in found:
        print(finding)
    by_gate = Counter(finding.gate for finding in found)
    counts = ", ".join(f"{number} {gate}" for gate, number in by_gate.items())
    print(
        f"{language}: {count} messages, {len(found)} problems" + (f": {counts}" if counts else "")
    )
    if by_gate.keys() & GATES.keys():
        print("To allow a message as it is, add a comment: `# crossnotes: allow GATE: reason`")
    return 1 if found else 0
