"""Table cells inside a directive are offered for translation.

MyST gives them no source, and Sphinx takes text without a source for its own and leaves it out of
the catalogue. Found here in sphinx-tabs, known for sphinx-design:
https://github.com/executablebooks/sphinx-design/issues/234
"""

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class SourceOfCells(SphinxTransform):
    """Gives them the source of what they are in."""

    default_priority = 5  # before the translation

    def apply(self, **kwargs: Any) -> None:
        for entry in self.document.findall(nodes.entry):
            for cell in entry.findall(nodes.paragraph):
                if not cell.source:
                    cell.source, cell.line = source_of(cell)


def source_of(node: nodes.Node) -> tuple[str | None, int | None]:
    """The source and line of the nearest node around this one that has them."""
    parent = node.parent
    while parent is not None and not parent.source:
        parent = parent.parent
    return (parent.source, parent.line) if parent is not None else (None, None)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_transform(SourceOfCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
