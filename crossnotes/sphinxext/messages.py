"""The words of our own extensions and templates, in the language of the page.

`from crossnotes.sphinxext.messages import _` and then `_("not run")`: while a page is read or
written that is the translation, at import a proxy that is translated later.
`crossnotes.translations.catalogue` collects these calls (not inside f-strings) into
locale/LANG/LC_MESSAGES/crossnotes.po beside this file; sphinx.po there holds what furo takes from
Sphinx's catalogue and Sphinx doesn't have.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.locale import get_translation

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

LOCALE = Path(__file__).parent / "locale"

_ = get_translation("crossnotes")


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


def setup(app: "Sphinx") -> "ExtensionMetadata":
    target = Path(app.doctreedir) / "locale"
    for domain in compile_catalogues(app.config.language, target):
        app.add_message_catalog(domain, str(target))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
