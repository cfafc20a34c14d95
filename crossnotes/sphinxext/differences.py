"""`{differences tidb}`: every answer of a database that is not another one's, from all subjects;
`{differences mysql@8.0 mysql@9.7}`: the answers in which two of them, or two versions, differ."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from crossnotes.page import Snippet
from crossnotes.program import expected_of
from crossnotes.ranges import version
from crossnotes.results import Mark
from crossnotes.sphinxext import drawings
from crossnotes.sphinxext.answers import (
    Answer,
    answers,
    in_order,
    label_of,
    product_of,
    side_by_side,
)
from crossnotes.sphinxext.compare import answer_html
from crossnotes.sphinxext.filters import filter_of, row_classes
from crossnotes.sphinxext.html import drawn, element
from crossnotes.sphinxext.marks import DIFFERENCES
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.questions import Question, html_of, nodes_of, questions, questions_with
from crossnotes.sphinxext.snippet import NO_SEARCH
from crossnotes.sphinxext.tables import Cell, table
from crossnotes.targets import every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

#: Lines of an answer that are shown; the whole of it stands on its page.
LINES = 6

#: A database, or one version of it, as an author names it.
SIDE = re.compile(r"([a-z][\w-]*?)(?:@([\w.]+))?", re.ASCII)


@dataclass(frozen=True)
class Side:
    """A database, a deployment of it, or one series of its versions."""

    text: str
    name: str
    series: str = ""

    @property
    def product(self) -> str:
        return product_of(self.name)

    def has(self, mark: Mark) -> bool:
        is_named = self.name in (mark.target, product_of(mark.target))
        return is_named and self.series in ("", mark.series)

    def answer(self, question: Question) -> Answer | None:
        """What it answered, or None where it gave no answer."""
        marks = [mark for mark in question.marks if self.has(mark)]
        for answer in answers(marks, side_by_side):
            found = answer.of_those_that_answered()
            if all(variant.said.is_answer for variant in found.variants):
                return found
        return None

    def label(self, asked: Iterable[Question] = ()) -> str:
        """What it is called, with the versions that were asked, else with its series."""
        marks = [mark for question in asked for mark in question.marks if self.has(mark)]
        versions = dict.fromkeys(mark.version for mark in marks if mark.version)
        said = str(_(", ")).join(versions) or self.series
        return f"{label_of(self.name)} {said}".strip()


@dataclass(frozen=True)
class Different:
    """A question, what the first side answered, and what others did, each a database."""

    question: Question
    mine: Answer
    others: Sequence[Answer]


def anchor(sides: Sequence[str], docname: str) -> str:
    """Where the differences of a page stand in the drawing of some sides."""
    return nodes.make_id("-".join(["differs", *sides, docname]))


class Differences(drawings.Drawing):
    """One database against all others, or two against each other."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        for text in self.arguments:
            if problem := _problem(text):
                logger.warning(
                    "%s", problem, location=self.get_location(), type="crossnotes", subtype="name"
                )
                return []
        metadata = self.env.metadata[self.env.docname]
        metadata.setdefault(DIFFERENCES, []).append(tuple(self.arguments))
        return super().run()


def _problem(text: str) -> str:
    """Why a name is none of a database."""
    known = in_order(map(product_of, every_target()))
    named = [*known, *(name for name in every_target() if name not in known)]
    found = SIDE.fullmatch(text)
    if found and found[1] in named:
        return ""
    return (
        f"{{differences}} of {text!r}: no such database; write NAME or NAME@SERIES, "
        f"and NAME is one of {', '.join(named)}"
    )


def _side(text: str) -> Side:
    found = SIDE.fullmatch(text)
    assert found is not None
    return Side(text, found[1], found[2] or "")


def draw(app: "Sphinx", docname: str, place: drawings.Place) -> Iterator[nodes.Node]:
    sides = [_side(text) for text in place["arguments"]]
    asked = questions(app)
    if len(sides) > 1 and sides[0].product == sides[1].product:
        asked = list(questions_with(app, lambda s, marks: _is_documented(s, marks, sides)))
    compared = [each for question in asked if (each := _different(question, sides)) is not None]
    found = [each for each in compared if each.others]
    if not compared:
        yield _nothing(sides)
        return
    yield from _said(sides, found, compared)
    key = nodes.make_id("-".join(["differences", *place["arguments"]]))
    if app.builder.format == "html":
        # A search leads to the subjects themselves.
        yield drawn(f'<div class="crossnotes-differs {NO_SEARCH}" id="{escape(key)}">')
        if len(sides) == 1:
            count = str(_("{number} of {all} questions"))
            yield filter_of(key, str(_("Compared with")), _kinds(found), count)
        level = drawings.level_in(place)
        for of_page in _by_page(found):
            yield drawn(_section(app, docname, sides, of_page, level))
        yield drawn("</div>")
        return
    for of_page in _by_page(found):
        yield nodes.rubric("", of_page[0].question.title)
        yield _as_table(sides, of_page)


def _different(question: Question, sides: Sequence[Side]) -> Different | None:
    """What of a question differs; None where it was not asked of at least two."""
    mine = sides[0].answer(question)
    if mine is None:
        return None
    if len(sides) > 1:
        others = [each for side in sides[1:] if (each := side.answer(question)) is not None]
    else:
        others = [each for name, each in question.answers.items() if name != sides[0].product]
    if not others:
        return None
    return Different(question, mine, [each for each in others if each.given != mine.given])


def _is_documented(snippet: Snippet, marks: Sequence[Mark], sides: Sequence[Side]) -> bool:
    """Whether a page expects an answer of one version that it does not expect of the other."""
    expected = []
    for side in sides:
        mark = next((mark for mark in marks if side.has(mark) and mark.state == "passed"), None)
        if mark is None:
            return False
        expected.append(expected_of(snippet, mark.target, version(mark.version) or None))
    return any(each != expected[0] for each in expected)


def _nothing(sides: Sequence[Side]) -> nodes.paragraph:
    names = str(_(", ")).join(side.label() for side in sides)
    text = _("There are no results of {databases} to compare.")
    return nodes.paragraph("", str(text).format(databases=names))


def _said(
    sides: Sequence[Side], found: Sequence[Different], compared: Sequence[Different]
) -> Iterator[nodes.Node]:
    """The sentence above the rows: how many questions were asked, and how many answers differ."""
    asked = [each.question for each in compared]
    if len(sides) > 1:
        text = _("{all} questions were run on {first} and on {second}. {number} results differ.")
        yield nodes.paragraph(
            "",
            str(text).format(
                first=sides[0].label(asked),
                second=sides[1].label(asked),
                number=len(found),
                all=len(compared),
            ),
        )
    else:
        text = _(
            "{all} questions were run on {database} and on other databases. In {number} of them, "
            "another database gives a different result."
        )
        yield nodes.paragraph(
            "",
            str(text).format(
                database=label_of(sides[0].name), number=len(found), all=len(compared)
            ),
        )
    before = sum(
        variant.said.state == "changed"
        for each in found
        for answer in (each.mine, *each.others)
        for variant in answer.variants
    )
    if before:
        text = _("↻ marks results from before the last change of their page: {number}.")
        yield nodes.paragraph("", str(text).format(number=before))


def _kinds(found: Sequence[Different]) -> Mapping[str, str]:
    """The databases that can be compared with, and how many answers differ from theirs."""
    counted: dict[str, int] = {}
    for each in found:
        for other in each.others:
            counted[other.product] = counted.get(other.product, 0) + 1
    return {
        product: f"{escape(label_of(product))} {element('small', str(counted[product]))}"
        for product in in_order(counted)
    }


def _by_page(found: Iterable[Different]) -> list[list[Different]]:
    pages: dict[str, list[Different]] = {}
    for each in found:
        pages.setdefault(each.question.docname, []).append(each)
    return list(pages.values())


# -- as HTML --------------------------------------------------------------------------------------


def _section(
    app: "Sphinx", docname: str, sides: Sequence[Side], found: Sequence[Different], level: int
) -> str:
    """What differs of one subject."""
    question = found[0].question
    key = anchor([side.text for side in sides], question.docname)
    uri = app.builder.get_relative_uri(docname, question.docname)
    title = element("a", escape(question.title), class_="reference internal", href=uri)
    count = element("small", str(len(found)))
    heading = element(f"h{level}", f"{title} {count}", id=f"{key}-title")
    if len(sides) > 1:
        asked = [each.question for each in found]
        names = [escape(side.label(asked)) for side in sides]
    else:
        names = [escape(label_of(sides[0].name)), escape(str(_("Others")))]
    heads = "".join(
        element("th", name, scope="col", role="columnheader")
        for name in (escape(str(_("Question"))), *names)
    )
    head = element("thead", element("tr", heads, role="row"), role="rowgroup")
    rows = "".join(_row(uri, sides, names[0], each) for each in found)
    body = element("tbody", rows, role="rowgroup")
    inside = element(
        "table",
        head + body,
        role="table",
        class_="crossnotes-differences",
        aria_labelledby=f"{key}-title",
    )
    return element("section", heading + inside, class_="crossnotes-rows", id=key)


def _row(uri: str, sides: Sequence[Side], name: str, each: Different) -> str:
    question = each.question
    asks = html_of(question.head)
    link = element("a", asks, class_="reference internal", href=f"{uri}#{question.anchor}")
    about = element("small", html_of(question.caption)) if question.caption else ""
    mine = element("span", name, class_="crossnotes-names")
    mine += element("div", answer_html(each.mine, lines=LINES))
    given: dict[object, list[Answer]] = {}
    for other in each.others:
        given.setdefault(other.said, []).append(other)
    others = ""
    for group in given.values():
        names = escape(str(_(", ")).join(answer.label for answer in group))
        told = answer_html(group[0], lines=LINES)
        if len(sides) == 1:
            small = element("small", names)
            told = f"{small} {told}" if len(group[0].variants) > 1 else f"{told} {small}"
        others += element("div", told, data_with=" ".join(answer.product for answer in group))
    kinds = row_classes(other.product for other in each.others)
    return element(
        "tr",
        element("th", link + about, scope="row", role="rowheader")
        + element("td", mine, role="cell", class_="crossnotes-own", data_db=each.mine.product)
        + element("td", others, role="cell", class_="crossnotes-others"),
        role="row",
        class_=" ".join(kinds),
    )


# -- as a table of docutils -----------------------------------------------------------------------


def _as_table(sides: Sequence[Side], found: Sequence[Different]) -> nodes.table:
    """The same where a page is no HTML."""
    names = [*(side.label() for side in sides), str(_("Others"))]
    heads = [str(_("Question")), *names[:2]]
    rows: list[list[Cell]] = []
    for each in found:
        told = [
            _words(answer) if len(sides) > 1 else f"{answer.label}: {_words(answer)}"
            for answer in each.others
        ]
        texts = (_words(each.mine), "; ".join(told))
        rows.append([nodes_of(each.question.head), *([nodes.Text(text)] for text in texts)])
    return table([nodes.Text(found[0].question.title)], [[nodes.Text(t)] for t in heads], rows)


def _words(answer: Answer) -> str:
    return ", ".join(f"{each.name} {each.said.text}".strip() for each in answer.variants)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.setup_extension("crossnotes.sphinxext.drawings")
    app.setup_extension("crossnotes.sphinxext.questions")
    drawings.add(app, "differences", Differences, draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
