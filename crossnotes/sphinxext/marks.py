"""Draws Results under the blocks they belong to, and a line that sums up at the head of a page.

Results are joined to blocks by page, order and code: a block's line in a doctree is off by up to
three (and by one inside of tabs).
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from crossnotes import files
from crossnotes.listing import language_of
from crossnotes.page import Page, Snippet
from crossnotes.program import tab_problems
from crossnotes.reader import Dialect
from crossnotes.results import Mark
from crossnotes.run.reuse import own_digest
from crossnotes.sphinxext import below, naming
from crossnotes.sphinxext.answers import product_of
from crossnotes.sphinxext.html import drawn
from crossnotes.sphinxext.known import MARKDOWN, anchor_of, entry, known_to, state_of, subject
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.repository import address_of, issue
from crossnotes.sphinxext.snippet import NO_SEARCH, OUTPUT, OUTPUT_BLOCK, REASON
from crossnotes.sphinxext.states import grouped, result_node, text_of, worst_of
from crossnotes.text import pycon

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

#: The key in the metadata of a page that shows what became of all pages.
SHOWS_ALL = "crossnotes_shows_all"

#: The key in the metadata of a page with comparisons: their rows.
COMPARED = "crossnotes_compared"

#: The key in the metadata of a page with differences: the databases of each drawing.
DIFFERENCES = "crossnotes_differences"

#: The key in the metadata of the page with the matrix.
MATRIX = "crossnotes_matrix"


# -- drawing -------------------------------------------------------------------------------------


def mark_node(marks: Sequence[Mark], translated_reason: str) -> nodes.paragraph:
    """The line under a block, where a page is no HTML. Its texts have no source, so no catalogue
    takes them for messages of the page; the reason that the page gives was translated with it."""
    line = nodes.paragraph(classes=["crossnotes-mark", NO_SEARCH])
    for group in grouped(marks):
        line += result_node(group[0].state, text_of(group, translated_reason))
    return line


def summary_node(marks: Mapping[int, Sequence[Mark]]) -> nodes.paragraph | None:
    """The line at the head of such a page, or None for a page without snippets."""
    by_target: dict[str, list[list[Mark]]] = {}
    for of_snippet in marks.values():
        of_target: dict[str, list[Mark]] = {}
        for mark in of_snippet:
            of_target.setdefault(mark.target, []).append(mark)
        for target, found in of_target.items():
            by_target.setdefault(target, []).append(found)
    if not by_target:
        return None
    line = nodes.paragraph(classes=["crossnotes-summary", NO_SEARCH])
    head = nodes.strong("", str(_("Code blocks seen to work:")))
    line += head
    for of_blocks in by_target.values():
        line += nodes.Text(" ")
        line += _summary_item(of_blocks)
    return line


def _summary_item(of_blocks: Sequence[Sequence[Mark]]) -> nodes.inline:
    """A database: how many of its blocks were seen to work in every version that there is."""
    passed = sum(all(mark.state == "passed" for mark in of_block) for of_block in of_blocks)
    marks = [mark for of_block in of_blocks for mark in of_block]
    state = worst_of(marks)
    name = naming.names([mark for mark in marks if mark.version] or marks[:1])
    if state == "not-run" and not any(mark.date for mark in marks):
        text = str(_("{database}: not run")).format(database=name)
    else:
        date = max(mark.date for mark in marks)
        text = str(_("{database}: {passed} of {all} ({date})")).format(
            database=name, passed=passed, all=len(of_blocks), date=date
        )
    return result_node(state, text)


# -- joining --------------------------------------------------------------------------------------


def blocks(doctree: nodes.document) -> list[nodes.literal_block]:
    """The literal blocks of a page that may be snippets, in reading order."""
    return [node for node in doctree.findall(nodes.literal_block) if not node.get(OUTPUT)]


def join(
    snippets: Sequence[Snippet], literal_blocks: Sequence[nodes.literal_block]
) -> tuple[dict[int, nodes.literal_block], list[Snippet]]:
    """Each snippet's block, by order and code, and the snippets for which there is none. Sphinx
    moves some blocks, such as those of footnotes, to the end of the page."""
    found: dict[int, nodes.literal_block] = {}
    lost = []
    codes = dict(enumerate(_bare(block.astext()) for block in literal_blocks))
    at = 0
    for snippet in snippets:
        code = pycon.as_read(snippet.code) if snippet.kind == "pycon" else snippet.code
        wanted = _bare(code)
        same = [place for place, code in codes.items() if code == wanted]
        if not same:
            lost.append(snippet)
            continue
        place = next((place for place in same if place >= at), same[0])
        found[snippet.index] = literal_blocks[place]
        del codes[place]
        at = max(at, place + 1)
    return found, lost


def _bare(code: str) -> list[str]:
    return [line.rstrip().expandtabs() for line in code.strip("\n").split("\n")]


def outermost_of(block: nodes.literal_block) -> nodes.Element:
    """The block, or the container that holds it and its caption."""
    parent = block.parent
    if isinstance(parent, nodes.container) and parent.get("literal_block"):
        return parent
    return block


def draw(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Add the marks to a page that is about to be written."""
    if app.builder.name == "gettext":
        return
    app.crossnotes_written.add(docname)  # type: ignore[attr-defined]
    known = known_to(app)
    if Path(app.env.doc2path(docname)).suffix not in MARKDOWN:
        return
    page = known.page(Path(app.env.doc2path(docname)))
    marks = known.marks(page)
    literal_blocks = blocks(doctree)
    joined, lost = join(page.snippets, literal_blocks)
    for snippet in lost:
        if snippet.problem is None:
            _warn(page.path, snippet.line, "this block is run, and Sphinx does not show it")
    of_snippets = [snippet.problem for snippet in page.snippets if snippet.problem]
    for problem in (*page.problems, *tab_problems(page, known.labels), *of_snippets):
        _warn(problem.page, problem.line, problem.message)
    for block in _unread(literal_blocks, joined, known.dialect):
        _warn(page.path, block.line or 1, "this block is shown, and nothing runs or excuses it")
    is_html, matrix = app.builder.format == "html", address_of_matrix(app, docname)
    snippets = {snippet.index: snippet for snippet in page.snippets}
    products = {product_of(mark.target) for found in marks.values() for mark in found}
    for index, block in joined.items():
        outermost = outermost_of(block)
        if (anchor := anchor_of(index)) not in doctree.ids:
            outermost["ids"].append(anchor)
        reason = _take_reason(outermost)
        if marks[index] and is_html:
            _take_outputs(outermost)
            new = below.below(snippets[index], marks[index], reason, matrix)
            _put_after(outermost, new)
            begin = below.only(snippets[index], marks[index], products)
            if begin is not None:
                parent = outermost.parent
                parent.insert(parent.index(outermost), begin)
                _put_after(new, drawn("</details>"))
        elif marks[index]:
            _put_after(outermost, mark_node(marks[index], reason))
    summary: nodes.Element | None = summary_node(marks)
    if is_html:
        summary = below.summary(marks, matrix, address_of_issue(app, page, docname, marks))
    title = next(iter(doctree.findall(nodes.title)), None)
    if summary is not None and title is not None:
        _put_after(title, summary)


def address_of_issue(
    app: "Sphinx", page: Page, docname: str, marks: Mapping[int, Sequence[Mark]]
) -> str:
    """Where a reader says that a page was not right, or nothing where no repository is known."""
    address = address_of(app)
    if not address:
        return ""
    url = f"{app.config.html_baseurl or ''}{app.builder.get_target_uri(docname)}"
    return issue(address, page.path, url, [mark for found in marks.values() for mark in found])


def _unread(
    literal_blocks: Sequence[nodes.literal_block],
    found: Mapping[int, nodes.literal_block],
    dialect: Dialect,
) -> Iterator[nodes.literal_block]:
    """Blocks that no snippet stands for, in a language that is not only shown."""
    joined = {id(block) for block in found.values()}
    for block in literal_blocks:
        if "docstring of " in (block.source or ""):
            continue  # of a module that autodoc shows
        language = block.get("language", "default")
        if "source" in block and language == "default":  # a file that is shown as it is
            language = language_of(Path(block["source"]))
        if language not in dialect.show_only and id(block) not in joined:
            yield block


def reason_below(block: nodes.Element) -> nodes.paragraph | None:
    """The reason that the page gives below a block, in the language of the page."""
    following = block.next_node(descend=False, siblings=True)
    if isinstance(following, nodes.paragraph) and REASON in following["classes"]:
        return following
    return None


def _take_reason(block: nodes.Element) -> str:
    """The text of the reason below a block, which the mark says instead."""
    reason = reason_below(block)
    if reason is None:
        return ""
    reason.parent.remove(reason)
    return reason.astext()


def _take_outputs(block: nodes.Element) -> None:
    """What the page expects below a block, which its answers say instead."""
    following = block.next_node(descend=False, siblings=True)
    while isinstance(following, nodes.container) and OUTPUT_BLOCK in following["classes"]:
        block.parent.remove(following)
        following = block.next_node(descend=False, siblings=True)


def address_of_matrix(app: "Sphinx", docname: str) -> str:
    """Where the matrix is, as seen from a page; "" where no page has it."""
    for name, metadata in app.env.metadata.items():
        if MATRIX in metadata:
            return f"{app.builder.get_relative_uri(docname, name)}#matrix"
    return ""


def _warn(page: str, line: int, message: str) -> None:
    logger.warning(message, location=f"{page}:{line}", type="crossnotes", subtype="snippet")


def _put_after(node: nodes.Element, new: nodes.Node) -> None:
    parent = node.parent
    assert parent is not None
    parent.insert(parent.index(node) + 1, new)


# -- building -------------------------------------------------------------------------------------


#: Below the folder of doctrees: the marks that the pages of a builder have, by page. It is there
#: only while they really have them: a build takes it away at its start, and writes it at its end.
DRAWN = "crossnotes-drawn-{builder}.json"


def _drawn_file(app: "Sphinx") -> Path:
    return Path(app.doctreedir, DRAWN.format(builder=app.builder.name))


def take_drawn(app: "Sphinx", env: "BuildEnvironment", docnames: list[str]) -> None:
    """Note what is read, and take away what tells which marks are drawn, until they are."""
    app.crossnotes_read = set(docnames)  # type: ignore[attr-defined]
    app.crossnotes_written = set()  # type: ignore[attr-defined]
    path, drawn = _drawn_file(app), {}
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("folder") == str(app.outdir):
            drawn = found["marks"]
    path.unlink(missing_ok=True)
    app.crossnotes_drawn = drawn  # type: ignore[attr-defined]


def keep_drawn(app: "Sphinx", exception: Exception | None) -> None:
    """The pages that were written have the marks now that they should have."""
    if exception is not None or app.builder.name == "gettext":
        return
    now: dict[str, str] = getattr(app.env, "crossnotes_marks", {})
    drawn, written = app.crossnotes_drawn, app.crossnotes_written  # type: ignore[attr-defined]
    marks = {
        docname: digest
        for docname, digest in now.items()
        # Processes that write side by side do not tell which pages; they write all that changed.
        if docname in written or drawn.get(docname) == digest or app.parallel > 1
    }
    with contextlib.suppress(OSError):  # all pages are written anew the next time
        files.write(_drawn_file(app), json.dumps({"folder": str(app.outdir), "marks": marks}))


def changed_pages(
    app: "Sphinx", env: "BuildEnvironment", added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages that say something else than when they were read, though their time is older: Sphinx
    looks at the time alone."""
    read: dict[str, str] = getattr(env, "crossnotes_sources", {})
    looked_at = env.found_docs - added - changed
    return [name for name in looked_at if name in read and read[name] != _source(env, name)]


def _source(env: "BuildEnvironment", docname: str) -> str:
    """Changes when a page does, or a file that it takes in."""
    digest = hashlib.sha256()
    for name in (env.doc2path(docname), *sorted(env.dependencies.get(docname, ()))):
        with contextlib.suppress(OSError):
            digest.update(Path(env.srcdir, name).read_bytes())
    return digest.hexdigest()


def pages_to_write(app: "Sphinx", env: "BuildEnvironment") -> list[str]:
    """The pages whose marks changed since they were last written, though they did not, and those
    that show the marks of all."""
    depends_on = state_of(app)
    same = depends_on == getattr(env, "crossnotes_depends_on", "")
    drawn: dict[str, str] = app.crossnotes_drawn  # type: ignore[attr-defined]
    before: dict[str, str] = getattr(env, "crossnotes_marks", {})
    kept: dict[str, dict[str, Any]] = getattr(env, "crossnotes_entries", {})
    asked: dict[str, dict[str, Any]] = getattr(env, "crossnotes_subjects", {})
    now = {docname: before[docname] for docname in before.keys() & kept.keys() & env.found_docs}
    sources: dict[str, str] = getattr(env, "crossnotes_sources", {})
    read: set[str] = app.crossnotes_read  # type: ignore[attr-defined]
    env.crossnotes_sources = {  # type: ignore[attr-defined]
        docname: _source(env, docname) if docname in read else sources.get(docname, "")
        for docname in env.found_docs
    }
    entries = {docname: kept[docname] for docname in now}
    subjects = {docname: asked[docname] for docname in now if docname in asked}
    looked_at = set(env.found_docs)
    if same:
        looked_at = read | (looked_at - now.keys())
    # Another version of ours draws them otherwise, and each has a link to the repository.
    own = [own_digest(), address_of(app)]
    for docname in looked_at:
        known, title = known_to(app), env.titles[docname].astext()
        page = known.page(Path(env.doc2path(docname)))
        marks = known.marks(page)
        rows = env.metadata[docname].get(COMPARED, ())
        drawn_from = [*own, title, rows, known.config.setup, *sorted(marks.items())]
        digest = hashlib.sha256(repr(drawn_from).encode())
        now[docname] = digest.hexdigest()
        uri = app.builder.get_target_uri(docname)
        entries[docname] = entry(page, marks, title, uri)
        subjects[docname] = subject(page, marks, title, uri)
    app.crossnotes_looked_at = looked_at  # type: ignore[attr-defined]
    env.crossnotes_marks = now  # type: ignore[attr-defined]
    env.crossnotes_entries = entries  # type: ignore[attr-defined]
    env.crossnotes_subjects = subjects  # type: ignore[attr-defined]
    env.crossnotes_depends_on = depends_on  # type: ignore[attr-defined]
    app.crossnotes_anew = not drawn  # type: ignore[attr-defined]
    changed = [docname for docname in now if drawn.get(docname) != now[docname]]
    if drawn.keys() != now.keys() or changed:
        changed += [docname for docname in now if SHOWS_ALL in env.metadata[docname]]
    if not same and not changed:
        return [env.config.root_doc]  # only then does Sphinx keep what was found
    return changed


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_config_value("crossnotes_ledgers", "", "html", [str])
    app.add_config_value("crossnotes_django", "", "html", [str])
    app.connect("env-get-outdated", changed_pages)
    app.connect("env-before-read-docs", take_drawn)
    app.connect("env-updated", pages_to_write)
    app.connect("doctree-resolved", draw)
    app.connect("build-finished", keep_drawn, priority=900)  # when all else has been written
    return {"parallel_read_safe": True, "parallel_write_safe": True}
