"""The search page finds what has every word of a query: see static/crossnotes-search.js."""

from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if template != "search.html":
        return
    attributes: dict[str, Any] = {}
    if app.config.language == "ja":
        # Sphinx's Japanese for the number of results is an empty string:
        # https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/locale/ja/LC_MESSAGES/sphinx.js
        # Translators: ${resultCount} is put in by the search page's script.
        attributes["data-found"] = str(_("Found pages: ${resultCount}"))
    app.add_js_file("crossnotes-search.js", loading_method="defer", **attributes)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_to_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
