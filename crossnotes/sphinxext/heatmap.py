"""`{heatmap}`: subjects × databases, with how many answers of each are few others'.

A reader who chose a database sees how many answers differ from its own instead. Each number leads
to the answers: to the page of the database's differences, else to the subject.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.sphinxext import drawings
from crossnotes.sphinxext.answers import Answer, in_order, label_of
from crossnotes.sphinxext.differences import anchor
from crossnotes.sphinxext.html import drawn, element
from crossnotes.sphinxext.marks import DIFFERENCES
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.questions import Question, questions
from crossnotes.sphinxext.reading_order import in_reading_order
from crossnotes.sphinxext.snippet import NO_SEARCH
from crossnotes.sphinxext.tables import Cell, table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: Shades of a cell, beside that of one where nothing differs.
SHADES = 4


class Heatmap(drawings.Drawing):
    """A table of all subjects that compare databases."""


def _stands_alone(answers: Mapping[str, Answer], product: str) -> bool:
    """Whether fewer than half of the other databases answered as this one did."""
    others = [each.given for name, each in answers.items() if name != product]
    return 2 * others.count(answers[product].given) < len(others)


class _Counted:
    """A subject: how many answers of a database differ, from most others or from one."""

    def __init__(self, asked: Sequence[Question]) -> None:
        self.docname, self.title = asked[0].docname, asked[0].title
        self._answers = [each.answers for each in asked]

    def alone(self, product: str) -> tuple[int, int]:
        """How many, of how many that others answered, too."""
        asked = [each for each in self._answers if product in each and len(each) > 1]
        return sum(_stands_alone(each, product) for each in asked), len(asked)

    def unlike(self, product: str, other: str) -> tuple[int, int]:
        asked = [each for each in self._answers if product in each and other in each]
        return sum(each[product].given != each[other].given for each in asked), len(asked)


def draw(app: "Sphinx", docname: str, place: drawings.Place) -> Iterator[nodes.Node]:
    pages: dict[str, list[Question]] = {}
    for question in questions(app):
        pages.setdefault(question.docname, []).append(question)
    subjects = [_Counted(asked) for asked in pages.values()]
    products = in_order(p for asked in pages.values() for each in asked for p in each.answers)
    if len(products) < 2:
        yield nodes.paragraph("", str(_("There are no results to compare.")))
    elif app.builder.format == "html":
        yield drawn(_as_html(app, docname, subjects, products))
    else:
        yield _as_table(subjects, products)


def _as_html(
    app: "Sphinx", docname: str, subjects: Sequence[_Counted], products: Sequence[str]
) -> str:
    pages = _pages_of_differences(app)
    heads = element("th", escape(str(_("Subject"))), scope="col")
    for product in products:
        heads += element("th", escape(label_of(product)), scope="col", data_db=product)
    rows = ""
    for subject in subjects:
        uri = app.builder.get_relative_uri(docname, subject.docname)
        title = element("a", escape(subject.title), class_="reference internal", href=uri)
        cells = element("th", title, scope="row")
        for product in products:
            leads_to = uri
            if product in pages:
                page = app.builder.get_relative_uri(docname, pages[product])
                leads_to = f"{page}#{anchor([product], subject.docname)}"
            cells += _cell(subject, product, products, leads_to, uri)
        rows += element("tr", cells)
    about = escape(
        str(
            _(
                "How many results of a database fewer than half of the others share. Each number "
                "links to them."
            )
        )
    )
    own = escape(str(_("How many results differ from your database. Each number links to them.")))
    caption = element("span", about, class_="crossnotes-heat-all")
    caption += element("span", own, class_="crossnotes-heat-own")
    inside = element("caption", caption) + element("thead", element("tr", heads))
    return element("table", inside + element("tbody", rows), class_=f"crossnotes-heat {NO_SEARCH}")


def _cell(subject: _Counted, product: str, products: Sequence[str], leads_to: str, uri: str) -> str:
    """The numbers of a cell, of which one is shown."""
    numbers = _number(*subject.alone(product), "")
    for other in products:
        if other == product:
            numbers += _number(0, 0, other)
        else:
            numbers += _number(*subject.unlike(product, other), other)
    differs = any(subject.unlike(product, other)[0] for other in products if other != product)
    name = element(
        "span", escape(f"{subject.title}, {label_of(product)}: "), class_="crossnotes-unseen"
    )
    link = element("a", name + numbers, href=leads_to if differs else uri)
    return element("td", link, data_db=product)


def _number(number: int, of: int, other: str) -> str:
    """How many of how many; `other` is the database that they are compared with, "" for all."""
    shade = min(SHADES, 1 + int(SHADES * number / of)) if number else 0
    text = str(number) if number else "·" if of else "–"
    unseen = element("span", f" / {of}", class_="crossnotes-unseen") if number else ""
    return f'<b class="crossnotes-heat-{shade}" data-with="{escape(other)}">{text}{unseen}</b>'


def _pages_of_differences(app: "Sphinx") -> dict[str, str]:
    """The page of each database with all of its differences."""
    return {
        databases[0]: docname
        for docname in reversed(in_reading_order(app.env))
        for databases in app.env.metadata[docname].get(DIFFERENCES, ())
        if len(databases) == 1
    }


def _as_table(subjects: Sequence[_Counted], products: Sequence[str]) -> nodes.table:
    """The same where a page is no HTML."""
    head: list[Cell] = [[nodes.Text(str(_("Subject")))]]
    head += [[nodes.Text(label_of(product))] for product in products]
    rows: list[list[Cell]] = [
        [[nodes.Text(each.title)], *([nodes.Text(str(each.alone(p)[0]))] for p in products)]
        for each in subjects
    ]
    caption = str(_("How many results of a database fewer than half of the others share."))
    return table([nodes.Text(caption)], head, rows)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.setup_extension("crossnotes.sphinxext.differences")
    drawings.add(app, "heatmap", Heatmap, draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
