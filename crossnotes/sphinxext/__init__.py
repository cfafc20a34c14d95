"""The Sphinx edge, under any theme: blocks, marks, comparisons, the matrix and downloads.

`crossnotes.site` adds what makes a site of several languages; `crossnotes.mends` what is mended of
Sphinx, MyST and furo. Each can be had without the others.
"""

import os
import sys
from typing import TYPE_CHECKING

from crossnotes.run.reuse import own_digest

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

EXTENSIONS = [
    "messages",
    "lexers",
    "html",
    "repository",
    "snippet",
    "sessions",
    "marks",
    "tables",
    "compare",
    "sequence",
    "verification",
    "drawings",
    "questions",
    "matrix",
    "differences",
    "heatmap",
    "hero",
    "downloads",
    "preamble",
    "assets",
    "chooser",
]


def name_page(app: "Sphinx", exception: Exception | None) -> None:
    """Say at which page Sphinx stumbled, which its report of a crash does not."""
    if exception is None or getattr(app, "env", None) is None:
        return
    if page := app.env.temp_data.get("docname"):
        path = os.path.relpath(app.env.doc2path(page), app.confdir)
        print(f"{path}: Sphinx cannot read this page", file=sys.stderr)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Each file is one extension of its own."""
    for name in EXTENSIONS:
        app.setup_extension(f"crossnotes.sphinxext.{name}")
    app.connect("build-finished", name_page)
    # Pages that another version of the package has read hold what this one may not know.
    version = int(own_digest()[:8], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
