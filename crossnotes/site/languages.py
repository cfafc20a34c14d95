"""Every page knows itself in the other languages: switcher, hreflang links, translated share.

The languages are `crossnotes_languages` in conf.py; where there are several, each is built into its
own folder beside the others. The switcher's anchor and tab are added by a script.
"""

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.domains.changeset import versionlabels
from sphinx.locale import admonitionlabels
from sphinx.util import logging

from crossnotes.site.defaults import root_of
from crossnotes.site.pages import add_to_head, is_page
from crossnotes.sphinxext.messages import _
from crossnotes.translations.po import fault

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

#: The template of the links to the other languages.
SWITCHER = "crossnotes-languages.html"


@dataclass(frozen=True)
class Link:
    """A page in one language: `href` for the reader, `address` for search engines."""

    language: str
    name: str
    href: str
    address: str
    current: bool


def links(
    languages: dict[str, str], current: str, uri: str, base_url: str, anywhere: bool = False
) -> list[Link]:
    """The page at `uri` in each language; relative, for any prefix and a file system, unless the
    page is shown at `anywhere` as the 404 page is."""
    up = urlsplit(base_url).path.rstrip("/") + "/" if anywhere else "../" * (uri.count("/") + 1)
    base = base_url.rstrip("/")
    return [
        Link(code, name, f"{up}{code}/{uri}", f"{base}/{code}/{uri}", code == current)
        for code, name in languages.items()
    ]


def translated_percent(doctree: nodes.document) -> int:
    """How much of a page's messages is translated; 100 only if all are.

    Sphinx's own |translation progress| counts an image as untranslated even when its text is not.
    """
    marks = [
        bool(node["translated"])
        for node in doctree.findall(nodes.Element)
        if "translated" in node and not isinstance(node, nodes.image)
    ]
    return 100 * sum(marks) // len(marks) if marks else 100


def share(doctree: nodes.document | None, current: str, languages: dict[str, str]) -> str:
    """The sentence on what is translated, or nothing when all is."""
    if doctree is None or current == next(iter(languages)):
        return ""
    percent = translated_percent(doctree)
    return "" if percent == 100 else _("Translated: %d %%") % percent


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    languages, current = app.config.crossnotes_languages, app.config.language
    if len(languages) < 2 or not is_page(app, template):
        return
    uri = app.builder.get_target_uri(page)
    anywhere = page == app.config.notfound_pagename
    base_url = app.config.crossnotes_base_url
    found = links(languages, current, uri, base_url, anywhere)
    context["crossnotes_links"] = found
    context["crossnotes_languages_label"] = _("Language")
    context["crossnotes_share"] = share(doctree, current, languages)
    if "page_source_suffix" in context and current != next(iter(languages)):
        context["page_source_suffix"] = ".po"  # what a reader of a translation would edit
    app.add_js_file("crossnotes-languages.js", loading_method="defer")
    if base_url:
        named = [*((link.language, link) for link in found), ("x-default", found[0])]
        tags = (
            f'<link rel="alternate" hreflang="{language}" href="{escape(link.address)}">'
            for language, link in named
        )
        add_to_head(context, *tags)


def above_the_text(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The switcher, where the theme has no other place for it."""
    has_place = context.get("crossnotes_extended")
    if "crossnotes_links" in context and not has_place and context.get("body"):
        drawn = app.builder.templates.render(SWITCHER, {**context, "place": "page"})
        context["body"] = f"{drawn}\n{context['body']}"


def check_catalogues(app: "Sphinx") -> None:
    """Name what is wrong with a catalogue as a file: Sphinx reads on after most of it."""
    config = app.config
    if config.language == next(iter(config.crossnotes_languages)):
        return
    for folder in config.locale_dirs:
        for path in sorted(Path(app.srcdir, folder, config.language).rglob("*.po")):
            if wrong := fault(path.read_bytes()):
                place = f"{os.path.relpath(path)}:{wrong.line}"
                logger.warning("%s", wrong, location=place, type="crossnotes", subtype="catalogue")


def check_folders(app: "Sphinx") -> None:
    """Name a translation that nobody sees, since `locale_dirs` names another folder: Sphinx takes a
    relative one from the pages, not from conf.py, and says nothing."""
    config = app.config
    if config.language == next(iter(config.crossnotes_languages)):
        return
    seen = [Path(app.srcdir, folder, config.language) for folder in config.locale_dirs]
    if any(any(folder.rglob("*.po")) for folder in seen):
        return
    for folder in (Path(app.confdir), Path(app.srcdir), root_of(app)):
        for hidden in (folder / name / config.language for name in ("locale", "locales")):
            if any(hidden.rglob("*.po")):
                logger.warning(
                    "locale_dirs names %s, where nothing is translated, and the translation in %s "
                    "is not used; write locale_dirs = [%r], or leave it out",
                    ", ".join(os.path.relpath(each) for each in seen),
                    os.path.relpath(hidden),
                    os.path.relpath(hidden.parent, app.srcdir),
                    location=str(Path(app.confdir, "conf.py")),
                    type="crossnotes",
                    subtype="catalogue",
                )
                return


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # Sphinx's Japanese catalogue has "Tip" for it.
    admonitionlabels["tip"] = _("Tip")
    # It has no Japanese for these, and they are looked up before ours is there.
    versionlabels["versionadded"] = _("Added in version %s")
    versionlabels["versionremoved"] = _("Removed in version %s")
    app.connect("builder-inited", check_catalogues)
    app.connect("builder-inited", check_folders)
    # After sphinx-last-updated-by-git, which takes the suffix from pages that git doesn't know.
    app.connect("html-page-context", add_to_page, priority=600)
    app.connect("html-page-context", above_the_text, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
