"""`make intl`: brings the catalogues up to date with the pages.

A message keeps its translation wherever it goes: to another place on its page, to another page,
or along with a page that gets another name.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from crossnotes import files
from crossnotes.site.project import SiteError, find
from crossnotes.translations.catalogue import (
    Domain,
    domains,
    extract,
    page_catalogues,
    read,
    text_of,
)

#: Share of a page's messages that its catalogue has under the page's old name.
RENAMED = 0.5


class Catalogues:
    """The catalogues on disk, and what they become for the pages as they are now."""

    def __init__(self, found: Iterable[Domain], language: str, root: Path) -> None:
        self.language = language
        self.domains = list(found)
        self.on_disk = page_catalogues(language, root)
        wanted = {domain.po for domain in self.domains}
        #: Catalogues of pages that are gone.
        self.orphans = [po for po in self.on_disk if po not in wanted]
        self.memory = _memory(read(po, language) for po in self.on_disk)

    def text(self, domain: Domain) -> str:
        """A domain's catalogue as it has to be."""
        catalogue = read(self.came_from(domain) or domain.po, self.language)
        previous = {message.id: message.previous_id for message in catalogue}
        catalogue.update(domain.template)
        for message in catalogue:
            # What is fuzzy still keeps its old words, which Babel drops.
            if message.fuzzy and not message.previous_id:
                message.previous_id = previous.get(message.id, [])
        if domain.markdown:
            _recall(catalogue, self.memory)
        return text_of(catalogue, self.language)

    def came_from(self, domain: Domain) -> Path | None:
        """The catalogue that a page had under its old name."""
        if domain.po.exists() or not self.orphans:
            return None
        wanted = {message.id for message in domain.template if message.id}
        shares = {po: len(wanted & _ids(read(po, self.language))) for po in self.orphans}
        best = max(shares, key=lambda po: shares[po])
        return best if shares[best] >= RENAMED * len(wanted) else None


def _ids(catalogue: Catalog) -> set[str]:
    return {str(message.id) for message in catalogue if message.id}


def _memory(catalogues: Iterable[Catalog]) -> Mapping[str, Message]:
    """Every message that some page has translated."""
    found: dict[str, Message] = {}
    for catalogue in catalogues:
        for message in catalogue:
            if message.id and message.string and not message.fuzzy:
                found.setdefault(str(message.id), message)
    return found


def _recall(catalogue: Catalog, memory: Mapping[str, Message]) -> None:
    """Take over what another page has translated."""
    for message in catalogue:
        known = memory.get(str(message.id))
        if known is not None and (not message.string or message.fuzzy):
            message.string = known.string
            message.user_comments = known.user_comments
            message.flags.discard("fuzzy")
            message.previous_id = []


def changes(catalogues: Catalogues) -> dict[Path, str]:
    """The files that are not as they have to be, with what they have to be."""
    texts = {domain.po: catalogues.text(domain) for domain in catalogues.domains}
    return {
        po: text
        for po, text in texts.items()
        if not po.exists() or po.read_text(encoding="utf-8") != text
    }


def update(root: Path = Path()) -> int:
    """Bring all catalogues up to date, print which changed, and return an exit code."""
    try:
        project = find(root)
        pot = extract(root) if project.translations else None
        found = {
            language: Catalogues(domains(language, root, pot), language, root)
            for language in project.translations
        }
        changed = {language: changes(catalogues) for language, catalogues in found.items()}
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for language, catalogues in found.items():
        if problem := _write(catalogues, changed[language]):
            print(problem, file=sys.stderr)
            return 2
        counts = f"{len(changed[language])} updated, {len(catalogues.orphans)} removed"
        print(f"{language}: {len(catalogues.domains)} catalogues, {counts}")
    if not found:
        print(project.alone)
    return 0


def _write(catalogues: Catalogues, changed: Mapping[Path, str]) -> str:
    """Write the catalogues that changed, and take away those of pages that are gone; what could not
    be done, or ""."""
    try:
        for po, text in changed.items():
            files.write(po, text, sync=True)
            print(f"updated {po}")
        # Only now: their translations are in the others.
        for po in catalogues.orphans:
            po.unlink()
            po.with_suffix(".mo").unlink(missing_ok=True)
            print(f"removed {po}")
    except OSError as error:
        return f"{po}: cannot write: {error.strerror}; it is as it was"
    return ""
