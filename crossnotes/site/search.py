"""The search page finds what has every word of a query, by title and keywords first: see
static/crossnotes-search.js, and `keywords` for what it knows of the pages."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes

from crossnotes.site.frontmatter import description_of
from crossnotes.site.keywords import keywords_of
from crossnotes.sphinxext.answers import product_of
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.reading_order import in_reading_order
from crossnotes.targets import every_target

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: What the script knows of each page.
PAGES = "crossnotes-pages.js"


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if template != "search.html":
        return
    attributes: dict[str, Any] = {}
    if app.config.language == "ja":
        # Sphinx's Japanese for the number of results is an empty string:
        # https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/locale/ja/LC_MESSAGES/sphinx.js
        # Translators: ${resultCount} is put in by the search page's script.
        attributes["data-found"] = str(_("Found pages: ${resultCount}"))
    app.add_js_file(PAGES, loading_method="defer")
    app.add_js_file("crossnotes-search.js", loading_method="defer", **attributes)
    app.add_css_file("crossnotes-search.css")


def pages(app: "Sphinx") -> Iterator[list[Any]]:
    """Each page: its name, title, summary, the database that it is about or "", and keywords, those
    of the site's other languages last."""
    products = set(map(product_of, every_target()))
    for docname in in_reading_order(app.env):
        if docname == app.config.notfound_pagename:
            continue
        by_language = keywords_of(app.env, docname)
        own = by_language.pop(app.config.language, [])
        keywords = dict.fromkeys([*own, *(word for of in by_language.values() for word in of)])
        name = PurePosixPath(docname).stem
        database = name if name in products else ""
        title, said = app.env.titles[docname].astext(), description_of(app.env, docname)
        yield [docname, title, said, database, list(keywords)]


def write_pages(app: "Sphinx") -> Iterator[tuple[str, dict[str, Any], str]]:
    """A script that holds data: a page that is read from a folder may load no other file."""
    if app.builder.format == "html":
        said = {
            "own": str(_("Your database:")),
            "none": str(_("No page has all of these words.")),
            "near": str(_("The nearest subjects are:")),
        }
        known = {"pages": list(pages(app)), "said": said, "first": app.config.root_doc}
        text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
        write(app, f"_static/{PAGES}", f"globalThis.crossnotesPages={text};\n")
    yield from ()


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_to_page)
    # Before the search page is written, whose link to the file tells its versions apart.
    app.connect("html-collect-pages", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
