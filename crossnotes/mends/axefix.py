"""The caption above a table of contents gets the level that its heading role demands.

https://github.com/sphinx-doc/sphinx/issues/14030
"""

from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

BARE = 'class="caption" role="heading">'
LEVELLED = 'class="caption" role="heading" aria-level="2">'


def add_level(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    for part in ("body", "furo_navigation_tree"):
        context[part] = (context.get(part) or "").replace(BARE, LEVELLED)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_level, priority=900)  # after furo made its tree
    return {"parallel_read_safe": True, "parallel_write_safe": True}
