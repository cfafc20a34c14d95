"""`{sequence}`: who does what, in which order; a drawing made from a table of the page.

A column is a participant, a row a moment. A cell says what happens there; one that begins with an
arrow is a message to the neighbour on that side. The table is what a translator sees, what the
drawing tells to those who can't see it, and what stands on the page wherever it isn't HTML.
"""

import unicodedata
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

#: Sizes in the drawing's own unit, which is a pixel where there is room for all of it.
COLUMN = 220
GAP = 14
BOX = 204
PADDING = 8
LINE = 20
FONT = 14

#: Widths in a proportional font, as parts of its size: of a Japanese character, and of others.
WIDE = 1.0
NARROW = 0.54
#: What must not begin a line in Japanese.
CLOSING = "、。）」』！？・ー"

ARROWS = {"→": 1, "←": -1}


class Moment(NamedTuple):
    """A cell that is not empty: its row and column, counted from 0, and its text."""

    row: int
    column: int
    text: str

    @property
    def direction(self) -> int:
        """Where a message goes: 1 to the right, -1 to the left; 0 for what is no message."""
        return ARROWS.get(self.text[0], 0)

    @property
    def words(self) -> str:
        return self.text[1:].strip() if self.direction else self.text


class Drawing(nodes.General, nodes.Element):
    """Where a drawing will stand: the caption and the table that it is made from."""


class Sequence(SphinxDirective):
    """A drawing of the table in its body; `:caption:` says of what."""

    has_content = True
    option_spec: ClassVar["OptionSpec"] = {"caption": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        found = self.parse_content_to_nodes()
        if len(found) != 1 or not isinstance(found[0], nodes.table):
            raise self.error("a {sequence} holds one table, a column a participant; and no more")
        if "caption" not in self.options:
            raise self.error("a {sequence} needs a :caption: that says what it shows")
        names, moments = read(found[0])
        for moment in moments:
            if not 0 <= moment.column + moment.direction < len(names):
                raise self.error(f"{moment.text!r} goes to a neighbour that is not there")
        text = self.options["caption"]
        inside, messages = self.parse_inline(text)
        caption = nodes.caption(text, "", *inside)
        self.set_source_info(caption)
        drawing = Drawing("", caption, *messages, found[0])
        self.set_source_info(drawing)
        return [drawing]


def read(table: nodes.table) -> tuple[list[str], list[Moment]]:
    """The participants, and what happens."""
    [head] = table.findall(nodes.thead)
    [body] = table.findall(nodes.tbody)
    names = [entry.astext() for entry in head.findall(nodes.entry)]
    moments = [
        Moment(number, column, text)
        for number, row in enumerate(body.findall(nodes.row))
        for column, entry in enumerate(row.findall(nodes.entry))
        if (text := entry.astext().strip())
    ]
    return names, moments


# -- drawing --------------------------------------------------------------------------------------


def svg(title: str, names: list[str], moments: list[Moment]) -> str:
    """The drawing. Colours are the page's: its style sheet has them."""
    rows = [[m for m in moments if m.row == number] for number in range(_rows(moments))]
    top = 2 * PADDING + LINE + GAP
    parts: list[str] = []
    for row in rows:
        height = max(_height(moment) for moment in row)
        for moment in row:
            parts += _arrow(moment, top) if moment.direction else _box(moment, top)
        top += height + GAP
    width = COLUMN * len(names)
    lines = [
        f'<line class="life" x1="{_middle(number)}" x2="{_middle(number)}" '
        f'y1="{2 * PADDING + LINE}" y2="{top}"/>'
        for number in range(len(names))
    ]
    heads = [
        f'<text class="head" x="{_middle(number)}" y="{PADDING + FONT}">{escape(name)}</text>'
        for number, name in enumerate(names)
    ]
    told = str(_(". ")).join(f"{names[moment.column]}: {moment.text}" for moment in moments)
    return (
        f'<svg role="img" viewBox="0 0 {width} {top}" width="{width}" '
        f'font-size="{FONT}"><title>{escape(title)}</title><desc>{escape(told)}</desc>'
        f"{''.join(lines + heads + parts)}</svg>"
    )


def _rows(moments: list[Moment]) -> int:
    return max((moment.row for moment in moments), default=-1) + 1


def _middle(column: int) -> int:
    return COLUMN * column + COLUMN // 2


def _room(moment: Moment) -> int:
    return COLUMN - 2 * PADDING if moment.direction else BOX - 2 * PADDING


def _height(moment: Moment) -> int:
    return len(wrapped(moment.words, _room(moment))) * LINE + 2 * PADDING


def _box(moment: Moment, top: int) -> list[str]:
    x = _middle(moment.column) - BOX // 2
    return [
        f'<rect x="{x}" y="{top}" width="{BOX}" height="{_height(moment)}" rx="4"/>',
        _text(moment, _middle(moment.column), top),
    ]


def _arrow(moment: Moment, top: int) -> list[str]:
    """A line to the neighbour, with its words above."""
    start, end = _middle(moment.column), _middle(moment.column + moment.direction)
    y = top + _height(moment) - PADDING // 2
    back = end - 8 * moment.direction
    return [
        f'<line class="message" x1="{start}" x2="{end}" y1="{y}" y2="{y}"/>',
        f'<path class="tip" d="M {end} {y} L {back} {y - 4} L {back} {y + 4} Z"/>',
        _text(moment, (start + end) // 2, top - PADDING // 2),
    ]


def _text(moment: Moment, x: int, top: int) -> str:
    spans = "".join(
        f'<tspan x="{x}" y="{top + PADDING + FONT + LINE * number}">{escape(line)}</tspan>'
        for number, line in enumerate(wrapped(moment.words, _room(moment)))
    )
    return f"<text>{spans}</text>"


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines that are about as wide as there is room: broken between words, and in
    Japanese between characters."""
    lines = [""]
    for word in _words(text):
        if lines[-1].strip() and _width(lines[-1] + word.rstrip()) > room and word not in CLOSING:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def _words(text: str) -> Iterator[str]:
    """What a line may not be broken in; a space stays with the word before it."""
    word = ""
    for character in text:
        if _is_wide(character) or word.endswith(" "):
            if word:
                yield word
            word = ""
        word += character
        if _is_wide(character):
            yield word
            word = ""
    if word:
        yield word


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _width(text: str) -> float:
    return FONT * sum(WIDE if _is_wide(character) else NARROW for character in text)


class Draw(SphinxPostTransform):
    """Puts the drawing where it belongs, or, where a page is no HTML, the table."""

    default_priority = 400  # before furo looks for tables to wrap

    def run(self, **kwargs: Any) -> None:
        if self.app.builder.name == "gettext":
            return  # the caption is a message of the page
        for number, place in enumerate(list(self.document.findall(Drawing)), start=1):
            caption, *rest = place.children
            if self.app.builder.format != "html":
                place.replace_self([nodes.paragraph("", "", *caption.children), *rest])
                continue
            [table] = place.findall(nodes.table)
            drawn = nodes.raw("", svg(caption.astext(), *read(table)), format="html")
            figure = nodes.figure("", drawn, caption, classes=["crossnotes-sequence"])
            figure["ids"] = [f"drawing-{number}"]  # the same in all languages
            place.replace_self(figure)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(Drawing)
    app.add_directive("sequence", Sequence)
    app.add_post_transform(Draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
