"""A site of one or several languages: a Sphinx extension, and what `crossnotes html` builds with.

Languages, search, tabs, what others read of the site, the 404 page, and for furo its labels and
colours. Under another theme the languages stand above the text of each page.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

EXTENSIONS = [
    "defaults",
    "pages",
    "tabs",
    "languages",
    "notfound",
    "frontmatter",
    "markdown",
    "discovery",
    "keywords",
    "search",
    "search_words",
    "search_ja",
    "furo_layer",
]


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Each file is one extension of its own. The words are those of crossnotes.sphinxext."""
    app.setup_extension("crossnotes.sphinxext.messages")
    for name in EXTENSIONS:
        app.setup_extension(f"crossnotes.site.{name}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
