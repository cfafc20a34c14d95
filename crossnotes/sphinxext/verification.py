"""What became of every block on every database: `{matrix}`, `{excuses}`, JSON and a badge.

The page with the two directives shows it to readers; verification.json beside it says the same to
programs, and badge.svg sums it up for a README.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from crossnotes.page import Page, Snippet
from crossnotes.results import Column, Mark, Results, database, worst
from crossnotes.sphinxext.badge import badge
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.known import anchor_of, known_to
from crossnotes.sphinxext.marks import (
    MATRIX,
    SHOWS_ALL,
    blocks,
    join,
    outermost_of,
    reason_below,
)
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.reading_order import in_reading_order
from crossnotes.sphinxext.states import SIGNS, reason_text, result_node
from crossnotes.sphinxext.tables import Cell, head_of, table
from crossnotes.targets import Target, every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

SCHEMA = 1
JSON_FILE = "verification.json"
BADGE_FILE = "badge.svg"
RESULTS_FILE = "results.json"
SCHEMA_FILE = "results.schema.json"

#: Characters of a block's first line by which a reader knows it.
LONGEST_NAME = 60


@dataclass(frozen=True)
class Verified:
    """A page that has blocks, and what is known of each."""

    docname: str
    title: str
    page: Page
    marks: Mapping[int, Sequence[Mark]]

    def on(self, target: Target) -> list[tuple[Snippet, Mark]]:
        """The blocks that readers with this database see; of its versions the one where things
        stand worst."""
        return [
            (snippet, mark)
            for snippet in self.page.snippets
            for mark in [worst(self.marks[snippet.index]).get(target.name)]
            if mark is not None
        ]


def verified(app: "Sphinx") -> list[Verified]:
    """The pages that have blocks, as a reader meets them."""
    known, env = known_to(app), app.env
    found = []
    for docname in in_reading_order(env):
        page = known.page(Path(env.doc2path(docname)))
        if page.snippets:
            found.append(Verified(docname, env.titles[docname].astext(), page, known.marks(page)))
    return found


def columns(pages: Iterable[Verified]) -> list[Target]:
    """The databases that any page is for."""
    wanted = {m.target for page in pages for marks in page.marks.values() for m in marks}
    return [target for name, target in every_target().items() if name in wanted]


# -- for readers ----------------------------------------------------------------------------------


class Place(nodes.General, nodes.Element):
    """Where the matrix or the excuses will stand, which only all pages together can say."""


class Drawing(SphinxDirective):
    """Leaves a place, and a note that this page changes when any other does."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname][SHOWS_ALL] = "yes"
        place = Place(drawing=type(self).__name__)
        self.set_source_info(place)
        return [place]


class Matrix(Drawing):
    """`{matrix}`: pages × databases."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname][MATRIX] = "yes"
        return super().run()


class Excuses(Drawing):
    """`{excuses}`: the blocks that were not run, with the reasons."""


class DrawVerification(SphinxPostTransform):
    """Puts the tables where they belong, before furo looks for tables to wrap."""

    default_priority = 400

    def run(self, **kwargs: Any) -> None:
        places = list(self.document.findall(Place))
        if not places or self.app.builder.name == "gettext":
            return
        pages = verified(self.app)
        for place in places:
            if place["drawing"] == "Matrix":
                place.replace_self([matrix(self.app, self.env.docname, pages), files()])
            else:
                place.replace_self(excuses(self.app, self.env.docname, pages))


def matrix(app: "Sphinx", docname: str, pages: Sequence[Verified]) -> nodes.Element:
    """Pages × databases; what a cell counts leads to the first such block."""
    known, targets = known_to(app), columns(pages)
    head: list[Cell] = [[nodes.Text(str(_("Page")))]]
    head += [
        [*head_of(target, known.ledgers.get(target.name, [])), *_date(known, target)]
        for target in targets
    ]
    rows: list[list[Cell]] = []
    for page in pages:
        title = _link(app, docname, page, "", [nodes.Text(page.title)])
        rows.append([[title], *(_counts(app, docname, page, target) for target in targets)])
    drawn = table([nodes.Text(str(_("Code blocks by page and database")))], head, rows)
    drawn["ids"] = ["matrix"]
    return drawn


def _date(known: Results, target: Target) -> Iterator[nodes.Node]:
    """When a database last gave an answer that was new, below its versions."""
    if of_target := known.ledgers.get(target.name):
        day = max(ledger.finished for ledger in of_target)
        yield nodes.Text(" ")
        yield nodes.inline("", f"{day:%Y-%m-%d}", classes=["crossnotes-version"])


def _counts(app: "Sphinx", docname: str, page: Verified, target: Target) -> Cell:
    """How many blocks of a page are in each state, the worst first."""
    texts = {
        "failed": _("{number} failed"),
        "changed": _("{number} changed since"),
        "not-run": _("{number} not run"),
        "passed": _("{number} seen to work"),
        "excused": _("{number} excused"),
    }
    of_target = page.on(target)
    if not of_target:
        return [result_node("not-run", str(_("not for this database")))]
    cell: list[nodes.Node] = []
    for state, text in texts.items():
        found = [snippet for snippet, mark in of_target if mark.state == state]
        if found:
            item = result_node(state, str(text).format(number=len(found)))
            cell += [
                _link(app, docname, page, anchor_of(found[0].index), [item]),
                nodes.Text(" "),
            ]
    return cell[:-1]


def _link(
    app: "Sphinx", docname: str, page: Verified, anchor: str, children: Sequence[nodes.Node]
) -> nodes.reference:
    uri = app.builder.get_relative_uri(docname, page.docname)
    link = nodes.reference("", "", internal=True, refuri=f"{uri}#{anchor}" if anchor else uri)
    link += children
    return link


def files() -> nodes.paragraph:
    """The line that leads to the same as files."""
    line = nodes.paragraph("", str(_("The same as files:")))
    for name in (RESULTS_FILE, JSON_FILE, BADGE_FILE):
        line += nodes.Text(" ")
        line += nodes.reference("", name, internal=True, refuri=name)
    return line


def excuses(app: "Sphinx", docname: str, pages: Sequence[Verified]) -> nodes.Element:
    """The blocks that were not run, each with its reasons."""
    head: list[Cell] = [
        [nodes.Text(str(text))] for text in (_("Block"), _("Databases"), _("Reason"))
    ]
    rows: list[list[Cell]] = []
    for page in pages:
        reasons = _translated_reasons(app, page)
        for snippet in page.page.snippets:
            excused = [mark for mark in page.marks[snippet.index] if mark.state == "excused"]
            for reason in dict.fromkeys(mark.reason for mark in excused):
                name = [nodes.Text(f"{page.title}: "), nodes.literal("", _name(snippet))]
                of_reason = [mark for mark in excused if mark.reason == reason]
                labels = list(dict.fromkeys(mark.label for mark in of_reason))
                text = reason_text(reason, reasons.get(snippet.index, ""))
                block = _link(app, docname, page, anchor_of(snippet.index), name)
                names = str(_(", ")).join(labels)
                rows.append([[block], [nodes.Text(names)], [nodes.Text(text)]])
    if not rows:
        return nodes.paragraph("", str(_("Every block was run.")))
    drawn = table([nodes.Text(str(_("Excused blocks and the reasons")))], head, rows)
    drawn["ids"] = ["excuses"]
    return drawn


def _name(snippet: Snippet) -> str:
    """A block's first line that says something, shortened."""
    lines = (line.strip() for line in snippet.code.split("\n"))
    first = next((line for line in lines if line), "")
    return first if len(first) <= LONGEST_NAME else first[: LONGEST_NAME - 1] + "…"


def _translated_reasons(app: "Sphinx", page: Verified) -> dict[int, str]:
    """The reasons that a page itself gives, by block, in the language that is built."""
    if not any("skip" in s.options or "xfail" in s.options for s in page.page.snippets):
        return {}
    found, _lost = join(page.page.snippets, blocks(app.env.get_doctree(page.docname)))
    texts = {index: reason_below(outermost_of(block)) for index, block in found.items()}
    return {index: text.astext() for index, text in texts.items() if text is not None}


# -- for programs ---------------------------------------------------------------------------------


def document(known: Results, pages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """All of it as JSON, a line a page, so that a diff of two can be read."""
    names = {name for page in pages for block in page["blocks"] for name in block["targets"]}
    targets = [_target(known, target) for target in every_target().values() if target.name in names]
    encode = json.JSONEncoder(ensure_ascii=False).encode
    yield f'{{"schema": {SCHEMA}, "targets": {encode(targets)}, "pages": [\n'
    yield ",\n".join(encode(page) for page in pages)
    yield "\n]}\n"


def _target(known: Results, target: Target) -> dict[str, Any]:
    """A database: the newest version of it that answered, and all of them by series."""
    found: dict[str, Any] = {"target": target.name, "label": target.label}
    if of_target := known.ledgers.get(target.name):
        ledger = of_target[-1]
        found["version"] = ledger.server.short
        found["versions"] = dict(ledger.versions)
        found["finished"] = f"{ledger.finished:%Y-%m-%dT%H:%M:%SZ}"
        found["series"] = {each.series: each.server.short for each in of_target}
    return found


def results(known: Results, subjects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What each database answered, in each version, as results.schema.json says; a question a
    line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    ids = {key for each in subjects for asked in each["questions"] for key in asked["answers"]}
    every = [
        database(Column(target, ledger))
        for target in every_target().values()
        for ledger in known.ledgers.get(target.name, [None])
    ]
    databases = [each for each in every if each["id"] in ids]
    yield f'{{"$schema": "{SCHEMA_FILE}", "schema": {SCHEMA},\n"databases": [\n'
    yield ",\n".join(map(encode, databases))
    yield '\n],\n"subjects": [\n'
    for number, each in enumerate(subjects):
        head = encode({name: value for name, value in each.items() if name != "questions"})
        asked = ",\n".join(map(encode, each["questions"]))
        before = ",\n" if number else ""
        yield f'{before}{head[:-1]}, "questions": [\n{asked}\n]}}'
    yield "\n]}\n"


def totals(pages: Iterable[Mapping[str, Any]]) -> tuple[str, int, int]:
    """The state of all blocks together, how many were seen to work, and how many could be.

    A block counts once: it was seen to work when it was on some database and failed on none. Those
    that are excused everywhere do not count.
    """
    states = [
        {found["status"] for found in block["targets"].values()} - {"excused"}
        for page in pages
        for block in page["blocks"]
    ]
    counted = [of_block for of_block in states if of_block]
    passed = sum("passed" in of_block and "failed" not in of_block for of_block in counted)
    if any("failed" in of_block for of_block in counted):
        return "failed", passed, len(counted)
    return ("passed" if passed == len(counted) else "changed"), passed, len(counted)


def write_files(app: "Sphinx", exception: Exception | None) -> None:
    """Beside the pages of each language, so that a link to them needs nothing of the server."""
    if exception is not None or app.builder.name != "html":
        return
    looked_at = app.crossnotes_looked_at  # type: ignore[attr-defined]
    anew = app.crossnotes_anew  # type: ignore[attr-defined]
    if not (looked_at or anew) and Path(app.outdir, JSON_FILE).exists():
        return
    entries: Mapping[str, Mapping[str, Any]] = app.env.crossnotes_entries  # type: ignore[attr-defined]
    ordered = [entries[docname] for docname in in_reading_order(app.env)]
    pages = [page for page in ordered if page["blocks"]]
    write(app, JSON_FILE, "".join(document(known_to(app), pages)))
    known = app.env.crossnotes_subjects  # type: ignore[attr-defined]
    subjects = [known[name] for name in in_reading_order(app.env) if known[name]["questions"]]
    write(app, RESULTS_FILE, "".join(results(known_to(app), subjects)))
    write(app, SCHEMA_FILE, Path(__file__).with_name(SCHEMA_FILE).read_text(encoding="utf-8"))
    state, passed, of = totals(pages)
    said = str(_("{passed} of {all} seen to work")).format(passed=passed, all=of)
    svg = badge(str(_("code blocks")), f"{SIGNS[state]} {said}", state, app.config.language)
    write(app, BADGE_FILE, svg)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(Place)
    app.add_directive("matrix", Matrix)
    app.add_directive("excuses", Excuses)
    app.add_post_transform(DrawVerification)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
