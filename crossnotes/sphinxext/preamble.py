"""The `setup` of the settings, folded at the head of each page before whose blocks it runs."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.kinds import INTERPRETED
from crossnotes.sphinxext.html import Html, drawn, element, lines
from crossnotes.sphinxext.known import MARKDOWN, known_to
from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def draw(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Put it below the summary of a page whose blocks run in Python."""
    setup, path = known_to(app).config.setup.strip("\n"), Path(app.env.doc2path(docname))
    title = next(iter(doctree.findall(nodes.title)), None)
    if not setup or title is None or app.builder.format != "html" or path.suffix not in MARKDOWN:
        return
    snippets = known_to(app).page(path).snippets
    if not any(each.kind in INTERPRETED and "skip" not in each.options for each in snippets):
        return
    summary = element("summary", escape(str(_("Runs before the first block of every page"))))
    folded = element("details", summary + lines(setup), class_="crossnotes-setup")
    below = title.next_node(descend=False, siblings=True)
    place: nodes.Element = below if isinstance(below, Html) else title
    place.parent.insert(place.parent.index(place) + 1, drawn(folded))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # After the marks, whose summary stands above it, and the downloads, which stand below.
    app.connect("doctree-resolved", draw, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
