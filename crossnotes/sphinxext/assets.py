"""The style sheets and scripts of the package, each on the pages that need it and on no other."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"

#: What stands in the HTML of a page that we drew anything on.
DRAWN = "crossnotes-"
#: What stands in the HTML of a page → the style sheet that it needs.
STYLES = {
    DRAWN: "crossnotes.css",
    "crossnotes-table": "crossnotes-table.css",
    "crossnotes-compare": "crossnotes-compare.css",
    "crossnotes-sequence": "crossnotes-sequence.css",
}
#: What stands on a page that offers files, one for each tab.
FILES = 'class="crossnotes-downloads'


def offer(app: "Sphinx", folder: Path) -> None:
    """Have the files of a folder copied beside those of the project and of its theme. Their names
    begin with crossnotes-, so that they take no other's place."""
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(folder)))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    body = context.get("body") or ""
    for drawn, style in STYLES.items():
        if drawn in body:
            app.add_css_file(style)
    if FILES in body:
        app.add_js_file("crossnotes-downloads.js")


def setup(app: "Sphinx") -> "ExtensionMetadata":
    offer(app, STATIC)
    # After sphinx-notfound-page, which changes what `pathto` says.
    app.connect("html-page-context", add_to_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
