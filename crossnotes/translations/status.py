"""`make intl-status`: how far the translation of each page is."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from crossnotes.site.project import SiteError, find
from crossnotes.sphinxext import messages
from crossnotes.translations.catalogue import Domain, domains, extract, own_domain, place_of, read


@dataclass(frozen=True)
class Problem:
    """A message that readers of the translation see in English."""

    path: str
    line: int
    kind: str
    message: str


@dataclass(frozen=True)
class Status:
    """How far the translation of one page is."""

    domain: str
    done: int
    problems: tuple[Problem, ...]

    def count(self, kind: str) -> int:
        return sum(problem.kind == kind for problem in self.problems)

    @property
    def words_left(self) -> int:
        """The words of the messages that are missing or fuzzy."""
        return sum(len(problem.message.split()) for problem in self.problems)


def kind_of_problem(entry: Message | None) -> str | None:
    if entry is None or not entry.string:
        return "missing"
    return "fuzzy" if entry.fuzzy else None


def problems(domain: Domain, catalogue: Catalog) -> Iterator[Problem]:
    for message in domain.template:
        kind = kind_of_problem(catalogue.get(message.id)) if message.id else None
        if kind:
            yield Problem(*place_of(message, domain), kind, str(message.id))


def status_of(domain: Domain, language: str) -> Status:
    found = tuple(problems(domain, read(domain.po, language)))
    total = sum(bool(message.id) for message in domain.template)
    return Status(domain.name, total - len(found), found)


def row(page: Status) -> str:
    counts = (page.done, page.count("fuzzy"), page.count("missing"), page.words_left)
    return "".join(f"{count:7}" for count in counts) + f"       {page.domain}"


def status(root: Path = Path()) -> int:
    """Print what is not translated, language by language and page by page; 1 if anything is missing
    or fuzzy."""
    try:
        project = find(root)
        pot = extract(root) if project.translations else None
        found = {
            language: [status_of(domain, language) for domain in domains(language, root, pot)]
            for language in project.translations
        }
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for language, pages in found.items():
        print(f"{language}\n   done  fuzzy missing words left  page")
        for page in pages:
            print(row(page))
    for language, pages in found.items():
        for problem in (problem for page in pages for problem in page.problems):
            message = " ".join(problem.message.split())
            print(f"{problem.path}:{problem.line}: [{language}] {problem.kind}: {message}")
    for language in project.languages:
        if own := own_words_missing(language, root):
            print(own)
    if not found:
        print(project.alone)
    return int(any(page.problems for pages in found.values() for page in pages))


def own_words_missing(language: str, root: Path) -> str:
    """What Crossnotes itself does not say in a language, or "". In our own repository the catalogue
    of these words is one of those above."""
    if language.partition("_")[0] in ("en", *messages.languages()) or any(
        own_domain(language, root)
    ):
        return ""
    known = ", ".join(["en", *messages.languages()])
    return (
        f"[{language}] what Crossnotes itself says on a page, such as `seen to work on`, is in "
        f"English: it has {known}. The words are in {messages.LOCALE}"
    )
