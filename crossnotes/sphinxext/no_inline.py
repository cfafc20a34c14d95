"""No script and no style stands in a page itself, so that a host may send a strict
Content-Security-Policy: `default-src 'none'; script-src 'self'; style-src 'self'; …`.

furo writes its colours, a script that chooses light or dark, and styles of its drawings into every
page (https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/theme/furo/base.html), docutils the
widths of columns, and Sphinx's doctools.js makes a function of a text
(https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/themes/basic/static/doctools.js).
Each of them is put into a file, or said in an attribute that is no style.
"""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

COLOURS = "_static/colours.css"
_COLOURS_TEMPLATE = "!partials/_head_css_variables.html"

_THEME_SCRIPT = re.compile(r"<script>\s*document\.body\.dataset\.theme = [^<]*</script>")
#: A style of a drawing or a column → the attribute that says the same.
_STYLES = {
    re.compile(r' style="opacity: (\d+)%"'): r' opacity="\1%"',
    re.compile(r' style="display: none;?"'): ' display="none"',
    re.compile(r'(<col) style="width: ([\d.]+%);?"'): r'\1 width="\2"',
}

_MAKES_A_FUNCTION = re.compile(
    r'new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)'
)
_PLURAL = re.compile(r'"plural_expr": "([n0-9 ()!=<>%&|?:]+)"')


def without_inline(html: str, theme_script: str) -> str:
    """The body of a page, with the script that chooses light or dark at an address."""
    html = _THEME_SCRIPT.sub(f'<script src="{theme_script}"></script>', html)
    for style, attribute in _STYLES.items():
        html = style.sub(attribute, html)
    return html


def without_function_of_text(doctools: str, translations: str) -> str:
    """Sphinx's script, with the rule for plurals that its translation has as a text."""
    plural = _PLURAL.search(translations)
    return _MAKES_A_FUNCTION.sub(f"(n) => Number({plural[1] if plural else 'n != 1'})", doctools)


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["crossnotes_without_inline"] = without_inline
    if app.builder.name != "html" or "furo_pygments" not in context:
        return
    drawn: str = app.builder.templates.render(_COLOURS_TEMPLATE, context)
    css = re.sub(r"</?style>", "", drawn).strip() + "\n"
    path = Path(app.outdir, COLOURS)
    if not path.exists() or path.read_bytes() != css.encode():
        files.write(path, css)
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    context["crossnotes_colours"] = f"{COLOURS}?v={version}"


def patch_script(app: "Sphinx", exception: Exception | None) -> None:
    script, translations = (
        Path(app.outdir, "_static", name) for name in ("doctools.js", "translations.js")
    )
    if exception is None and app.builder.format == "html" and script.exists():
        said = translations.read_text(encoding="utf-8") if translations.exists() else ""
        files.write(script, without_function_of_text(script.read_text(encoding="utf-8"), said))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # After furo, which adds its colours.
    app.connect("html-page-context", add_to_page, priority=900)
    app.connect("build-finished", patch_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
