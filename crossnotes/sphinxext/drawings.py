"""Directives whose drawing only all pages together can say: the matrix, differences, the heat map.

A directive leaves a place, which is drawn when the page is written, after every page was read and
every ledger. Such a page is written again whenever the marks of any page change.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from crossnotes.sphinxext.marks import SHOWS_ALL

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class Place(nodes.General, nodes.Element):
    """Where a `drawing` will stand. Its children are texts of the page, which are translated."""


#: What draws a place: it takes the build, the page's name and the place.
Draw = Callable[["Sphinx", str, Place], Iterable[nodes.Node]]


class Drawing(SphinxDirective):
    """Leaves a place that `draw`, one of DRAWN, fills."""

    drawing: ClassVar[str]

    def run(self) -> list[nodes.Node]:
        return [self.place()]

    def place(self) -> Place:
        self.env.metadata[self.env.docname][SHOWS_ALL] = "yes"
        place = Place(drawing=self.drawing, arguments=list(self.arguments))
        self.set_source_info(place)
        return place


#: The drawings by their names.
DRAWN: dict[str, Draw] = {}


def level_in(place: Place) -> int:
    """The level of a heading inside of the drawing: the title of the page is 1."""
    node, level = place.parent, 1
    while node is not None:
        level += isinstance(node, nodes.section)
        node = node.parent
    return min(6, max(2, level))


def link(
    app: "Sphinx", docname: str, other: str, anchor: str, children: Sequence[nodes.Node]
) -> nodes.reference:
    """A link from one page to a place of another."""
    uri = app.builder.get_relative_uri(docname, other)
    found = nodes.reference("", "", internal=True, refuri=f"{uri}#{anchor}" if anchor else uri)
    found += children
    return found


def add(app: "Sphinx", name: str, directive: type[Drawing], draw: Draw) -> None:
    """Make a directive known, and what draws its places."""
    directive.drawing = name
    DRAWN[name] = draw
    app.add_directive(name, directive)


class Draws(SphinxPostTransform):
    """Fills the places, before furo looks for tables to wrap."""

    default_priority = 400

    def run(self, **kwargs: Any) -> None:
        for place in list(self.document.findall(Place)):
            if self.app.builder.name != "gettext":
                draw = DRAWN[place["drawing"]]
                place.replace_self(list(draw(self.app, self.env.docname, place)))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_node(Place)
    app.add_post_transform(Draws)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
