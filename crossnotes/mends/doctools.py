"""Sphinx's script makes no function of a text, which a strict Content-Security-Policy refuses.

https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/themes/basic/static/doctools.js
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

_MAKES_A_FUNCTION = re.compile(
    r'new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)'
)
_PLURAL = re.compile(r'"plural_expr": "([n0-9 ()!=<>%&|?:]+)"')


def without_function_of_text(doctools: str, translations: str) -> str:
    """Sphinx's script, with the rule for plurals that its translation has as a text."""
    plural = _PLURAL.search(translations)
    return _MAKES_A_FUNCTION.sub(f"(n) => Number({plural[1] if plural else 'n != 1'})", doctools)


def patch_script(app: "Sphinx", exception: Exception | None) -> None:
    script, translations = (
        Path(app.outdir, "_static", name) for name in ("doctools.js", "translations.js")
    )
    if exception is None and app.builder.format == "html" and script.exists():
        said = translations.read_text(encoding="utf-8") if translations.exists() else ""
        files.write(script, without_function_of_text(script.read_text(encoding="utf-8"), said))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("build-finished", patch_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
