"""What others read of the site: sitemap.xml for search engines, llms.txt for language models, and
OpenGraph for those that show a link with its title.

The addresses are those of the configured base URL. sphinx-sitemap would list redirects and the
search page, and knows no pages in folders of languages that are built apart.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.core import get_global
from docutils import nodes
from jinja2.filters import do_striptags as striptags

from crossnotes.results import Mark
from crossnotes.site.frontmatter import description_of
from crossnotes.site.languages import links
from crossnotes.site.markdown import name_of
from crossnotes.site.pages import add_to_head, is_page
from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.known import known_to
from crossnotes.sphinxext.reading_order import in_reading_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

#: An extension that writes the same tags.
OPENGRAPH = "sphinxext.opengraph"

SITEMAP = """\
<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" \
xmlns:xhtml="http://www.w3.org/1999/xhtml">
{pages}
</urlset>
"""


def pages_for_others(app: "Sphinx") -> list[str]:
    """All pages but the one that says that there is none."""
    return [page for page in in_reading_order(app.env) if page != app.config.notfound_pagename]


def sitemap(app: "Sphinx") -> str:
    """The pages of this language, each with its address in the others."""
    return SITEMAP.format(pages="\n".join(_url(app, page) for page in pages_for_others(app)))


def _url(app: "Sphinx", docname: str) -> str:
    config, uri = app.config, app.builder.get_target_uri(docname)
    changed, _known = getattr(app.env, "git_last_updated", {}).get(docname) or (None, None)
    lines = [f"<loc>{escape(config.html_baseurl + uri)}</loc>"]
    if changed:
        lines.append(f"<lastmod>{datetime.fromtimestamp(int(changed), UTC):%Y-%m-%d}</lastmod>")
    if len(config.crossnotes_languages) > 1:
        base_url = config.crossnotes_base_url
        found = links(config.crossnotes_languages, config.language, uri, base_url)
        named = [*((link.language, link) for link in found), ("x-default", found[0])]
        for language, link in named:
            href = escape(link.address)
            lines.append(f'<xhtml:link rel="alternate" hreflang="{language}" href="{href}"/>')
    return "<url>" + "".join(lines) + "</url>"


def llms(app: "Sphinx") -> str:
    """The site's name and summary, and its pages as Markdown with theirs
    (https://llmstxt.org/)."""
    root = app.config.root_doc
    lines = [f"# {app.config.project}", ""]
    if summary := description_of(app.env, root):
        lines += [f"> {summary}", ""]
    lines += [f"## {app.config.crossnotes_languages[app.config.language]}", ""]
    for docname in pages_for_others(app):
        title = app.env.titles[docname].astext()
        address = app.config.html_baseurl + name_of(docname)  # with the answers in it
        said = description_of(app.env, docname)
        lines.append(f"- [{title}]({address})" + (f": {said}" if said else ""))
    return "\n".join(lines) + "\n"


def write_files(app: "Sphinx", exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html" and app.config.crossnotes_base_url:
        write(app, "sitemap.xml", sitemap(app))
        write(app, "llms.txt", llms(app))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    config = app.config
    if page == config.notfound_pagename:
        add_to_head(context, '<meta name="robots" content="noindex">')
    if not is_page(app, template) or OPENGRAPH in app.extensions:
        return
    said = [
        ("site_name", escape(config.project)),
        ("type", "website" if page == config.root_doc else "article"),
        ("title", escape(striptags(context.get("title") or ""))),
        ("url", escape(context.get("pageurl") or "")),
        ("description", escape(description_of(app.env, page))),
    ]
    for language in config.crossnotes_languages:
        name = "locale" if language == config.language else "locale:alternate"
        said.append((name, _with_country(language)))
    tags = (f'<meta property="og:{name}" content="{text}">' for name, text in said if text)
    add_to_head(context, *tags)
    if doctree is not None and page != config.notfound_pagename:
        add_to_head(context, linked_data(app, page, context))


def linked_data(app: "Sphinx", page: str, context: dict[str, Any]) -> str:
    """What a page is, for search engines: data, and no script that any policy would refuse."""
    marks: Mapping[int, Sequence[Mark]] = {}
    if "crossnotes.sphinxext.marks" in app.extensions:  # else there are no results to tell of
        known = known_to(app)
        marks = known.marks(known.page(Path(app.env.doc2path(page))))
    changed, _known = getattr(app.env, "git_last_updated", {}).get(page) or (None, None)
    dates = [mark.date for of_block in marks.values() for mark in of_block if mark.date]
    if changed:
        dates.append(f"{datetime.fromtimestamp(int(changed), UTC):%Y-%m-%d}")
    said = {
        "@context": "https://schema.org",
        "@type": "TechArticle" if page != app.config.root_doc else "WebSite",
        "headline" if page != app.config.root_doc else "name": app.env.titles[page].astext(),
        "description": description_of(app.env, page),
        "inLanguage": app.config.language,
        # The day of the last answer of a database, or of the last change.
        "dateModified": max(dates, default=""),
        "url": context.get("pageurl") or "",
    }
    text = json.dumps(
        {k: v for k, v in said.items() if v}, ensure_ascii=False, separators=(",", ":")
    )
    safe = text.replace("<", "\\u003c").replace("&", "\\u0026")
    return f'<script type="application/ld+json">{safe}</script>'


def _with_country(language: str) -> str:
    """`ja_JP` of `ja`: the country where most people speak it."""
    subtags = get_global("likely_subtags").get(language, language).split("_")
    return f"{subtags[0]}_{subtags[-1]}"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_to_page, priority=600)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
