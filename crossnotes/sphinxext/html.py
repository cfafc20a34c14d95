"""Drawings as HTML, which stand on a page as they are; a page in another format has them in words.

Made of text and not of nodes: there are several below every block of a site.
"""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class Html(nodes.General, nodes.Element):
    """A piece of HTML. Its children are what of it a search finds, and are not drawn."""


def drawn(html: str, words: str = "") -> Html:
    return Html("", *([nodes.Text(words)] if words else []), html=html)


def element(name: str, inside: str, **attributes: str) -> str:
    """An element; an attribute `class_` is `class`, `data_db` is `data-db`, and one without a text
    is left out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value
    )
    return f"<{name}{said}>{inside}</{name}>"


def lines(text: str) -> str:
    """What was printed, with its line breaks. What is long scrolls, for the keyboard, too."""
    long = "0" if text.count("\n") >= LONG else ""
    return element("pre", escape(text), class_="crossnotes-lines", tabindex=long)


#: Lines of an answer from which on it scrolls.
LONG = 15


def rows(found: Iterable[Iterable[str]]) -> str:
    """The rows of a table, from the HTML of their cells; the first says what a row is of."""
    every = []
    for first, *others in found:
        cells = "".join(element("td", cell) for cell in others)
        every.append(element("tr", element("th", first, scope="row") + cells))
    return "".join(every)


def visit(translator: Any, node: Html) -> None:
    translator.body.append(node["html"])
    raise nodes.SkipNode


def leave_out(translator: Any, node: Html) -> None:
    raise nodes.SkipNode


def setup(app: "Sphinx") -> "ExtensionMetadata":
    out = (leave_out, None)
    app.add_node(Html, html=(visit, None), latex=out, text=out, man=out, texinfo=out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
