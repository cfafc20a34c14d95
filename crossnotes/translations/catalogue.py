"""What there is to translate, and the catalogues that hold the translations.

Two kinds of text are translated: the pages, in locale/LANG, and, in our own repository, the words
of our Sphinx extensions, in crossnotes/sphinxext/locale. A catalogue holds no dates and no line
numbers, which would change with every page and say nothing; lines are reported from the pages as
they are now.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, denormalize, write_po
from sphinx_intl.catalog import load_po  # type: ignore[import-untyped]

from crossnotes import files
from crossnotes.site.build import check, in_short, run_sphinx, sphinx
from crossnotes.site.project import SiteError, find
from crossnotes.translations.po import fault

EXTENSIONS = (Path("crossnotes/sphinxext"), Path("crossnotes/site"))
#: Calls that say a word, and which argument of them it is.
CALLS = {"_": None, "said_in": (2,)}
#: The catalogue of their words.
OWN = "crossnotes"

#: Words by which a message is known on its page, and how many lines below the line that Sphinx
#: says it is looked for.
FIRST_WORDS = 3
FURTHEST = 60

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
    #: Whether the messages are Markdown: those of pages are, those of our extensions are not.
    markdown: bool = True


# ---- what there is to translate


def extract(root: Path) -> Path:
    """The folder with the messages of every page, through Sphinx's gettext builder. Raises
    SiteError, of a catalogue that cannot be read too: before Sphinx, which takes its time."""
    project = check(root)
    for language in project.translations:
        for path in page_catalogues(language, root):
            read(path, language)
    pot = root / "build" / "gettext"
    shutil.rmtree(pot, ignore_errors=True)  # or the messages of deleted pages stay
    command = sphinx(project, "gettext", pot, root / "build/doctrees/gettext")
    run = run_sphinx(command, project, project.language)
    if run.exit_code:
        raise SiteError(in_short(run.messages).strip())
    if not (pot / "index.pot").is_file():
        # Such as where conf.py ends the process: every catalogue would be taken for one of a page
        # that is gone.
        raise SiteError(f"{project.source}: Sphinx ended without an error and found no messages")
    return pot


def page_domains(language: str, root: Path, pot: Path | None = None) -> list[Domain]:
    """Every page, by what `extract` found, which is asked where nobody did. Raises SiteError."""
    pot = extract(root) if pot is None else pot
    po = find(root).locale / language / "LC_MESSAGES"
    return [page_domain(path, pot, po, root) for path in sorted(pot.rglob("*.pot"))]


def page_domain(path: Path, pot: Path, po: Path, root: Path) -> Domain:
    name = path.relative_to(pot)
    template = load_po(path)
    lines: dict[str, list[str]] = {}
    for message in template:
        places = [from_root(pot, place, root) for place in message.locations]
        for page, _line in places:
            if page not in lines:
                lines[page] = read_lines(root / page)
        message.locations = [
            (page, line_of(str(message.id), line, lines[page])) for page, line in places
        ]
    return Domain(str(name.with_suffix("")), template, po / name.with_suffix(".po"))


def from_root(folder: Path, place: tuple[str, int], root: Path) -> tuple[str, int]:
    """A place in a .pot file, which is relative to its folder, as a path from the root."""
    path = os.path.relpath(folder / place[0], root)
    return Path(os.path.normpath(path)).as_posix(), place[1]


def read_lines(page: Path) -> list[str]:
    return page.read_text(encoding="utf-8").splitlines() if page.is_file() else []


def line_of(message: str, line: int, lines: list[str]) -> int:
    """The line on which a message begins: the one that Sphinx says, the one above it, which is a
    tab's, or one below, since Sphinx may say the head of the message's table."""
    start = " ".join(message.split()[:FIRST_WORDS])
    nearby: list[int] = [line, line - 1, *range(line + 1, line + FURTHEST)]
    for at in nearby:
        if 0 < at <= len(lines) and start in " ".join(lines[at - 1].split()):
            return at
    return line


def own_domain(language: str, root: Path) -> Iterator[Domain]:
    """The words of our own extensions, all in one catalogue."""
    template = Catalog()
    for folder in EXTENSIONS:
        if (root / folder).is_dir():
            found = extract_from_dir(
                root / folder, method_map=[("**.py", "python")], keywords=CALLS
            )
            for name, line, message, _comments, _context in sorted(found, key=lambda e: e[:2]):
                template.add(message, locations=[((folder / name).as_posix(), line)])
    if len(template):
        po = root / EXTENSIONS[0] / "locale" / language / "LC_MESSAGES" / f"{OWN}.po"
        yield Domain("crossnotes (our own words)", template, po, markdown=False)


def hand_kept_domains(language: str, root: Path) -> Iterator[Domain]:
    """Catalogues beside that of our own words: what others' catalogues lack. No code has their
    messages, so they are what they say."""
    folder = root / EXTENSIONS[0] / "locale" / language / "LC_MESSAGES"
    for po in sorted(folder.glob("*.po")):
        if po.stem != OWN:
            catalogue = read(po, language)
            for message in catalogue:
                message.locations = [(po.as_posix(), message.lineno or 0)]
            yield Domain(po.stem, catalogue, po, markdown=False)


def domains(language: str, root: Path, pot: Path | None = None) -> list[Domain]:
    return [*page_domains(language, root, pot), *own_domain(language, root)]


def place_of(message: Message, domain: Domain) -> tuple[str, int]:
    """Page and line of a message."""
    path, line = message.locations[0] if message.locations else (domain.name, 0)
    return path, line


# ---- catalogues


def page_catalogues(language: str, root: Path) -> list[Path]:
    """The catalogues of pages on disk, those of pages that are gone among them."""
    return sorted((find(root).locale / language / "LC_MESSAGES").rglob("*.po"))


def read(po: Path, language: str) -> Catalog:
    """A catalogue; an empty one when there is none yet. Raises SiteError for one that is broken."""
    if not os.path.lexists(po):
        return Catalog(locale=language)
    try:
        data = files.read(po)
    except OSError as error:
        raise SiteError(f"{po}: cannot read it: {error.strerror}") from None
    if wrong := fault(data):
        raise SiteError(f"{po}:{wrong.line}: {wrong}")
    try:
        catalogue: Catalog = load_po(str(po), abort_invalid=True, locale=language)
    except PoFileError as error:
        raise SiteError(f"{po}:{(error.lineno or 0) + 1}: {error}") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # What Babel makes of a head, such as of its dates and plural forms.
        raise SiteError(f"{po}: not a catalogue: {type(error).__name__}: {error}") from None
    for message in catalogue:
        _restore_previous(message)
    return catalogue


def _restore_previous(message: Message) -> None:
    """Take `#| msgid` for what it is: Babel reads it as a translator's comment, and so would keep
    it for ever, as `# | msgid`. https://github.com/python-babel/babel/issues/206"""
    lines = [c.removeprefix("| ") for c in message.user_comments if c.startswith("| ")]
    if not lines:
        return
    message.user_comments = [c for c in message.user_comments if not c.startswith("| ")]
    if message.fuzzy:
        # Babel wraps it as a comment, at blanks inside of a string.
        text = "".join(("\n" if line.startswith('"') else " ") + line for line in lines)
        message.previous_id = [denormalize(text.lstrip().removeprefix("msgid "))]


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
