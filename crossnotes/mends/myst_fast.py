"""MyST builds a docutils document for each translated message and throws it away; don't.

`DocutilsRenderer.setup_render` says `options.get("document", make_document())`: the default is made
even when a document is given, and Sphinx gives one for each message. No upstream issue was found;
the line is in https://github.com/executablebooks/MyST-Parser/blob/v5.2.0/myst_parser/mdit_to_docutils/base.py
"""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from myst_parser.mdit_to_docutils import base

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

setup_render = base.DocutilsRenderer.setup_render
make_document = base.make_document


def setup_render_lazily(
    renderer: base.DocutilsRenderer, options: dict[str, Any], env: MutableMapping[str, Any]
) -> None:
    """Set the renderer up; the default, which nobody will look at, is the document itself."""
    if "document" in options:
        base.make_document = lambda *args, **kwargs: options["document"]
    try:
        setup_render(renderer, options, env)
    finally:
        base.make_document = make_document


def setup(app: "Sphinx") -> "ExtensionMetadata":
    base.DocutilsRenderer.setup_render = setup_render_lazily  # type: ignore[assignment,method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
