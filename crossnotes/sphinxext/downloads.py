"""Each program of a page as one file beside it, offered for the tab that the reader chose."""

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from crossnotes.page import Page
from crossnotes.program import Program, programs, targets_of
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
    """A link that a script shows for one tab, where the page has our script of tabs."""


def offered(app: "Sphinx", page: Page) -> list[tuple[str, Program]]:
    """Label of a tab ("" for a page that has none for databases) and its program."""
    labels = known_to(app).labels
    named = [t for t in page.tab_sets if any(labels.target_of(label) for label in t.labels)]
    names = targets_of(page, labels, known_to(app).of_project) if named else ["sqlite"]
    return [
        (every_target()[target].label if named else "", program)
        for target in names
        for program in programs(page, target, labels)
        if any("skip" not in snippet.options for snippet in program.snippets)
    ]


def draw(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Write the files of a page, and put the line that offers them below its summary."""
    if app.builder.name != "html":
        return
    page = known_to(app).page(Path(app.env.doc2path(docname)))
    found = offered(app, page)
    title = next(iter(doctree.findall(nodes.title)), None)
    if not found or title is None:
        return
    translated = tab_labels(doctree)
    line = nodes.paragraph(classes=["crossnotes-downloads", NO_SEARCH])
    line += nodes.Text(str(_("The page's code as one file:")))
    for label, program in found:
        name = download.file_name(docname, program)
        _write(app, name, program, title.astext(), label)
        labels = [translated.get(each, each) for each in (label, *program.labels) if each]
        text = str(_(", ")).join(labels) or "Python"
        line += nodes.Text(" ")
        link = DownloadLink("", text, refuri=name.rpartition("/")[2], internal=True)
        link["tab"] = label
        line += link
    summary = title.next_node(descend=False, siblings=True)
    place: nodes.Element = summary if isinstance(summary, Html) else title
    place.parent.insert(place.parent.index(place) + 1, line)


def tab_labels(doctree: nodes.document) -> dict[str, str]:
    """The labels of the page's tabs, as it was written, in the page's language."""
    tabs = doctree.findall(lambda node: isinstance(node, nodes.Element) and "data-tab" in node)
    return {tab["data-tab"]: tab.astext() for tab in tabs if isinstance(tab, nodes.Element)}


def _write(app: "Sphinx", name: str, program: Program, title: str, label: str) -> None:
    known = known_to(app)
    settings = known.project.settings if known.project else ""
    write(app, name, download.script(program, title, label, settings, known.config.setup))


def visit(translator: nodes.GenericNodeVisitor, node: DownloadLink) -> None:
    """A link to a file, with the label that a script compares."""
    translator.body.append(  # type: ignore[attr-defined]
        translator.starttag(  # type: ignore[attr-defined]
            node, "a", "", href=node["refuri"], download="", **{"data-tab": node["tab"]}
        )
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
