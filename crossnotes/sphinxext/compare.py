"""`{compare} name …`: what each database answered to blocks of the page, side by side.

The author types the names alone and, in the body, what a row is called where the block's caption or
code would not do; the answers are drawn from the ledgers whenever the page is written.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.locale import _ as of_sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from crossnotes.ledger import Ledger
from crossnotes.page import Snippet
from crossnotes.reader import ROW_LABEL
from crossnotes.results import Column, Mark
from crossnotes.sphinxext.answers import Answer, Said, answers, in_order, label_of, side_by_side
from crossnotes.sphinxext.html import drawn, element
from crossnotes.sphinxext.known import known_to
from crossnotes.sphinxext.marks import blocks, join, outermost_of, reason_below
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.states import reason_text, result_html, result_node
from crossnotes.sphinxext.tables import Cell, head_of, table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

logger = logging.getLogger(__name__)

#: The attribute of a row's label: the block that it is of.
OF_BLOCK = "crossnotes_block"

#: Characters of a row's head that fit beside the answers.
LONGEST_HEAD = 40

#: Databases that stand side by side; more of them are a list for each row.
MOST_COLUMNS = 6


class Comparison(nodes.General, nodes.Element):
    """Where a table will stand: the names of its `blocks` and, as children, the page's caption and
    labels of rows."""


class Compare(SphinxDirective):
    """A table, one row a named block and one column a database; `:caption:` says of what, and a
    line `name: label` of the body what a row is called."""

    required_arguments = 1
    has_content = True
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
        for line in self.content:
            if found := ROW_LABEL.fullmatch(line.strip()):
                place += self.label(*found.groups())
        self.set_source_info(place)
        return [place]

    def label(self, name: str, text: str) -> list[nodes.Node]:
        """What the row of a block is called, a message of the page."""
        inside, messages = self.parse_inline(text)
        length = sum(len(node.astext()) for node in inside)
        if length > LONGEST_HEAD:
            logger.warning(
                "the row %r has a label of %d characters; at most %d fit beside the results",
                name,
                length,
                LONGEST_HEAD,
                location=self.get_location(),
                type="crossnotes",
                subtype="heading",
            )
        label = nodes.paragraph(text, "", *inside)
        label[OF_BLOCK] = name
        self.set_source_info(label)
        return [label, *messages]


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
        icon = self.config.html_permalinks_icon if self.config.html_permalinks else ""
        for place in places:
            # A name that the page does not have is a problem of the page, at its line.
            snippets = [named[name] for name in place["blocks"] if name in named]
            compared = [
                _Row(
                    each,
                    outermost_of(found[each.index]),
                    marks[each.index],
                    label_in(place, each.name),
                )
                for each in snippets
            ]
            if not compared:
                place.replace_self([])
            elif self.app.builder.format == "html":
                place.replace_self(_as_html(place, compared, icon))
            else:
                place.replace_self(_as_table(place, compared, known.columns(page)))


class _Row:
    """A block that is compared."""

    def __init__(
        self,
        snippet: Snippet,
        block: nodes.Element,
        marks: Sequence[Mark],
        label: Sequence[nodes.Node],
    ) -> None:
        self.marks = marks
        self.address = block["ids"][0]
        self.head = label or _head(snippet, block)
        reason = reason_below(block)
        #: Why the block is not run, in the page's language.
        self.reason = reason.astext() if reason else ""

    @property
    def answers(self) -> Mapping[str, Answer]:
        found = answers(self.marks, side_by_side)
        return {answer.product: answer.of_those_that_answered() for answer in found}


def label_in(place: Comparison, name: str) -> list[nodes.Node]:
    """What the page calls the row of a block."""
    return [
        child.deepcopy()
        for label in place.findall(nodes.paragraph)
        if label.get(OF_BLOCK) == name
        for child in label.children
    ]


def _head(snippet: Snippet, block: nodes.Element) -> list[nodes.Node]:
    """What a row without a label is called: by the block's caption, else as `title_of` says."""
    caption = next(iter(block.findall(nodes.caption)), None)
    if caption is not None:
        return [child.deepcopy() for child in caption]
    return title_of(snippet)


def title_of(snippet: Snippet) -> list[nodes.Node]:
    """What a block is called: its code where that is short, else the words of its name."""
    code = as_typed(snippet)
    if "\n" in code or len(code) > 2 * LONGEST_HEAD:
        return [nodes.Text(re.sub(r"[-_]+", " ", snippet.name))]
    return [_code(code)]


def _title(place: Comparison) -> list[nodes.Node]:
    caption = next(iter(place.findall(nodes.caption)), None)
    return (
        list(caption.children) if caption else [nodes.Text(str(_("What each database answered")))]
    )


# -- as HTML --------------------------------------------------------------------------------------


def _as_html(place: Comparison, compared: Sequence[_Row], icon: str) -> list[nodes.Node]:
    """A table that is no wider than its page: equal neighbours are one cell, and where there is no
    room it is a list for each row."""
    found = [row.answers for row in compared]
    every = in_order(product for row in found for product in row)
    asked = [p for p in every if any(_was_asked(row[p]) for row in found if p in row)]
    products = asked or every
    classes = ["crossnotes-compare", *(["crossnotes-many"] if len(products) > MOST_COLUMNS else [])]
    name = next(iter(place["ids"]), "")
    link = ""
    if icon and name:
        title = of_sphinx("Link to this table")
        link = f'<a class="headerlink" href="#{escape(name)}" title="{escape(title)}">{icon}</a>'
    heads = "".join(_column(product, found) for product in products)
    begin = (
        f'<div class="{escape(" ".join(["crossnotes-comparison", *place["classes"]]))}">'
        f'<table class="{" ".join(classes)}" role="table" id="{escape(name)}"><caption>'
    )
    head = (
        f'{link}</caption><colgroup><col class="crossnotes-asked"/>{"<col/>" * len(products)}'
        '</colgroup><thead role="rowgroup"><tr role="row"><td role="cell"></td>'
        f'{heads}</tr></thead><tbody role="rowgroup">'
    )
    pieces: list[nodes.Node] = [
        drawn(begin),
        nodes.inline("", "", *_title(place), classes=["caption-text"]),
        drawn(head),
    ]
    for row, of_row in zip(compared, found, strict=True):
        address = f'<a class="reference internal" href="#{escape(row.address)}">'
        pieces += [
            drawn(f'<tr role="row"><th role="rowheader" scope="row">{address}'),
            nodes.inline("", "", *row.head),
            drawn(f"</a></th>{_cells(products, of_row, row.reason)}</tr>", _words(of_row)),
        ]
    left = [label_of(product) for product in every if product not in products]
    said = str(_("not run on {databases}")).format(databases=str(_(", ")).join(left))
    text = element("p", result_html("not-run", escape(said)), class_="crossnotes-mark")
    return [*pieces, drawn(f"</tbody></table>{text if left else ''}</div>")]


def _was_asked(answer: Answer) -> bool:
    return any(variant.said.state not in ("excused", "not-run") for variant in answer.variants)


def _words(answers: Mapping[str, Answer]) -> str:
    said = (v.said for answer in answers.values() for v in answer.variants)
    return "\n".join(each.text for each in said if each.is_answer)


def _column(product: str, found: Iterable[Mapping[str, Answer]]) -> str:
    """The head of a column: the database and the versions that were asked."""
    marks = [mark for row in found if product in row for mark in row[product].marks]
    versions = str(_(", ")).join(dict.fromkeys(mark.version for mark in marks if mark.version))
    inside = escape(label_of(product)) + (element("small", escape(versions)) if versions else "")
    return element("th", inside, role="columnheader", scope="col", data_db=product)


def _cells(products: Sequence[str], of_row: Mapping[str, Answer], reason: str) -> str:
    """The answers to one block, each once beside those that are equal."""
    groups: list[list[str]] = []
    for product in products:
        if groups and _of(of_row, groups[-1][-1]) == _of(of_row, product):
            groups[-1].append(product)
        else:
            groups.append([product])
    shades = _shades(of_row)
    cells = []
    for group in groups:
        names = escape(str(_(", ")).join(map(label_of, group)))
        answer = of_row.get(group[0])
        inside = answer_html(answer, reason) if answer else _not_for_it()
        inside += "".join(_rest(of_row[product]) for product in group if product in of_row)
        cells.append(
            element(
                "td",
                f'<span class="crossnotes-names">{names}</span><div>{inside}</div>',
                role="cell",
                data_db=" ".join(group),
                colspan=str(len(group)) if len(group) > 1 else "",
                class_=f"crossnotes-shade-{shades[answer.given]}" if answer else "crossnotes-none",
            )
        )
    return "".join(cells)


#: How many shades tell answers apart; further ones have the last.
SHADES = 4


def _not_for_it() -> str:
    """What stands in the cell of a database that a block is not for."""
    told = element("span", escape(str(_("not for this database"))), class_="crossnotes-unseen")
    return f'<span aria-hidden="true">–</span>{told}'


def _of(of_row: Mapping[str, Answer], product: str) -> object:
    return of_row[product].said if product in of_row else None


def _shades(of_row: Mapping[str, Answer]) -> Mapping[tuple[tuple[str, bool, str], ...], int]:
    """A shade for each different answer, 0 for that of the most databases. Where all differ, none
    stands out."""
    counted = Counter(answer.given for answer in of_row.values())
    if len(counted) > 2 and max(counted.values()) == 1:
        return dict.fromkeys(counted, 0)
    ranked = counted.most_common()
    return {given: min(number, SHADES - 1) for number, (given, _count) in enumerate(ranked)}


def answer_html(answer: Answer, reason: str = "", lines: int = 0) -> str:
    """What a database answered, in each version that answered otherwise; no more than so many
    `lines` of it."""
    if len(answer.variants) == 1:
        return _text(answer.variants[0].said, reason, lines)
    return "".join(
        element(
            "div",
            f"{element('small', escape(variant.name))} {_text(variant.said, reason, lines)}",
            class_="crossnotes-variant",
        )
        for variant in answer.variants
    )


def _rest(answer: Answer) -> str:
    """The versions of a database that gave no answer beside those that did."""
    return "".join(
        element(
            "small",
            result_html(
                variant.said.state,
                f"{escape(answer.label)} {escape(variant.name)}"
                + element(
                    "span",
                    f": {escape(_state_text(variant.said.state, variant.said.text, ''))}",
                    class_="crossnotes-unseen",
                ),
            ),
            class_="crossnotes-rest",
        )
        for variant in answer.rest
    )


def _text(said: Said, reason: str, most: int) -> str:
    text = said.shortened(most)
    code = element("code", escape(text), class_="crossnotes-lines") if text else ""
    if said.state == "passed":
        return code or escape(str(_("(prints nothing)")))
    if said.state == "failed" and code:
        return f"{result_html('failed', escape(str(_('failed:'))))} {code}"
    if said.state == "changed" and code:
        told = element(
            "span", escape(f"{_state_text('changed', '', '')}: "), class_="crossnotes-unseen"
        )
        return result_html("changed", told + code)
    return result_html(said.state, escape(_state_text(said.state, said.text, reason)))


def _state_text(state: str, reason: str, translated: str) -> str:
    """What is said of a block that gave no answer."""
    texts = {
        "failed": _("failed"),
        "excused": reason_text(reason, translated),
        "not-run": _("not run"),
        "changed": _("changed since the last run"),
    }
    return str(texts[state])


# -- as a table of docutils -----------------------------------------------------------------------


def _as_table(
    place: Comparison, compared: Sequence[_Row], every: Sequence[Column]
) -> list[nodes.Node]:
    """The same where a page is no HTML: a column for each version and deployment that answered
    otherwise."""
    found = [{mark.key: mark for mark in row.marks} for row in compared]
    columns = _merged(every, found)
    head: list[Cell] = [[nodes.Text(str(_("Block")))]]
    head += [head_of(group[0].target, _ledgers(group)) for group in columns]
    rows: list[list[Cell]] = []
    for row, of_column in zip(compared, found, strict=True):
        link = nodes.reference("", "", *row.head, internal=True, refid=row.address)
        cells = [_cell(of_column.get(group[0].key), row.reason) for group in columns]
        rows.append([[link], *cells])
    new = table(_title(place), head, rows)
    new["ids"], new["classes"] = place["ids"], [*new["classes"], *place["classes"]]
    return [new]


def _merged(columns: Sequence[Column], rows: Sequence[Mapping[str, Mark]]) -> list[list[Column]]:
    """Versions of one database that answer alike to all that a table asks are one column."""
    found: dict[tuple[object, ...], list[Column]] = {}
    for column in columns:
        said = [_said(row.get(column.key)) for row in rows]
        found.setdefault((column.target.name, *said), []).append(column)
    return list(found.values())


def _said(mark: Mark | None) -> tuple[str, ...]:
    return (mark.state, mark.output, mark.answer, mark.earlier, mark.reason) if mark else ()


def _ledgers(columns: Sequence[Column]) -> list[Ledger]:
    return [column.ledger for column in columns if column.ledger is not None]


def as_typed(snippet: Snippet) -> str:
    """A block's code; of a session what a reader would type."""
    if snippet.kind != "pycon":
        return snippet.code
    lines = (line.lstrip() for line in snippet.code.split("\n"))
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")))


def _cell(mark: Mark | None, reason: str) -> Cell:
    if mark is None:
        return [result_node("not-run", str(_("not for this database")))]
    if mark.state == "passed":
        text = mark.output.rstrip("\n")
        return [_code(text)] if text else [nodes.Text(str(_("(prints nothing)")))]
    if mark.state == "failed" and mark.answer:
        answer = _code(mark.answer.rstrip("\n"))
        return [result_node("failed", str(_("failed:"))), nodes.Text(" "), answer]
    if mark.state == "changed" and mark.earlier:
        said = result_node("changed", f"{_state_text('changed', '', '')}:")
        return [said, nodes.Text(" "), _code(mark.earlier.rstrip("\n"))]
    return [result_node(mark.state, _state_text(mark.state, mark.reason, reason))]


def _code(text: str) -> nodes.literal:
    """Code or output. As `code` in a language its blanks stay what they are, and can be copied."""
    return nodes.literal("", text, language="text", classes=["code", "crossnotes-lines"])


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(Comparison)
    app.add_directive("compare", Compare)
    app.add_post_transform(DrawComparisons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
