"""Tables that are drawn from Results, and the scope of the head cells of every table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes

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
    type(translator).visit_entry(translator, node)  # the theme's
    scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
    translator.body[-1] = translator.body[-1].replace("<th ", f'<th scope="{scope}" ', 1)


def depart_entry(translator: Any, node: nodes.entry) -> None:
    type(translator).depart_entry(translator, node)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart_entry))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
