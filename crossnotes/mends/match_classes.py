"""Sphinx's NodeMatcher looks at the nodes of its class only, not at every node.

It is asked ten times for each translated message, and for each title of a translated page it
passes over the whole page. No upstream issue was found; the place is `NodeMatcher.findall` in
https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/util/nodes.py
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.nodes import NodeMatcher

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

findall = NodeMatcher.findall


def find_of_class(matcher: NodeMatcher[Any], node: nodes.Node) -> Iterator[Any]:
    if len(matcher.classes) != 1:
        return findall(matcher, node)
    return filter(matcher, node.findall(matcher.classes[0]))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    NodeMatcher.findall = find_of_class  # type: ignore[assignment,method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
