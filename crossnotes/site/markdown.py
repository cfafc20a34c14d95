"""A page as Markdown, with the answers of the databases in it and in the language of the page: for
assistants, and for readers who copy it to one.

It is made of what a page shows, so that nothing can be in the one and not in the other. It stands
beside the page, `a/b.md` beside `a/b.html`; llms.txt leads to it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes

from crossnotes.site.pages import add_to_head, is_page
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.html import element
from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: What a page shows that is not part of its text.
LEFT_OUT = {
    "headerlink",
    "crossnotes-more",
    "crossnotes-all",
    "crossnotes-downloads",
    "crossnotes-names",
    "crossnotes-languages",
    "crossnotes-chooser",
    "toctree-checkbox",
}
_VOID = {"img", "br", "hr", "input", "meta", "link", "col", "wbr", "source"}
_NO_TEXT = {"script", "style", "svg", "template", "button", "colgroup", "noscript"}
_BLOCKS = {
    *("p", "div", "section", "article", "ul", "ol", "dl", "dt", "dd", "li", "pre", "table"),
    *("blockquote", "figure", "figcaption", "details", "summary", "aside", "main", "nav", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "caption"),
}


@dataclass(slots=True)
class Tag:
    """An element of HTML, and what is in it; `said` are its attributes as they are written."""

    name: str
    said: str = ""
    children: "list[Tag | str]" = field(default_factory=list)

    def attribute(self, name: str) -> str:
        """An attribute, "" where it has none of this name."""
        if name not in self.said:
            return ""
        found = re.search(rf"""(?:^|\s){name}=(?:"([^"]*)"|'([^']*)'|(\S+))""", self.said)
        return unescape(found[1] or found[2] or found[3] or "") if found else ""

    @property
    def classes(self) -> set[str]:
        return set(self.attribute("class").split())

    def tags(self, *names: str) -> "Iterator[Tag]":
        """The elements below it with one of these names, not those within another such."""
        for child in self.children:
            if isinstance(child, Tag):
                if child.name in names:
                    yield child
                else:
                    yield from child.tags(*names)

    @property
    def text(self) -> str:
        """All that is written in it, as it is."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


_TOKEN = re.compile(
    r"""<!--.*?-->|<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)(?P<said>(?:[^>"']|"[^"]*"|'[^']*')*)>"""
    r"""|(?P<text>[^<]+|<)""",
    re.DOTALL,
)


def read(html: str) -> Tag:
    """HTML, which docutils or we wrote, as a tree. Python's own parser takes four times as long,
    which a build of many pages would feel."""
    root = Tag("body")
    above = [root]
    for token in _TOKEN.finditer(html):
        end, name, said, text = token.groups()
        if text:
            above[-1].children.append(unescape(text) if "&" in text else text)
        elif end:
            if name in (each.name for each in above[1:]):
                while above.pop().name != name:
                    pass
        elif name:
            made = Tag(name, said)
            above[-1].children.append(made)
            if name not in _VOID and not said.endswith("/"):
                above.append(made)
    return root


class Writer:
    """Writes a tree as Markdown; `address` makes of a link of the page one that leads there from
    anywhere."""

    def __init__(self, address: Callable[[str], str]) -> None:
        self.address = address

    # -- text within a line ----------------------------------------------------------------------

    def inline(self, node: Tag | str) -> str:
        if isinstance(node, str):
            return node
        if node.name in _NO_TEXT or node.classes & LEFT_OUT:
            return ""
        inside = "".join(map(self.inline, node.children))
        match node.name:
            case "code" | "kbd" | "samp":
                return _code(" ".join(node.text.split()))
            case "pre":
                return _code(" ".join(node.text.split()))
            case "strong" | "b":
                return f"**{inside.strip()}**" if inside.strip() else ""
            case "em" | "i" | "cite":
                return f"*{inside.strip()}*" if inside.strip() else ""
            case "a" if node.attribute("href") and inside.strip():
                return f"[{inside.strip()}]({self.address(node.attribute('href'))})"
            case "img":
                said, where = (node.attribute(name) for name in ("alt", "src"))
                return f"![{said}]({self.address(where)})"
            case "br":
                return " "
            case _ if node.name in _BLOCKS:
                return f" {inside.strip()} "
        return inside

    def line(self, *children: Tag | str) -> str:
        return " ".join("".join(map(self.inline, children)).split())

    # -- blocks ----------------------------------------------------------------------------------

    def blocks(self, children: list[Tag | str]) -> Iterator[str]:
        """The blocks of an element; what stands between them, in a line of its own."""
        text: list[Tag | str] = []
        for child in children:
            if isinstance(child, str) or (child.name not in _BLOCKS and child.name not in _NO_TEXT):
                text.append(child)
                continue
            if line := self.line(*text):
                yield line
            text = []
            if not (child.name in _NO_TEXT or child.classes & LEFT_OUT):
                yield from self.block(child)
        if line := self.line(*text):
            yield line

    def block(self, node: Tag) -> Iterator[str]:
        classes = node.classes
        match node.name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                yield f"{'#' * int(node.name[1])} {self.line(*node.children)}"
            case "pre":
                yield _fenced(node.text)
            case "ul" | "ol":
                yield self._list(node)
            case "dl":
                yield from self._terms(node)
            case "table" if "crossnotes-answers-table" in classes:
                yield from self._answers(node)
            case "table":
                yield from self._table(node)
            case "hr":
                yield "---"
            case "blockquote":
                yield _quoted(self.blocks(node.children))
            case "details" if classes & {"crossnotes-chip", "crossnotes-summary"}:
                yield from (self.line(*each.children) for each in node.tags("summary"))
            case _ if node.attribute("role") == "tablist":
                return
            case _ if label := node.attribute("data-label"):
                yield f"**{label}**"
                yield from self.blocks(node.children)
            case _ if "admonition" in classes:
                title, *others = [*self.blocks(node.children), ""]
                yield _quoted([f"**{title}**", *filter(None, others)])
            case _ if found := next((c for c in classes if c.startswith("highlight-")), None):
                language = found.removeprefix("highlight-")
                language = "" if language in ("default", "none", "text") else language
                yield from (_fenced(each.text, language) for each in node.tags("pre"))
            case "p" | "summary" | "figcaption" | "dt" | "caption":
                if line := self.line(*node.children):
                    yield line
            case _:
                yield from self.blocks(node.children)

    def _list(self, node: Tag) -> str:
        items = []
        for number, item in enumerate(node.tags("li"), int(node.attribute("start") or 1)):
            mark = f"{number}. " if node.name == "ol" else "- "
            found = list(self.blocks(item.children))
            joined = "\n".join(found) if _is_tight(found) else "\n\n".join(found)
            items.append(mark + joined.replace("\n", "\n" + " " * len(mark)))
        return "\n".join(_without_blanks(item) for item in items)

    def _terms(self, node: Tag) -> Iterator[str]:
        for each in node.tags("dt", "dd"):
            found = list(self.blocks(each.children))
            if each.name == "dt":
                yield f"**{' '.join(found)}**"
            else:
                yield from found

    def _answers(self, node: Tag) -> Iterator[str]:
        """Who answered what, a line or a block each."""
        for row in node.tags("tr"):
            names = self.line(*next(row.tags("th"), Tag("th")).children)
            for cell in row.tags("td"):
                variants = [each for each in cell.children if isinstance(each, Tag)]
                for each in variants:
                    version = self.line(*next(each.tags("small"), Tag("small")).children)
                    of = [each] if each.name == "pre" else each.tags("pre")
                    said = "".join(found.text for found in of)
                    head = f"{names} ({version}):" if version else f"{names}:"
                    if "\n" in said.strip("\n"):
                        yield head
                        yield _fenced(said, "text")
                    else:
                        yield f"{head} {_code(said.strip())}"

    def _table(self, node: Tag) -> Iterator[str]:
        for caption in node.tags("caption"):
            yield f"**{self.line(*caption.children)}**"
        rows: list[list[str]] = []
        for row in node.tags("tr"):
            cells: list[str] = []
            for cell in row.tags("th", "td"):
                text = self.line(*cell.children).replace("|", "\\|")
                cells += [text] * _span(cell)
            rows.append(cells)
        rows = [cells for cells in rows if cells]
        if not rows:
            return
        width = max(map(len, rows))
        lines = ["| " + " | ".join([*cells, *[""] * (width - len(cells))]) + " |" for cells in rows]
        yield "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _span(cell: Tag) -> int:
    said = cell.attribute("colspan")
    return min(int(said), 100) if said.isdecimal() else 1


def _code(text: str) -> str:
    """Text in backticks, more than it has in a row."""
    if not text.strip():
        return ""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    marks = "`" * (longest + 1)
    return f"{marks} {text} {marks}" if longest else f"`{text}`"


def _fenced(text: str, language: str = "") -> str:
    longest = max(map(len, re.findall(r"^ *(`{3,})", text, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


def _quoted(blocks: "Iterator[str] | list[str]") -> str:
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))


def _is_tight(blocks: list[str]) -> bool:
    """Whether an item of a list is one line, and perhaps a list below it."""
    return len(blocks) < 3 and not any("```" in block for block in blocks)


def _without_blanks(item: str) -> str:
    return "\n".join(line.rstrip() for line in item.split("\n"))


#: Code, whose colours are most of the elements of a page.
_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_SPAN = re.compile(r"</?span[^>]*>")


def of_html(html: str, address: Callable[[str], str] = str) -> str:
    """The text of a page as Markdown."""
    plain = _CODE.sub(lambda code: _SPAN.sub("", code[0]), html)
    found = Writer(address).blocks(read(plain).children)
    return "\n\n".join(block for block in found if block.strip()) + "\n"


# -- pages ----------------------------------------------------------------------------------------


def name_of(docname: str) -> str:
    """The file of a page, from the folder of its language."""
    return f"{docname}.md"


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the Markdown of a page beside it, and say so in its head."""
    is_missing = page == app.config.notfound_pagename
    if doctree is None or is_missing or not is_page(app, template):
        return
    base, uri = app.config.html_baseurl, app.builder.get_target_uri(page)

    def address(href: str) -> str:
        if not base or urlsplit(href).scheme:
            return href
        return str(urljoin(base + uri, href))

    write(app, name_of(page), of_html(context.get("body") or "", address))
    name = PurePosixPath(name_of(page)).name
    href = name if app.builder.name == "html" else f"../{name}"
    context["crossnotes_markdown"] = {
        "href": href,
        "text": str(_("Copy page")),
        "title": str(_("Copy this page as Markdown")),
        "done": str(_("Copied")),
    }
    context["crossnotes_markdown_link"] = link(context["crossnotes_markdown"])
    add_to_head(context, f'<link rel="alternate" type="text/markdown" href="{escape(href)}">')
    app.add_js_file("crossnotes-markdown.js", loading_method="defer")


def below_the_text(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The link, where the theme has no other place for it."""
    said = context.get("crossnotes_markdown")
    if said and not context.get("crossnotes_extended"):
        context["body"] = f"{context.get('body') or ''}\n<p>{link(said)}</p>"


def link(said: dict[str, str]) -> str:
    """A link to the Markdown, which a script makes a button that copies it."""
    made: str = element(
        "a",
        escape(said["text"]),
        class_="crossnotes-markdown",
        href=said["href"],
        title=said["title"],
        data_done=said["done"],
    )
    return made


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # Before what is added to the text for readers of the site.
    app.connect("html-page-context", add_to_page, priority=400)
    app.connect("html-page-context", below_the_text, priority=960)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
