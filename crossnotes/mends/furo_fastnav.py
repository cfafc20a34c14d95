"""The sidebar shows the open branch only: furo parses the whole tree again for each page.

500 pages: 117 CPU seconds, with this 22. https://github.com/pradyunsg/furo/pull/939
And what furo adds to the tree (a switch to open each branch, the mark of the page that is shown)
is put in as the tree is passed over once, not by an HTML parser, which took half of that. Pages
that stand beside each other share a tree, which is an eighth of what is left.
"""

import re
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import furo
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

#: What counts in a tree that Sphinx has drawn.
PART = re.compile(
    r'<li class="(?P<classes>[^"]*)">|</li>|<ul|<a [^>]*>(?P<title>.*?)</a>', re.DOTALL
)
TAG = re.compile(r"<[^>]*>")
SWITCH = (
    '<input aria-label="Toggle navigation of {title}"{checked} class="toctree-checkbox" '
    'id="{name}" name="{name}" role="switch" type="checkbox"/><label for="{name}">'
    '<span class="icon"><svg><use href="#svg-arrow-right"></use></svg></span></label>'
)

#: The entry of a page without pages below it, and of that which is shown.
ITEM = re.compile(r'<li class="(?P<level>toctree-l\d+)">')
LINK = '<a class="reference internal" href="{uri}">'
SHOWN_LINK = '<a class="current reference internal" href="#">'
SHOWN = re.compile(
    rf'<li class="(?P<level>toctree-l\d+) current current-page">{re.escape(SHOWN_LINK)}'
)


def navigation_tree(html: str) -> str:
    """The tree with a switch in each branch, and the class of the page that is shown."""
    parts: list[str] = []
    open_items: list[int] = []  # the places of their <li> in parts
    titles: dict[int, str] = {}
    switches, current, at = 0, None, 0
    for match in PART.finditer(html):
        parts.append(html[at : match.start()])
        at = match.end()
        if match["classes"] is not None:
            open_items.append(len(parts))
            if "current" in match["classes"].split():
                current = len(parts)
        elif match[0] == "</li>":
            open_items.pop()
        elif match["title"] is not None:
            titles.setdefault(open_items[-1], TAG.sub("", match["title"]).replace('"', "&quot;"))
        elif open_items and "has-children" not in parts[item := open_items[-1]]:
            switches += 1
            parts[item] = parts[item].replace('">', ' has-children">', 1)
            checked = ' checked=""' if "current" in parts[item].split('"')[1].split() else ""
            name = f"toctree-checkbox-{switches}"
            parts.append(SWITCH.format(title=titles[item], checked=checked, name=name))
        parts.append(match[0])
    if current is not None:
        parts[current] = parts[current].replace('">', ' current-page">', 1)
    return "".join([*parts, html[at:]])


def places_of(env: "BuildEnvironment") -> dict[str, set[tuple[str, int]]]:
    """The tables of contents that list each page: the page that has one, and its number there."""
    places: dict[str, set[tuple[str, int]]] = {}
    for page, outline in env.tocs.items():
        for number, toctree in enumerate(outline.findall(addnodes.toctree)):
            for docname in toctree["includefiles"]:
                places.setdefault(docname, set()).add((page, number))
    return places


def without_mark(tree: str, uri: str) -> str | None:
    """The tree of a page, as if another were shown; None if the page is not in it once."""
    found = list(SHOWN.finditer(tree))
    if len(found) != 1:
        return None
    (shown,) = found
    item = f'<li class="{shown["level"]}">{LINK.format(uri=uri)}'
    return f"{tree[: shown.start()]}{item}{tree[shown.end() :]}"


def with_mark(tree: str, uri: str) -> str | None:
    """The tree in which a page without pages below it is shown; None if it is not in it once."""
    link = LINK.format(uri=uri)
    before, found, after = tree.partition(link)
    at = before.rfind("<li ")
    item = ITEM.fullmatch(before, max(at, 0))
    if not found or link in after or item is None:
        return None
    return f'{before[:at]}<li class="{item["level"]} current current-page">{SHOWN_LINK}{after}'


class Sidebar:
    """The tree of each page. Pages without pages below them that stand beside each other have the
    same but for which is shown, so that it is resolved for one of them."""

    def __init__(self, app: "Sphinx") -> None:
        self.app = app
        self.trees: dict[tuple[str, str, int], str] = {}

    @cached_property
    def places(self) -> dict[str, set[tuple[str, int]]]:
        return places_of(self.app.env)

    def family(self, docname: str) -> tuple[str, str, int] | None:
        """What all pages have in common that share a tree: their folder, for links are relative,
        and the table of contents. None for a page that shares none."""
        places = self.places.get(docname, set())
        has_pages = self.app.env.toctree_includes.get(docname)
        if len(places) != 1 or has_pages or self.app.builder.name != "html":
            return None
        (place,) = places
        return docname.rpartition("/")[0], *place

    def __call__(self, context: dict[str, Any]) -> str:
        toctree, docname = context.get("toctree"), context["pagename"]
        if toctree is None:
            return ""
        family = self.family(docname)
        uri = escape(self.app.builder.get_target_uri(docname).rpartition("/")[2])
        if family in self.trees and (tree := with_mark(self.trees[family], uri)):
            return tree
        branch = toctree(collapse=True, titles_only=True, maxdepth=-1, includehidden=True)
        tree = navigation_tree(branch or "")
        if family and (shared := without_mark(tree, uri)):
            self.trees[family] = shared
        return tree


def setup(app: "Sphinx") -> "ExtensionMetadata":
    furo._compute_navigation_tree = Sidebar(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
