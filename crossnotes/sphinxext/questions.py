"""The questions of a site: the rows of all its comparisons, with what each database answered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes

from crossnotes.page import Page, Snippet
from crossnotes.results import Mark
from crossnotes.sphinxext.answers import Answer, answers, side_by_side
from crossnotes.sphinxext.compare import Comparison, label_in, title_of
from crossnotes.sphinxext.html import element
from crossnotes.sphinxext.known import anchor_of, known_to
from crossnotes.sphinxext.marks import COMPARED
from crossnotes.sphinxext.reading_order import in_reading_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: Inline text without links: each piece, and whether it is code.
Pieces = tuple[tuple[str, bool], ...]


class Row(NamedTuple):
    """A row of a comparison as its page has it: the block's name, what the row is called, which is
    nothing where the code says it, and what the table is about."""

    name: str
    head: Pieces
    caption: Pieces


@dataclass(frozen=True)
class Question:
    """What databases were asked: the page that asks, the anchor of the block there, what it is
    called, and what each said."""

    docname: str
    title: str
    snippet: Snippet
    marks: Sequence[Mark]
    head: Pieces
    caption: Pieces

    @property
    def anchor(self) -> str:
        return anchor_of(self.snippet.index)

    @cached_property
    def answers(self) -> Mapping[str, Answer]:
        """What each database answered, without those that gave no answer."""
        found = (each.of_those_that_answered() for each in answers(self.marks, side_by_side))
        return {a.product: a for a in found if all(v.said.is_answer for v in a.variants)}


def html_of(pieces: Pieces) -> str:
    return "".join(element("code", escape(t)) if is_code else escape(t) for t, is_code in pieces)


def nodes_of(pieces: Pieces) -> list[nodes.Node]:
    return [nodes.literal("", t) if is_code else nodes.Text(t) for t, is_code in pieces]


def pieces_of(inline: Sequence[nodes.Node]) -> Pieces:
    return tuple((node.astext(), isinstance(node, nodes.literal)) for node in inline)


def take_rows(app: "Sphinx", doctree: nodes.document) -> None:
    """Keep what a page compares, in the page's language."""
    found = []
    for place in doctree.findall(Comparison):
        caption = next(iter(place.findall(nodes.caption)), None)
        for name in place["blocks"]:
            head = label_in(place, name) or _caption_of(doctree, name)
            about = pieces_of(caption.children) if caption is not None else ()
            found.append(Row(name, pieces_of(head), about))
    if found:
        app.env.metadata[app.env.docname][COMPARED] = found


def _caption_of(doctree: nodes.document, name: str) -> Sequence[nodes.Node]:
    """The caption of the block that has a name, where it has one."""
    block = doctree.ids.get(doctree.nameids.get(nodes.fully_normalize_name(name)) or "")
    caption = next(iter(block.findall(nodes.caption)), None) if block is not None else None
    return list(caption.children) if caption is not None else []


def questions(app: "Sphinx") -> list[Question]:
    """All of them in reading order, each once, though more than one table may have it."""
    found: list[Question] | None = getattr(app, "crossnotes_questions", None)
    if found is None:
        found = list(_every(app))
        app.crossnotes_questions = found  # type: ignore[attr-defined]
    return found


def _every(app: "Sphinx") -> Iterator[Question]:
    for docname in in_reading_order(app.env):
        if app.env.metadata[docname].get(COMPARED):
            yield from _compared(app, docname)


def _compared(app: "Sphinx", docname: str) -> Iterator[Question]:
    rows: Sequence[Row] = app.env.metadata[docname].get(COMPARED, ())
    page, marks = _page(app, docname)
    named = {snippet.name: snippet for snippet in page.snippets if snippet.name}
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.name, row)
    for name, head, caption in first.values():
        if name in named:  # one that no block has is a problem of the page, at its line
            words = head or pieces_of(title_of(named[name]))
            title = app.env.titles[docname].astext()
            yield Question(docname, title, named[name], marks[named[name].index], words, caption)


def _page(app: "Sphinx", docname: str) -> tuple[Page, Mapping[int, Sequence[Mark]]]:
    known = known_to(app)
    page = known.page(Path(app.env.doc2path(docname)))
    return page, known.marks(page)


def questions_with(
    app: "Sphinx", wanted: Callable[[Snippet, Sequence[Mark]], bool]
) -> Iterator[Question]:
    """All of them, and the blocks that are in no comparison and are `wanted`."""
    compared: dict[str, dict[int, Question]] = {}
    for each in questions(app):
        compared.setdefault(each.docname, {})[each.snippet.index] = each
    for docname in in_reading_order(app.env):
        of_page = compared.get(docname, {})
        page, marks = _page(app, docname)
        title = app.env.titles[docname].astext()
        for snippet in page.snippets:
            of_block = marks[snippet.index]
            if snippet.index in of_page:
                yield of_page[snippet.index]
            elif wanted(snippet, of_block):
                head = ((first_line(snippet), True),)
                yield Question(docname, title, snippet, of_block, head, ())


#: Characters of a block's first line by which a reader knows it.
LONGEST_NAME = 60


def first_line(snippet: Snippet) -> str:
    """A block's first line that says something, shortened."""
    lines = (line.strip() for line in snippet.code.split("\n"))
    first = next((line for line in lines if line), "")
    return first if len(first) <= LONGEST_NAME else first[: LONGEST_NAME - 1] + "…"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("doctree-read", take_rows)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
