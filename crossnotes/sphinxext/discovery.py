"""What others read of the site: sitemap.xml for search engines, llms.txt for language models, and
OpenGraph for those that show a link with its title (in docs/_templates/page.html).

The addresses are those of the configured base URL. sphinx-sitemap would list redirects and the
search page, and knows no pages in folders of languages that are built apart.
"""

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from babel.core import get_global
from docutils import nodes

from crossnotes.sphinxext.files import write
from crossnotes.sphinxext.frontmatter import description_of
from crossnotes.sphinxext.languages import links
from crossnotes.sphinxext.reading_order import in_reading_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

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
    found = links(config.crossnotes_languages, config.language, uri, config.crossnotes_base_url)
    own = next(link for link in found if link.current)
    changed, _known = getattr(app.env, "git_last_updated", {}).get(docname) or (None, None)
    lines = [f"<loc>{escape(own.address)}</loc>"]
    if changed:
        lines.append(f"<lastmod>{datetime.fromtimestamp(int(changed), UTC):%Y-%m-%d}</lastmod>")
    for language, link in [*((link.language, link) for link in found), ("x-default", found[0])]:
        href = escape(link.address)
        lines.append(f'<xhtml:link rel="alternate" hreflang="{language}" href="{href}"/>')
    return "<url>" + "".join(lines) + "</url>"


def llms(app: "Sphinx") -> str:
    """The site's name and summary, and its pages with theirs (https://llmstxt.org/)."""
    root = app.config.root_doc
    lines = [f"# {app.config.project}", ""]
    if summary := description_of(app.env, root):
        lines += [f"> {summary}", ""]
    lines += [f"## {app.config.crossnotes_languages[app.config.language]}", ""]
    for docname in pages_for_others(app):
        title = app.env.titles[docname].astext()
        address = app.config.html_baseurl + app.builder.get_target_uri(docname)
        said = description_of(app.env, docname)
        lines.append(f"- [{title}]({address})" + (f": {said}" if said else ""))
    return "\n".join(lines) + "\n"


def write_files(app: "Sphinx", exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        write(app, "sitemap.xml", sitemap(app))
        write(app, "llms.txt", llms(app))


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["crossnotes_description"] = description_of(app.env, page)
    # OpenGraph has languages with a country.
    context["crossnotes_locales"] = {
        language: _with_country(language) for language in app.config.crossnotes_languages
    }


def _with_country(language: str) -> str:
    """`ja_JP` of `ja`: the country where most people speak it."""
    subtags = get_global("likely_subtags").get(language, language).split("_")
    return f"{subtags[0]}_{subtags[-1]}"


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.connect("html-page-context", add_to_page)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
