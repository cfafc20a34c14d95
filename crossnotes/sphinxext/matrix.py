"""What became of every block on every database, for readers: `{matrix}` and `{excuses}`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.ledger import Ledger
from crossnotes.page import Page, Snippet
from crossnotes.results import Mark, worst
from crossnotes.sphinxext import drawings, naming
from crossnotes.sphinxext.answers import answers, in_order, label_of, product_of, side_by_side
from crossnotes.sphinxext.filters import filter_of, row_classes
from crossnotes.sphinxext.known import anchor_of, known_to
from crossnotes.sphinxext.marks import MATRIX, blocks, join, outermost_of, reason_below
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.questions import first_line
from crossnotes.sphinxext.reading_order import in_reading_order
from crossnotes.sphinxext.states import reason_text, result_node, worst_of
from crossnotes.sphinxext.tables import Cell, table
from crossnotes.sphinxext.verification import BADGE_FILE, JSON_FILE, RESULTS_FILE
from crossnotes.targets import every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: The states in a cell, the worst first, and what is said of their number.
STATES = {
    "failed": _("failed"),
    "changed": _("changed since"),
    "not-run": _("not run"),
    "passed": _("seen to work"),
    "excused": _("excused"),
}

#: States that need no words beside their sign, but for those who do not see it.
_QUIET = ("passed", "excused")

#: What versions of software are called.
_NAMES = {"python": "Python", "django": "Django"}


@dataclass(frozen=True)
class Verified:
    """A page that has blocks, and what is known of each."""

    docname: str
    title: str
    page: Page
    marks: Mapping[int, Sequence[Mark]]

    def on(self, product: str) -> list[tuple[Snippet, list[Mark]]]:
        """The blocks that readers with a database see, each with the mark of every deployment; of
        its versions the one where things stand worst."""
        found = []
        for snippet in self.page.snippets:
            marks = worst(m for m in self.marks[snippet.index] if product_of(m.target) == product)
            if marks:
                found.append((snippet, list(marks.values())))
        return found


def verified(app: "Sphinx") -> list[Verified]:
    """The pages that have blocks, as a reader meets them."""
    known, env = known_to(app), app.env
    found = []
    for docname in in_reading_order(env):
        page = known.page(Path(env.doc2path(docname)))
        if page.snippets:
            found.append(Verified(docname, env.titles[docname].astext(), page, known.marks(page)))
    return found


class Matrix(drawings.Drawing):
    """`{matrix}`: pages × databases."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname][MATRIX] = "yes"
        return super().run()


class Excuses(drawings.Drawing):
    """`{excuses}`: the blocks that were not run, with the reasons."""


def draw_matrix(app: "Sphinx", docname: str, place: drawings.Place) -> Iterator[nodes.Node]:
    """Pages × databases, a filter where pages differ in what became of them, and what answered."""
    pages = verified(app)
    every = (mark.target for page in pages for marks in page.marks.values() for mark in marks)
    products = in_order(map(product_of, every))
    head: list[Cell] = [[nodes.Text(str(_("Page")))]]
    head += [list(_head(app, product)) for product in products]
    rows: list[list[Cell]] = []
    for page in pages:
        title = drawings.link(app, docname, page.docname, "", [nodes.Text(page.title)])
        rows.append([[title], *(_counts(app, docname, page, product) for product in products)])
    drawn = table([nodes.Text(str(_("Code blocks by page and database")))], head, rows)
    drawn["ids"] = ["matrix"]
    drawn["classes"].append("crossnotes-matrix")
    states = [{m.state for marks in page.marks.values() for m in marks} for page in pages]
    for row, of_page in zip(drawn.findall(nodes.row), [set[str](), *states], strict=True):
        row["classes"] += row_classes(of_page)
    offered = {
        state: escape(str(text))
        for state, text in STATES.items()
        if state != "passed" and 0 < sum(state in each for each in states) < len(pages)
    }
    said = str(_("{number} of {all} pages"))
    yield filter_of("matrix", str(_("Pages with blocks that are")), offered, said)
    yield drawn
    yield from _servers(app)
    yield _files()


def _head(app: "Sphinx", product: str) -> Iterator[nodes.Node]:
    """A database, and its versions that answered, each once."""
    known = known_to(app)
    of_product = [
        ledger
        for target, ledgers in known.ledgers.items()
        if product_of(target) == product
        for ledger in ledgers
    ]
    yield nodes.Text(label_of(product))
    if of_product:
        versions = dict.fromkeys(ledger.server.short for ledger in of_product)
        said = str(_(", ")).join(versions)
        yield nodes.Text(" ")
        yield nodes.inline("", said, classes=["crossnotes-version"])


def _counts(app: "Sphinx", docname: str, page: Verified, product: str) -> Cell:
    """How many blocks of a page are in each state, the worst first; nothing where the page is not
    for the database. A state that not all deployments of it share names those that are in it."""
    of_product = page.on(product)
    targets = {mark.target for _snippet, marks in of_product for mark in marks}
    in_state: dict[str, list[tuple[Snippet, list[Mark]]]] = {}
    for snippet, marks in of_product:
        in_state.setdefault(worst_of(marks), []).append((snippet, marks))
    cell: list[nodes.Node] = []
    for state, text in STATES.items():
        if not (found := in_state.get(state)):
            continue
        own = dict.fromkeys(m.target for _s, marks in found for m in marks if m.state == state)
        classes = ["crossnotes-unseen"] if state in _QUIET else []
        item = result_node(state, str(len(found)))
        item += nodes.inline("", f" {text}", classes=classes)
        if len(own) < len(targets):
            names = (every_target()[name].label.partition(" ")[2] for name in own)
            item += nodes.Text(f": {str(_(', ')).join(names)}")
        anchor = anchor_of(found[0][0].index)
        cell += [drawings.link(app, docname, page.docname, anchor, [item]), nodes.Text(" ")]
    return cell[:-1]


def _servers(app: "Sphinx") -> Iterator[nodes.table]:
    """What answered: each database in each version, how it was had, with which software, when."""
    known = known_to(app)
    every = [each for target in every_target() for each in known.ledgers.get(target, [])]
    if not every:
        return
    texts = (_("Database"), _("Version"), _("Where it ran"), _("Software"), _("Last run"))
    head: list[Cell] = [[nodes.Text(str(text))] for text in texts]
    rows = [[[nodes.Text(text)] for text in _server(each)] for each in every]
    drawn = table([nodes.Text(str(_("What the blocks were run on")))], head, rows)
    drawn["ids"] = ["servers"]
    yield drawn


def _server(ledger: Ledger) -> Iterator[str]:
    yield every_target()[ledger.target].label
    yield ledger.server.short
    yield naming.how(ledger.target, ledger.server.where)
    order = sorted(ledger.versions.items(), key=lambda each: each[0] == "python")
    yield str(_(", ")).join(f"{_NAMES.get(name, name)} {version}" for name, version in order)
    yield f"{ledger.finished:%Y-%m-%d}"


def _files() -> nodes.paragraph:
    """The line that leads to the same as files."""
    line = nodes.paragraph("", str(_("The same as files:")))
    for name in (RESULTS_FILE, JSON_FILE, BADGE_FILE):
        line += nodes.Text(" ")
        line += nodes.reference("", name, internal=True, refuri=name)
    return line


def draw_excuses(app: "Sphinx", docname: str, place: drawings.Place) -> Iterator[nodes.Element]:
    """The blocks that were not run, each with its reasons."""
    head: list[Cell] = [
        [nodes.Text(str(text))] for text in (_("Block"), _("Databases"), _("Reason"))
    ]
    rows: list[list[Cell]] = []
    for page in verified(app):
        reasons = _translated_reasons(app, page)
        for snippet in page.page.snippets:
            excused = [mark for mark in page.marks[snippet.index] if mark.state == "excused"]
            for reason in dict.fromkeys(mark.reason for mark in excused):
                name = [nodes.Text(f"{page.title}: "), nodes.literal("", first_line(snippet))]
                of_reason = [mark for mark in excused if mark.reason == reason]
                text = reason_text(reason, reasons.get(snippet.index, ""))
                block = drawings.link(app, docname, page.docname, anchor_of(snippet.index), name)
                rows.append(
                    [
                        [block],
                        [nodes.Text(_databases(page, snippet, of_reason))],
                        [nodes.Text(text)],
                    ]
                )
    if not rows:
        yield nodes.paragraph("", str(_("Every block was run.")))
        return
    drawn = table([nodes.Text(str(_("Excused blocks and the reasons")))], head, rows)
    drawn["ids"] = ["excuses"]
    yield drawn


def _databases(page: Verified, snippet: Snippet, marks: Iterable[Mark]) -> str:
    """The databases of marks; one without its deployments where they are all that there are."""
    marks = list(marks)
    every = {mark.target for mark in page.marks[snippet.index]}
    found = []
    for answer in answers(marks, side_by_side):
        own = {mark.target for mark in answer.marks}
        of_product = {target for target in every if product_of(target) == answer.product}
        labels = dict.fromkeys(mark.label for mark in answer.marks)
        found += [answer.label] if own == of_product else list(labels)
    return str(_(", ")).join(found)


def _translated_reasons(app: "Sphinx", page: Verified) -> dict[int, str]:
    """The reasons that a page itself gives, by block, in the language that is built."""
    if not any("skip" in s.options or "xfail" in s.options for s in page.page.snippets):
        return {}
    found, _lost = join(page.page.snippets, blocks(app.env.get_doctree(page.docname)))
    texts = {index: reason_below(outermost_of(block)) for index, block in found.items()}
    return {index: text.astext() for index, text in texts.items() if text is not None}


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.setup_extension("crossnotes.sphinxext.drawings")
    drawings.add(app, "matrix", Matrix, draw_matrix)
    drawings.add(app, "excuses", Excuses, draw_excuses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
