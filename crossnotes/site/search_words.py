"""A table of contents says what other pages are about, so its words are not those of its page.

A search would find the page that lists all titles for most queries.
"""

from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.sphinxext.snippet import NO_SEARCH

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def leave_out(app: "Sphinx", doctree: nodes.document) -> None:
    for contents in doctree.findall(nodes.compound):
        if "toctree-wrapper" in contents["classes"]:
            contents["classes"].append(NO_SEARCH)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("doctree-read", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
