"""The catalogues: brings them up to date with the pages, and says what is not translated.

Two kinds of text are translated: the pages, in locale/LANG, and the words of our own Sphinx
extensions, in crossnotes/sphinxext/locale. A catalogue holds no dates and no line numbers, which
would change with every page and say nothing; lines are reported from the pages as they are now.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, write_po
from sphinx_intl.catalog import (  # type: ignore[import-untyped]
    load_po,
    update_with_fuzzy,
)

from crossnotes.site import SiteError, check, run_sphinx, sphinx

EXTENSIONS = Path("crossnotes/sphinxext")

HEADER = """\
# {language_name} translation of Crossnotes; `make intl` keeps it up to date.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


@dataclass(frozen=True)
class Domain:
    """The messages of one page (or our extensions) as they are now, and their catalogue's file."""

    name: str
    template: Catalog
    po: Path


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


# ---- what there is to translate


def page_domains(language: str, root: Path) -> list[Domain]:
    """Every page, through Sphinx's gettext builder."""
    check(root)
    pot = root / "build" / "gettext"
    shutil.rmtree(pot, ignore_errors=True)  # or the messages of deleted pages stay
    command = sphinx(root, "gettext", pot, root / "build/doctrees/gettext")
    run = run_sphinx(command, root, "en")
    if run.exit_code:
        raise SiteError(run.messages.strip())
    po = root / "locale" / language / "LC_MESSAGES"
    return [page_domain(path, pot, po, root) for path in sorted(pot.rglob("*.pot"))]


def page_domain(path: Path, pot: Path, po: Path, root: Path) -> Domain:
    name = path.relative_to(pot).with_suffix("")
    template = load_po(path)
    for message in template:
        message.locations = [from_root(pot, place, root) for place in message.locations]
    return Domain(str(name), template, po / name.with_suffix(".po"))


def from_root(folder: Path, place: tuple[str, int], root: Path) -> tuple[str, int]:
    """A place in a .pot file, which is relative to its folder, as a path from the root."""
    path = os.path.relpath(folder / place[0], root)
    return Path(os.path.normpath(path)).as_posix(), place[1]


def own_domain(language: str, root: Path) -> Iterator[Domain]:
    """The words of our own extensions, all in one catalogue."""
    folder = root / EXTENSIONS
    if not folder.is_dir():
        return
    template = Catalog()
    found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords={"_": None})
    for name, line, message, _comments, _context in sorted(found, key=lambda each: each[:2]):
        template.add(message, locations=[((EXTENSIONS / name).as_posix(), line)])
    po = folder / "locale" / language / "LC_MESSAGES" / "crossnotes.po"
    yield Domain("crossnotes (our own words)", template, po)


def domains(language: str, root: Path) -> list[Domain]:
    return [*page_domains(language, root), *own_domain(language, root)]


# ---- catalogues


def read(po: Path, language: str) -> Catalog:
    """A catalogue; an empty one when there is none yet."""
    if not po.exists():
        return Catalog(locale=language)
    try:
        catalogue: Catalog = load_po(str(po), abort_invalid=True, locale=language)
    except (PoFileError, UnicodeDecodeError) as error:
        raise SiteError(f"{po}: {error}") from None
    return catalogue


def text_of(catalogue: Catalog, language: str) -> str:
    """A catalogue as it is kept: in the pages' order, one line a message."""
    body = BytesIO()
    write_po(
        body,
        catalogue,
        width=0,
        omit_header=True,
        include_lineno=False,
        include_previous=True,
        ignore_obsolete=True,
    )
    header = HEADER.format(
        language=language,
        language_name=Locale.parse(language).get_language_name("en"),
        plural_forms=get_plural(language).plural_forms,
    )
    return header + body.getvalue().decode().strip() + "\n"


def bring_up_to_date(domain: Domain, language: str) -> bool:
    """Take over the page's messages, keep what is translated; True if the file changed."""
    catalogue = read(domain.po, language)
    update_with_fuzzy(catalogue, domain.template)
    text = text_of(catalogue, language)
    if domain.po.exists() and domain.po.read_text(encoding="utf-8") == text:
        return False
    domain.po.parent.mkdir(parents=True, exist_ok=True)
    domain.po.write_text(text, encoding="utf-8")
    return True


def remove_orphans(found: list[Domain], language: str, root: Path) -> Iterator[Path]:
    """Delete the catalogues of pages that are gone."""
    wanted = {domain.po for domain in found}
    for po in sorted((root / "locale" / language / "LC_MESSAGES").rglob("*.po")):
        if po not in wanted:
            po.unlink()
            po.with_suffix(".mo").unlink(missing_ok=True)
            yield po


# ---- how far the translation is


def kind_of_problem(entry: Message | None) -> str | None:
    if entry is None or not entry.string:
        return "missing"
    return "fuzzy" if entry.fuzzy else None


def problems(domain: Domain, catalogue: Catalog) -> Iterator[Problem]:
    for message in domain.template:
        if not message.id:
            continue
        kind = kind_of_problem(catalogue.get(message.id))
        if kind:
            path, line = message.locations[0] if message.locations else (domain.name, 0)
            yield Problem(path, line, kind, str(message.id))


def status_of(domain: Domain, language: str) -> Status:
    found = tuple(problems(domain, read(domain.po, language)))
    total = sum(bool(message.id) for message in domain.template)
    return Status(domain.name, total - len(found), found)


def statuses(language: str = "ja", root: Path = Path()) -> list[Status]:
    """Each page's status; raises SiteError when the pages can't be read."""
    return [status_of(domain, language) for domain in domains(language, root)]


# ---- commands


def update(language: str = "ja", root: Path = Path()) -> int:
    """Bring all catalogues up to date, print which changed, and return an exit code."""
    try:
        found = domains(language, root)
        changed = [domain.po for domain in found if bring_up_to_date(domain, language)]
        removed = list(remove_orphans(found, language, root))
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for po in changed:
        print(f"updated {po}")
    for po in removed:
        print(f"removed {po}")
    print(f"{len(found)} catalogues, {len(changed)} updated, {len(removed)} removed")
    return 0


def status(language: str = "ja", root: Path = Path()) -> int:
    """Print what is not translated, page by page; 1 if anything is missing or fuzzy."""
    try:
        pages = statuses(language, root)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for page in pages:
        counts = (
            f"{page.done:4} done {page.count('fuzzy'):4} fuzzy {page.count('missing'):4} missing"
        )
        print(f"{counts}  {page.domain}")
    unfinished = [problem for page in pages for problem in page.problems]
    for problem in unfinished:
        message = " ".join(problem.message.split())
        print(f"{problem.path}:{problem.line}: [{language}] {problem.kind}: {message}")
    return 1 if unfinished else 0
