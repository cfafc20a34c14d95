"""The Sphinx edge: what a page needs beyond MyST, sphinx-tabs and furo."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

EXTENSIONS = [
    "configured",
    "messages",
    "lexers",
    "leading_marks",
    "publish_once",
    "match_classes",
    "snippet",
    "sessions",
    "marks",
    "tables",
    "compare",
    "sequence",
    "verification",
    "downloads",
    "tabs",
    "languages",
    "notfound",
    "frontmatter",
    "discovery",
    "theme",
    "no_inline",
    "later",
    "copybutton_ja",
    "search_ja",
    "search_words",
    "stem_once",
    "axefix",
    "furo_fastnav",
    "myst_fast",
    "myst_reuse",
    "reown",
    "doctrees_on_disk",
    "fewer_collections",
    "moved_labels",
]


def name_page(app: "Sphinx", exception: Exception | None) -> None:
    """Say at which page Sphinx stumbled, which its report of a crash does not."""
    if exception is not None and (page := app.env.current_document.docname):
        path = os.path.relpath(app.env.doc2path(page), app.confdir)
        print(f"{path}: Sphinx cannot read this page", file=sys.stderr)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Each file is one extension of its own."""
    for name in EXTENSIONS:
        app.setup_extension(f"crossnotes.sphinxext.{name}")
    app.connect("build-finished", name_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
