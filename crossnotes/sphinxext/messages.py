"""The words of our own extensions and templates, in the language of the page.

`from crossnotes.sphinxext.messages import _` and then `_("not run")`: while a page is read or
written that is the translation, at import a proxy that is translated later.
`crossnotes.translations.catalogue` collects these calls (not inside f-strings) into
locale/LANG/LC_MESSAGES/crossnotes.po beside this file; sphinx.po there holds what furo takes from
Sphinx's catalogue and Sphinx doesn't have.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.locale import get_translation

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

LOCALE = Path(__file__).parent / "locale"

#: The catalogue of our own words.
DOMAIN = "crossnotes"

_ = get_translation(DOMAIN)


def compile_catalogues(language: str, target: Path) -> list[str]:
    """Write the .mo files of a language below `target`, and name their domains.

    At each build and into the build folder, so that a stale or forgotten .mo can't exist.
    """
    domains = []
    for po in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        mo = target / language / "LC_MESSAGES" / f"{po.stem}.mo"
        mo.parent.mkdir(parents=True, exist_ok=True)
        with po.open("rb") as source, files.replacing(mo) as compiled:
            write_mo(compiled, read_po(source, locale=language))
        domains.append(po.stem)
    return domains


def languages() -> list[str]:
    """The languages that our own words are in, beside English."""
    return sorted(path.parents[1].name for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


@cache
def _words(language: str) -> dict[str, str]:
    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.string}


def said_in(language: str, message: str) -> str:
    """One of our own words in a language, outside of a build; English where it is not translated.
    The word has to stand in a call of `_` somewhere, or no catalogue has it."""
    return _words(language).get(message, message)


def load(app: "Sphinx", config: "Config") -> None:
    target = Path(app.doctreedir) / "locale"
    for domain in compile_catalogues(config.language, target):
        app.add_message_catalog(domain, str(target))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # After the language is known, and before anything is said in it.
    app.connect("config-inited", load, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
