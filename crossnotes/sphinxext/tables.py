"""Tables that are drawn from Results, and the scope of the head cells of every table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from crossnotes.ledger import Ledger
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.naming import had
from crossnotes.targets import Target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: What a cell holds.
Cell = Sequence[nodes.Node]

#: Characters of a column where a table is written as text.
WIDEST = 40


def table(caption: Cell, head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> nodes.table:
    """A table whose first row and first column say what the other cells are about."""
    group = nodes.tgroup(cols=len(head))
    for number, cells in enumerate(zip(head, *rows, strict=True)):
        group += nodes.colspec(colwidth=width(cells), stub=int(number == 0))
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    title = nodes.title("", "", *caption)
    return nodes.table("", title, group, classes=["crossnotes-table", "colwidths-auto"])


def width(cells: Sequence[Cell]) -> int:
    texts = ("".join(node.astext() for node in cell) for cell in cells)
    return min(WIDEST, max(len(line) for text in texts for line in text.split("\n")))


def head_of(target: Target, ledgers: Sequence[Ledger]) -> list[nodes.Node]:
    """The head of a database's column: its name, the versions that answered, and how they were
    had, where the name alone would claim too much."""
    if not ledgers:
        return [nodes.Text(target.label)]
    versions = str(_(", ")).join(ledger.server.short for ledger in ledgers)
    found: list[nodes.Node] = [
        nodes.Text(f"{target.label} "),
        nodes.inline("", versions, classes=["crossnotes-version"]),
    ]
    for said in dict.fromkeys(had(ledger.server.where) for ledger in ledgers):
        if said:
            found += [nodes.Text(" "), nodes.inline("", said, classes=["crossnotes-version"])]
    return found


def row(cells: Sequence[Cell]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def visit_entry(translator: Any, node: nodes.entry) -> None:
    """A cell; one of a head says what it is the head of, which docutils leaves out."""
    HTML5Translator.visit_entry(translator, node)
    scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
    translator.body[-1] = translator.body[-1].replace("<th ", f'<th scope="{scope}" ', 1)


class OneId(SphinxPostTransform):
    """Takes from the container that furo puts around a table the id that it copied from it.

    The place is WrapTableAndMathInAContainerTransform in
    https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/__init__.py
    """

    default_priority = 501  # after furo's

    def run(self, **kwargs: Any) -> None:
        for wrapper in self.document.findall(nodes.container):
            if "table-wrapper" in wrapper["classes"]:
                wrapper["ids"] = []


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(nodes.entry, override=True, html=(visit_entry, HTML5Translator.depart_entry))
    app.add_post_transform(OneId)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
