"""What stands on the pages of a site under any theme: style sheets, scripts, tags of the head.

Each is put where a page needs it, through the theme's own places: no template of the host or its
theme is replaced.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes.sphinxext.assets import offer

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"

#: The template of a page that leads to another one.
REDIRECT = "crossnotes-redirect.html"

#: What makes a site; others, such as epub, make pages of a book.
BUILDERS = ("html", "dirhtml")


def is_page(app: "Sphinx", template: str) -> bool:
    """Whether a page of the site is made: no part of a book, and none that leads to another one."""
    return app.builder.name in BUILDERS and template != REDIRECT


def add_to_head(context: dict[str, Any], *tags: str) -> None:
    """Add tags to the head of a page, where every theme has its meta tags."""
    context["metatags"] = "\n".join([context.get("metatags") or "", *tags])


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if not is_page(app, template):
        return
    app.add_css_file("crossnotes-site.css")
    body = context.get("body") or ""
    if "<pre" in body or "<table" in body:
        app.add_js_file("crossnotes-scroll.js", loading_method="defer")


def keep_out_of_catalogues(app: "Sphinx") -> None:
    """Our templates have no messages for the project to translate."""
    if app.builder.name == "gettext":
        app.config.templates_path.remove(str(TEMPLATES))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    offer(app, STATIC)
    app.connect("builder-inited", keep_out_of_catalogues)
    app.connect("html-page-context", add_to_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
