"""Every page knows itself in the other languages: switcher, hreflang links, translated share.

The languages are those of [tool.crossnotes], or of `crossnotes_languages` in conf.py; each is built
into its own folder beside the others. The switcher's anchor and tab are added by
docs/_static/languages.js.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.util import logging

from crossnotes.sphinxext.messages import _
from crossnotes.translations.po import fault

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)


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
    uri = app.builder.get_target_uri(page)
    anywhere = page == app.config.notfound_pagename
    base_url = app.config.crossnotes_base_url
    context["crossnotes_links"] = links(languages, current, uri, base_url, anywhere)
    context["crossnotes_languages_label"] = _("Language")
    context["crossnotes_share"] = share(doctree, current, languages)
    if "page_source_suffix" in context and current != next(iter(languages)):
        context["page_source_suffix"] = ".po"  # what a reader of a translation would edit


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


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_config_value("crossnotes_base_url", "https://example.com/", "html", [str])
    app.connect("builder-inited", check_catalogues)
    # After sphinx-last-updated-by-git, which takes the suffix from pages that git doesn't know.
    app.connect("html-page-context", add_to_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
