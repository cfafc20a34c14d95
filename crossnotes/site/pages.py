"""What stands on the pages of a site under any theme: style sheets, scripts, tags of the head.

Each is put where a page needs it, through the theme's own places: no template of the host or its
theme is replaced.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments import token  # type: ignore[import-untyped]
from sphinx.highlighting import PygmentsBridge

from crossnotes import files
from crossnotes.sphinxext.assets import offer

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"

#: The template of a page that leads to another one.
REDIRECT = "crossnotes-redirect.html"

#: The icon of a site that names none.
ICON = "crossnotes-icon.svg"

#: What makes a site; others, such as epub, make pages of a book.
BUILDERS = ("html", "dirhtml")


def is_page(app: "Sphinx", template: str) -> bool:
    """Whether a page of the site is made: no part of a book, and none that leads to another one."""
    return app.builder.name in BUILDERS and template != REDIRECT


def add_to_head(context: dict[str, Any], *tags: str) -> None:
    """Add tags to the head of a page, where every theme has its meta tags."""
    context["metatags"] = "\n".join([context.get("metatags") or "", *tags])


def plain_classes(app: "Sphinx") -> str:
    """The classes of Pygments whose spans look like any text, light and dark, and are only weight;
    as alternatives of a pattern. Those of prompts and output may mean something to a script."""
    found: str | None = getattr(app, "crossnotes_plain", None)
    if found is not None:
        return found
    builder: Any = app.builder
    styles = [builder.highlighter.formatter_args["style"]]
    if dark := getattr(app.config, "pygments_dark_style", None):
        styles.append(PygmentsBridge("html", dark).formatter_args["style"])
    plain = "|".join(
        name
        for kind, name in token.STANDARD_TYPES.items()
        if name
        and kind not in token.Generic
        and all(each.style_for_token(kind) == each.style_for_token(token.Text) for each in styles)
    )
    app.crossnotes_plain = plain  # type: ignore[attr-defined]
    return plain


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if not is_page(app, template):
        return
    app.add_css_file("crossnotes-site.css")
    if not context.get("favicon_url"):
        icon = context["pathto"](f"_static/{ICON}", resource=True)
        add_to_head(context, f'<link rel="icon" type="image/svg+xml" href="{icon}">')
    body = context.get("body") or ""
    # Far down a page, a reader may never come to them.
    body = body.replace("<img alt=", '<img loading="lazy" alt=')
    if plain := plain_classes(app):
        body = re.sub(rf'<span class="(?:{plain})">([^<]*)</span>', r"\1", body)
    context["body"] = body
    if "<pre" in body or "<table" in body:
        app.add_js_file("crossnotes-scroll.js", loading_method="defer")


def shorten_pygments(app: "Sphinx", exception: Exception | None) -> None:
    """Take the comments out of the style sheet of code, which name each class: half of its weight
    in the first load. It is written anew with every build."""
    path = Path(app.outdir, "_static", "pygments.css")
    if exception is None and app.builder.name in BUILDERS and path.is_file():
        text = path.read_text(encoding="utf-8")
        short = re.sub(r"\s*/\*.*?\*/", "", text)
        if short != text:
            files.write(path, short)


def keep_out_of_catalogues(app: "Sphinx") -> None:
    """Our templates have no messages for the project to translate."""
    if app.builder.name == "gettext":
        app.config.templates_path.remove(str(TEMPLATES))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    offer(app, STATIC)
    app.connect("builder-inited", keep_out_of_catalogues)
    app.connect("html-page-context", add_to_page)
    # After furo, which writes it then.
    app.connect("build-finished", shorten_pygments, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
