"""What a site has under furo: its labels in the page's language, no script and no style in a page
itself, scripts that are loaded late, and the languages in the sidebar.

The template `crossnotes-furo.html` extends the page of the project, whatever that is made of; it
takes no other's place. Under a version of furo that it was not made for all of this is left out.
"""

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from crossnotes.mends.mend import Mend
from crossnotes.site import furo_files, furo_labels, later
from crossnotes.site.pages import add_to_head, is_page
from crossnotes.sphinxext.answers import product_of
from crossnotes.targets import every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

FURO = Mend(
    "furo_layer",
    "the pages of furo in every language, without inline scripts and styles",
    "furo",
    ">=2025.9,<2026",
    ("furo:_compute_navigation_tree",),
    theme="furo",
)

TEMPLATE = "crossnotes-furo.html"
#: The templates of furo that it extends.
EXTENDED = ("page.html", "search.html")


#: What furo shows beside a page for us.
SIDEBAR = "crossnotes-sidebar-languages.html"

#: The size of a phone's window, which docutils says too.
_VIEWPORT = re.compile(r'<meta [^>]*name="viewport"[^>]*>\n?')

#: A page in the sidebar, and its name, which may be that of a database.
_PAGE_OF_A_DATABASE = re.compile(r'<li class="([^"]*)"><a class="([^"]*)" href="([^"#]*)"')


def _mark_page(found: re.Match[str]) -> str:
    """The item, marked where the page is called as a database is; the page itself has no address
    beside its own name."""
    name = PurePosixPath(found[3]).stem
    if name not in map(product_of, every_target()):
        return found[0]
    marked = f'<li class="{found[1]}" data-crossnotes-page="{name}"'
    return f'{marked}><a class="{found[2]}" href="{found[3]}"'


def use_template(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> str | None:
    if template not in EXTENDED or not is_page(app, template):
        return None
    app.add_css_file("crossnotes-furo.css")
    app.add_css_file("crossnotes-keyboard.css", priority=900)  # after that of the copy button
    app.add_js_file("crossnotes-keyboard.js", loading_method="defer")
    # furo has its own.
    context["metatags"] = _VIEWPORT.sub("", context.get("metatags") or "")
    context["crossnotes_extended"] = template
    context["crossnotes_sidebar"] = SIDEBAR
    tree = context.get("furo_navigation_tree") or ""
    context["furo_navigation_tree"] = _PAGE_OF_A_DATABASE.sub(_mark_page, tree)
    context["crossnotes_translate_labels"] = furo_labels.translate_labels
    context["crossnotes_reachable"] = furo_labels.reachable
    style = context["pathto"]("_static/crossnotes-noscript.css", resource=True)
    add_to_head(context, f'<noscript><link rel="stylesheet" href="{style}"></noscript>')
    return TEMPLATE


def add_layer(app: "Sphinx", config: "Config") -> None:
    if config.html_theme != FURO.theme:
        return
    if why := FURO.mismatch():
        logger.warning(
            "the pages are as furo makes them: %s", why, type="crossnotes", subtype="theme"
        )
        return
    app.connect("html-page-context", use_template, priority=600)
    for module in (later, furo_files):
        module.setup(app)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("config-inited", add_layer, priority=200)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
