"""Scripts that a reader may never need are loaded when they are, with what they are drawn by: see
static/crossnotes-later.js.

The copy button, the highlighting of searched words and what they stand on are a fifth of the first
load of a page. Only the search page needs some of them at once, and a page that a search has left
words to highlight on.
"""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes.site.pages import add_to_head, is_page

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
    "crossnotes-issue.js",
    "crossnotes-keyboard.js",
    "crossnotes-markdown.js",
}

#: Style sheets of what those scripts draw, and of extensions whose classes a page may not have.
STYLES = {
    "copybutton.css": (),
    "crossnotes-keyboard.css": (),
    "furo-extensions.css": ("sd-", "sphinx-bs", "ethical", "rst-"),
}

#: What only code and text need, of which the search page has none.
OF_CODE = {
    "clipboard.min.js",
    "copybutton.js",
    "copybutton.css",
    "pygments.css",
    "furo-extensions.css",
}


def put_scripts_off(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the scripts from those of the page, and write them where nothing runs."""
    if not is_page(app, template):
        return
    if template == "search.html":
        for kind in ("script_files", "css_files"):
            context[kind] = [each for each in context.get(kind, ()) if _name(each) not in OF_CODE]
        return
    scripts = context.get("script_files", [])
    names = list(map(_name, scripts))
    both = list(zip(scripts, names, strict=True))
    put_off = [script for script, name in both if name in LATER]
    if not put_off:
        return
    context["script_files"] = [script for script, name in both if name not in LATER]
    tag, pathto = context["js_tag"], context["pathto"]
    body = context.get("body") or ""
    unused = {name for name, used in STYLES.items() if not any(each in body for each in used)}
    if "copybutton.js" not in names:
        unused = set()
    styles = [s for s in context["css_files"] if _name(s) in unused]
    context["css_files"] = [s for s in context["css_files"] if s not in styles]
    add_to_head(
        context,
        '<template id="crossnotes-later">',
        *(context["css_tag"](style) for style in styles),
        *(tag(script) for script in sorted(put_off, key=lambda script: script.priority)),
        "</template>",
        f'<script src="{pathto("_static/crossnotes-later.js", resource=True)}"></script>',
    )


def _name(asset: Any) -> str:
    return PurePosixPath(str(getattr(asset, "filename", ""))).name


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", put_scripts_off, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
