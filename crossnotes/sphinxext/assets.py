"""The style sheets and scripts of the package, each on the pages that need it and on no other."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes import files

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"

#: What stands in the HTML of a page that we drew anything on.
DRAWN = "crossnotes-"
#: What stands in the HTML of a page → the style sheet that it needs.
STYLES = {
    DRAWN: "crossnotes.css",
    "crossnotes-table": "crossnotes-table.css",
    "crossnotes-compare": "crossnotes-compare.css",
    "crossnotes-sequence": "crossnotes-sequence.css",
    "crossnotes-matrix": "crossnotes-matrix.css",
    "crossnotes-differs": "crossnotes-differences.css",
    'class="crossnotes-filter': "crossnotes-filter.css",
    'class="crossnotes-heat': "crossnotes-front-page.css",
    'class="crossnotes-hero': "crossnotes-front-page.css",
}
#: The class of what offers files, one for each tab.
OF_TABS = "crossnotes-of-tabs"
#: What stands on a page → the script that it needs in its head, where a script hides what it
#: replaces before anything is drawn.
SCRIPTS = {
    OF_TABS: "crossnotes-downloads.js",
    'class="crossnotes-filter': "crossnotes-filter.js",
}
#: The class of a link to an issue about the page.
ISSUE = "crossnotes-issue"


def offer(app: "Sphinx", folder: Path) -> None:
    """Have the files of a folder copied beside those of the project and of its theme, without what
    only their authors read. Their names begin with crossnotes-, so that they take no other's
    place."""

    def write(app: "Sphinx") -> None:
        if app.builder.format != "html":
            return
        short = Path(app.doctreedir, "static", folder.parent.name)
        short.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            text = shortened(path.read_text(encoding="utf-8"), path.suffix)
            made = short / path.name
            if not made.exists() or made.read_text(encoding="utf-8") != text:
                files.write(made, text)
        app.config.html_static_path.append(str(short))

    app.connect("builder-inited", write)


def shortened(text: str, suffix: str) -> str:
    """A script or style sheet of ours without comments that stand alone and without indentation: a
    fifth of what a reader would load. In ours no text goes over several lines."""
    if suffix == ".css":
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        return re.sub(r"\s*([{};,])\s*|:\s+(?=[^{}]*;)", lambda m: m[1] or ":", text).strip() + "\n"
    lines = (line.strip() for line in text.split("\n"))
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    body = context.get("body") or ""
    for style in dict.fromkeys(style for drawn, style in STYLES.items() if drawn in body):
        app.add_css_file(style)
    for drawn, script in SCRIPTS.items():
        if drawn in body:
            source = context["pathto"](f"_static/{script}", resource=True)
            tag = f'<script src="{source}"></script>'
            context["metatags"] = "\n".join([context.get("metatags") or "", tag])
    if ISSUE in body:
        app.add_js_file("crossnotes-issue.js", loading_method="defer")


def setup(app: "Sphinx") -> "ExtensionMetadata":
    offer(app, STATIC)
    # After sphinx-notfound-page, which changes what `pathto` says.
    app.connect("html-page-context", add_to_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
