"""Scripts that a reader may never need are loaded when they are: see docs/_static/later.js.

The copy button, the highlighting of searched words and what they stand on are a fifth of the first
load of a page. Only the search page needs some of them at once.
"""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

LATER = {
    "documentation_options.js",
    "doctools.js",
    "translations.js",
    "sphinx_highlight.js",
    "clipboard.min.js",
    "copybutton.js",
}


def put_off(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the scripts from those of the page; the template writes them where nothing runs."""
    context["crossnotes_later"] = []
    if template == "search.html":
        return
    scripts = context.get("script_files", [])
    names = [PurePosixPath(str(getattr(script, "filename", ""))).name for script in scripts]
    both = list(zip(scripts, names, strict=True))
    context["crossnotes_later"] = [script for script, name in both if name in LATER]
    context["script_files"] = [script for script, name in both if name not in LATER]


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_js_file("scroll.js", loading_method="defer")
    app.connect("html-page-context", put_off, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
