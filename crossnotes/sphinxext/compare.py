"""`{compare} name …`: what each database answered to blocks of the page, side by side.

The author types the names alone; the table is drawn from the ledgers whenever the page is written.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from crossnotes.ledger import Ledger
from crossnotes.page import Snippet
from crossnotes.results import Column, Mark
from crossnotes.sphinxext.known import known_to
from crossnotes.sphinxext.marks import (
    blocks,
    join,
    outermost_of,
    reason_below,
)
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.states import reason_text, result_node
from crossnotes.sphinxext.tables import Cell, head_of, table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata, OptionSpec


class Comparison(nodes.General, nodes.Element):
    """Where a table will stand: the names of its `blocks` and, as a child, the page's caption."""


class Compare(SphinxDirective):
    """A table, one row a named block and one column a database; `:caption:` says of what."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar["OptionSpec"] = {
        "caption": directives.unchanged,
        "class": directives.class_option,
    }

    def run(self) -> list[nodes.Node]:
        place = Comparison(blocks=self.arguments[0].split(), classes=self.options.get("class", []))
        place["names"] += [f"compare {name}" for name in place["blocks"][:1]]
        self.state.document.note_implicit_target(place, place)
        if text := self.options.get("caption", ""):
            inside, messages = self.parse_inline(text)
            caption = nodes.caption(text, "", *inside)
            self.set_source_info(caption)
            place += [caption, *messages]
        self.set_source_info(place)
        return [place]


class DrawComparisons(SphinxPostTransform):
    """Puts the tables where they belong, before furo looks for tables to wrap."""

    default_priority = 400

    def run(self, **kwargs: Any) -> None:
        places = list(self.document.findall(Comparison))
        if not places or self.app.builder.name == "gettext":
            return
        known = known_to(self.app)
        page = known.page(Path(self.env.doc2path(self.env.docname)))
        found, _lost = join(page.snippets, blocks(self.document))
        named = {s.name: s for s in page.snippets if s.name and s.index in found}
        marks = known.marks(page)
        for place in places:
            # A name that the page does not have is a problem of the page, at its line.
            snippets = [named[name] for name in place["blocks"] if name in named]
            answers = {
                snippet.index: {mark.key: mark for mark in marks[snippet.index]}
                for snippet in snippets
            }
            columns = _merged(known.columns(page), list(answers.values()))
            head: list[Cell] = [[nodes.Text(str(_("Block")))]]
            head += [head_of(group[0].target, _ledgers(group)) for group in columns]
            rows: list[list[Cell]] = []
            for snippet in snippets:
                block = outermost_of(found[snippet.index])
                of_column = answers[snippet.index]
                cells = [_cell(of_column.get(group[0].key), block) for group in columns]
                rows.append([[_link(snippet, block)], *cells])
            caption = place.children[0].children if place.children else []
            title = caption or [nodes.Text(str(_("What each database answered")))]
            new = table(title, head, rows)
            new["ids"], new["classes"] = place["ids"], [*new["classes"], *place["classes"]]
            place.replace_self(new if rows else [])


def _merged(columns: Sequence[Column], rows: Sequence[Mapping[str, Mark]]) -> list[list[Column]]:
    """Versions of one database that answer alike to all that a table asks are one column."""
    found: dict[tuple[object, ...], list[Column]] = {}
    for column in columns:
        said = [_said(row.get(column.key)) for row in rows]
        found.setdefault((column.target.name, *said), []).append(column)
    return list(found.values())


def _said(mark: Mark | None) -> tuple[str, ...]:
    return (mark.state, mark.output, mark.answer, mark.reason) if mark else ()


def _ledgers(columns: Sequence[Column]) -> list[Ledger]:
    return [column.ledger for column in columns if column.ledger is not None]


def _link(snippet: Snippet, block: nodes.Element) -> nodes.reference:
    """What a row is about: the block's caption or, without one, its code; it leads there."""
    link = nodes.reference("", "", internal=True, refid=block["ids"][0])
    caption = next(iter(block.findall(nodes.caption)), None)
    link += [child.deepcopy() for child in caption] if caption else [_code(_typed(snippet))]
    return link


def _typed(snippet: Snippet) -> str:
    """A block's code; of a session what a reader would type."""
    if snippet.kind != "pycon":
        return snippet.code
    lines = (line.lstrip() for line in snippet.code.split("\n"))
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")))


def _cell(mark: Mark | None, block: nodes.Element) -> Cell:
    if mark is None:
        return [result_node("not-run", str(_("not for this database")))]
    if mark.state == "passed":
        text = mark.output.rstrip("\n")
        return [_code(text)] if text else [nodes.Text(str(_("(prints nothing)")))]
    if mark.state == "failed" and mark.answer:
        answer = _code(mark.answer.rstrip("\n"))
        return [result_node("failed", str(_("failed:"))), nodes.Text(" "), answer]
    reason = reason_below(block)
    texts = {
        "failed": _("failed"),
        "excused": reason_text(mark.reason, reason.astext() if reason else ""),
        "not-run": _("not run"),
        "changed": _("changed since the last run"),
    }
    return [result_node(mark.state, str(texts[mark.state]))]


def _code(text: str) -> nodes.literal:
    """Code or output. As `code` in a language its blanks stay what they are, and can be copied."""
    return nodes.literal("", text, language="text", classes=["code", "crossnotes-lines"])


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(Comparison)
    app.add_directive("compare", Compare)
    app.add_post_transform(DrawComparisons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
