"""No script and no style stands in a page itself, so that a host may send a strict
Content-Security-Policy: `default-src 'none'; script-src 'self'; style-src 'self'; …`.

furo writes its colours, a script that chooses light or dark, and styles of its drawings into every
page (https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/theme/furo/base.html), and docutils
the widths of columns. Each of them is put into a file, or said in an attribute that is no style.
What Sphinx's own script does is mended in crossnotes.mends.doctools.
"""

import hashlib
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

COLOURS = "_static/crossnotes-colours.css"

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_THEME_SCRIPT = re.compile(r"<script>\s*document\.body\.dataset\.theme = [^<]*</script>")
#: A style of a drawing or a column → the attribute that says the same.
_STYLES = {
    re.compile(r' style="opacity: (\d+)%"'): r' opacity="\1%"',
    re.compile(r' style="display: none;?"'): ' display="none"',
    re.compile(r'(<col) style="width: ([\d.]+%);?"'): r'\1 width="\2"',
}


def without_inline(html: str, theme_script: str) -> str:
    """The body of a page, with the script that chooses light or dark at an address."""
    html = _THEME_SCRIPT.sub(f'<script src="{theme_script}"></script>', html)
    for style, attribute in _STYLES.items():
        html = style.sub(attribute, html)
    return html


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    def styles_in_a_file(html: str) -> str:
        """The links to the style sheets of a page, with that of furo's colours at an address."""
        style = _STYLE.search(html)
        if style is None or app.builder.name != "html":
            return html
        css = style[1].strip() + "\n"
        path = Path(app.outdir, COLOURS)
        if not path.exists() or path.read_bytes() != css.encode():
            files.write(path, css)
        version = hashlib.sha256(css.encode()).hexdigest()[:8]
        address = escape(f"{context['pathto'](COLOURS, resource=True)}?v={version}")
        return html.replace(style[0], f'<link rel="stylesheet" href="{address}">')

    context["crossnotes_styles_in_a_file"] = styles_in_a_file
    context["crossnotes_without_inline"] = without_inline


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_to_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
