"""Translated nodes belong to their page again, not to the document that they were parsed in.

Sphinx parses each translated message as a document of its own and moves the nodes over, but each
node keeps its `document`, so that all of these are pickled with the page: 2000 Japanese pages took
more than 9 GB. No upstream issue was found; the place is `_NodeUpdater.update_leaves` in
https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/transforms/i18n.py
"""

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def reown(app: "Sphinx", doctree: nodes.document) -> None:
    for node in doctree.findall():
        node.document = doctree


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("doctree-read", reown, priority=10)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
