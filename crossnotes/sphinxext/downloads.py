"""Each program of a page as one file beside it, offered for the database, or the tab, that the
reader chose."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.page import Page
from crossnotes.program import Program, programs, targets_of
from crossnotes.results import Results
from crossnotes.sphinxext.answers import in_order, label_of, product_of
from crossnotes.sphinxext.assets import OF_TABS
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.html import Html
from crossnotes.sphinxext.known import known_to
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.snippet import NO_SEARCH
from crossnotes.targets import every_target
from crossnotes.text import download

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class DownloadLink(nodes.reference):
    """A link to a file, for one tab, where the page has tabs of databases, or for the databases
    that it has the code for."""


@dataclass(frozen=True)
class Offer:
    """A program that is offered, and the targets that its file is for. `label` is that of a tab of
    the page, or "" where no tab is for a database."""

    program: Program
    targets: tuple[str, ...]
    label: str = ""

    @property
    def databases(self) -> list[str]:
        return in_order(map(product_of, self.targets))

    @property
    def reader(self) -> str:
        """Whom it is for, in the head of the file."""
        if self.label:
            return f"as read in the tab {self.label}"
        *others, last = map(label_of, self.databases)
        return f"for {', '.join(others)} and {last}" if others else f"for {last}"


def offers(known: Results, page: Page) -> list[Offer]:
    """The files of a page: one a tab of a database; else one for all databases with the same code.
    None for a database that the page was never run on, where the project has any results."""
    labels, settings = known.labels, settings_of(known)
    named = [t for t in page.tab_sets if any(labels.target_of(label) for label in t.labels)]
    names = targets_of(page, labels, known.of_project)
    found = [
        (target, program)
        for target in names
        for program in programs(page, target, labels)
        if any("skip" not in snippet.options for snippet in program.snippets)
    ]
    if named:
        every = every_target()
        return [Offer(program, (target,), every[target].label) for target, program in found]
    ran = {mark.target for of in known.marks(page).values() for mark in of if mark.state in RAN}
    same: dict[tuple[tuple[str, ...], str], list[tuple[str, Program]]] = {}
    for target, program in found:
        if target not in ran and (ran or known.ledgers):
            continue
        text = download.code(program, settings, known.config.setup)
        same.setdefault((tuple(program.labels), text), []).append((target, program))
    made = [Offer(of[0][1], tuple(target for target, _ in of)) for of in same.values()]
    order = in_order(product for offer in made for product in offer.databases)
    return sorted(made, key=lambda offer: order.index(offer.databases[0]))


#: States of a block that was run.
RAN = ("passed", "failed", "changed")


def settings_of(known: Results) -> str:
    return known.project.settings if known.project else ""


def text_of(known: Results, offer: Offer, title: str) -> str:
    """A file that is offered."""
    settings, setup = settings_of(known), known.config.setup
    return download.script(offer.program, title, offer.reader, settings, setup)


def draw(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Write the files of a page, and put the line that offers them below its summary."""
    if app.builder.name != "html":
        return
    known = known_to(app)
    found = offers(known, known.page(Path(app.env.doc2path(docname))))
    title = next(iter(doctree.findall(nodes.title)), None)
    if not found or title is None:
        return
    translated = tab_labels(doctree)
    line = nodes.paragraph(classes=["crossnotes-downloads", NO_SEARCH])
    if any(offer.label for offer in found):
        line["classes"].append(OF_TABS)
    line += nodes.Text(str(_("The page's code as one file:")))
    every = {target for offer in found for target in offer.targets}
    for offer in found:
        name = download.file_name(docname, offer.program)
        write(app, name, text_of(known, offer, title.astext()))
        own = [offer.label] if offer.label else names_of(offer.targets, every)
        if not offer.label and set(offer.targets) == every:
            own = []  # there is nothing to tell apart
        labels = [translated.get(each, each) for each in (*own, *offer.program.labels)]
        text = str(_(", ")).join(labels) or "Python"
        line += nodes.Text(" ")
        link = DownloadLink("", text, refuri=name.rpartition("/")[2], internal=True)
        link["tab"], link["db"] = offer.label, "" if offer.label else " ".join(offer.databases)
        line += link
    summary = title.next_node(descend=False, siblings=True)
    place: nodes.Element = summary if isinstance(summary, Html) else title
    place.parent.insert(place.parent.index(place) + 1, line)


def names_of(targets: Collection[str], every: Collection[str]) -> list[str]:
    """The databases of a file as readers call them; one of its deployments, where the others have
    another file."""
    found: dict[str, None] = {}
    order = in_order(map(product_of, targets))
    for target in sorted(targets, key=lambda target: order.index(product_of(target))):
        product = product_of(target)
        own = {each for each in every if product_of(each) == product}
        label = label_of(product) if own <= set(targets) else every_target()[target].label
        found[label] = None
    return list(found)


def tab_labels(doctree: nodes.document) -> dict[str, str]:
    """The labels of the page's tabs, as it was written, in the page's language."""
    tabs = doctree.findall(lambda node: isinstance(node, nodes.Element) and "data-tab" in node)
    return {tab["data-tab"]: tab.astext() for tab in tabs if isinstance(tab, nodes.Element)}


def visit(translator: nodes.GenericNodeVisitor, node: DownloadLink) -> None:
    """A link to a file, with the label that a script compares, or the databases of our styles."""
    data = {f"data-{name}": node[name] for name in ("tab", "db") if node[name]}
    translator.body.append(  # type: ignore[attr-defined]
        translator.starttag(node, "a", "", href=node["refuri"], download="", **data)  # type: ignore[attr-defined]
    )


def depart(translator: nodes.GenericNodeVisitor, node: DownloadLink) -> None:
    translator.body.append("</a>")  # type: ignore[attr-defined]


def leave_out(translator: nodes.GenericNodeVisitor, node: DownloadLink) -> None:
    """Other builders write no files."""
    raise nodes.SkipNode


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(DownloadLink, html=(visit, depart), text=(leave_out, None))
    # After the marks, whose summary stands above the line.
    app.connect("doctree-resolved", draw, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
