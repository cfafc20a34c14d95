"""The sidebar shows the open branch only: furo parses the whole tree again for each page.

500 pages: 117 CPU seconds, with this 22. https://github.com/pradyunsg/furo/pull/939
And what furo adds to the tree (a switch to open each branch, the mark of the page that is shown)
is put in as the tree is passed over once, not by an HTML parser, which took half of that.
"""

import re
from typing import TYPE_CHECKING, Any

import furo

if TYPE_CHECKING:
    from sphinx.application import Sphinx
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


def open_branch(context: dict[str, Any]) -> str:
    toctree = context.get("toctree")
    if toctree is None:
        return ""
    branch = toctree(collapse=True, titles_only=True, maxdepth=-1, includehidden=True)
    return navigation_tree(branch or "")


def setup(app: "Sphinx") -> "ExtensionMetadata":
    furo._compute_navigation_tree = open_branch
    return {"parallel_read_safe": True, "parallel_write_safe": True}
