"""What a page says in its front matter: title, summary, aliases.

MyST puts the front matter into `env.metadata` while it parses; this file gives the keys a meaning.

title    must be the page's heading, or a warning (crossnotes.frontmatter)
summary  the page's meta description, translated like any paragraph
aliases  URL paths that lead to the page, below the folder of each language
"""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from crossnotes.site.pages import REDIRECT
from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

#: The key in a page's metadata of its summary in the language that is built.
DESCRIPTION = "crossnotes_description"

logger = logging.getLogger(__name__)


def warn(message: str, location: Any) -> None:
    logger.warning(message, location=location, type="crossnotes", subtype="frontmatter")


def plain(text: str) -> str:
    """A title without its backticks and line breaks, as a heading's text has none."""
    return " ".join(text.replace("`", "").split())


class Summary(SphinxTransform):
    """Turns the summary into a meta description, before the translation, which knows such nodes."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        summary = self.env.metadata[self.env.docname].get("summary", "").strip()
        if not summary:
            return
        meta = nodes.meta(summary, name="description", content=" ".join(summary.split()))
        meta.source, meta.line = self.document["source"], 1
        self.document.insert(0, meta)


class BareMeta(SphinxTransform):
    """Takes from the description the mark that it is translated, which would stand in the HTML,
    and keeps its words for what else tells of the page."""

    default_priority = 30  # after the translation was counted

    def apply(self, **kwargs: Any) -> None:
        for meta in self.document.findall(nodes.meta):
            meta.attributes.pop("translated", None)
            if meta.get("name") == "description":
                self.env.metadata[self.env.docname][DESCRIPTION] = meta["content"]


def description_of(env: "BuildEnvironment", docname: str) -> str:
    """A page's summary in the language that is built, or nothing."""
    return str(env.metadata[docname].get(DESCRIPTION, "")) if docname in env.metadata else ""


class TitleCheck(SphinxTransform):
    """Compares the title with the heading, before the heading is translated."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        title = plain(self.env.metadata[self.env.docname].get("title", ""))
        heading = next(iter(self.document.findall(nodes.title)), None)
        if title and heading is not None and title != plain(heading.astext()):
            warn(f"front matter has the title {title!r}, the page {heading.astext()!r}", heading)


def aliases_of(env: "BuildEnvironment", docname: str) -> list[str]:
    """A page's aliases; MyST keeps a list as JSON, a single one as text."""
    text = env.metadata[docname].get("aliases", "")
    return [str(alias) for alias in json.loads(text)] if text.startswith("[") else text.split()


def alias_page(alias: str) -> str | None:
    """The page name that answers at an alias, or None if it leaves the folder.

    Sphinx adds the .html: /a/b and /a/b/ are a/b/index.html, /a/b.html is itself.
    """
    start, *parts = alias.removesuffix("/").split("/")
    unsafe = any(part in ("", ".", "..") or not part.isprintable() for part in parts)
    if start or not parts or unsafe or set(alias) & set("\\?#:"):
        return None
    path = PurePosixPath(*parts)
    return str(path.with_suffix("") if path.suffix == ".html" else path / "index")


def redirects(env: "BuildEnvironment") -> Iterator[tuple[str, str, str | None]]:
    """Each alias that can be had as (page name, docname, None), the others with what is wrong."""
    taken: dict[str, str] = dict.fromkeys(("search", "genindex"), "Sphinx") | {
        docname: f"the page {docname}" for docname in env.found_docs
    }
    for docname in sorted(env.found_docs):
        for alias in aliases_of(env, docname):
            page = alias_page(alias)
            if page is None:
                yield alias, docname, f"alias {alias!r} is not an absolute path on the site"
            elif page in taken or page.startswith("_static/"):
                owner = taken.get(page, "Sphinx")
                yield alias, docname, f"alias {alias!r} is already used by {owner}"
            else:
                taken[page] = f"an alias of the page {docname}"
                yield page, docname, None


def check_aliases(app: "Sphinx", env: "BuildEnvironment") -> None:
    for _page, docname, problem in redirects(env):
        if problem:
            warn(problem, (docname, 1))


def redirect_pages(app: "Sphinx") -> Iterator[tuple[str, dict[str, Any], str]]:
    base = app.config.html_baseurl
    for page, docname, problem in redirects(app.env):
        if problem:
            continue
        target = app.builder.get_relative_uri(page, docname)
        title = app.env.titles[docname].astext()
        context = {
            "title": title,
            "crossnotes_target": target,
            "crossnotes_canonical": base and base + app.builder.get_target_uri(docname),
            "crossnotes_moved": _("This page has moved to:"),
        }
        yield page, context, REDIRECT


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_transform(Summary)
    app.add_transform(BareMeta)
    app.add_transform(TitleCheck)
    app.connect("env-check-consistency", check_aliases)
    app.connect("html-collect-pages", redirect_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
