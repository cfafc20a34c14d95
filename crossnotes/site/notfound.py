"""The 404 page is shown at any address, so its own links can't be relative.

sphinx-notfound-page sees to what the theme links to and to images; references in the page's text
are left as they are (https://github.com/readthedocs/sphinx-notfound-page/blob/1.1.0/notfound/extension.py).
"""

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def make_absolute(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    if docname != app.config.notfound_pagename:
        return
    for link in doctree.findall(nodes.reference):
        if link.get("internal") and "refuri" in link:
            link["refuri"] = app.config.notfound_urls_prefix + link["refuri"]


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.setup_extension("notfound.extension")
    app.connect("doctree-resolved", make_absolute)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
