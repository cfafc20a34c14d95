"""The style sheets and scripts of the package, each on the pages that need it and on no other."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"

#: What stands in the HTML of a page that we drew anything on, and on which a tab has a file.
DRAWN, TAB_OF_FILE = "crossnotes-", 'class="crossnotes-downloads'


def offer(app: "Sphinx", folder: Path) -> None:
    """Have the files of a folder copied beside those of the project and of its theme. Their names
    begin with crossnotes-, so that they take no other's place."""
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(folder)))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    body = context.get("body") or ""
    if DRAWN in body:
        app.add_css_file("crossnotes.css")
    if TAB_OF_FILE in body:
        script = context["pathto"]("_static/crossnotes-downloads.js", resource=True)
        tag = f'<script src="{script}"></script>'
        context["metatags"] = "\n".join([context.get("metatags") or "", tag])


def setup(app: "Sphinx") -> "ExtensionMetadata":
    offer(app, STATIC)
    # After sphinx-notfound-page, which changes what `pathto` says.
    app.connect("html-page-context", add_to_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
