"""The words of the theme that stay English on a Japanese page.

furo's labels for screen readers and titles of drawings stand in its templates without gettext
(https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/theme/furo/page.html), and Sphinx's
Japanese for the number of search results is an empty string
(https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/locale/ja/LC_MESSAGES/sphinx.js).
What only is missing in Sphinx's catalogue is in locale/ja/LC_MESSAGES/sphinx.po.
"""

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.domains.changeset import versionlabels
from sphinx.locale import admonitionlabels

from crossnotes.sphinxext.messages import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

# Proxies: translated when a page is written.
LABELS = {
    "Toggle site navigation sidebar": _("Toggle site navigation sidebar"),
    "Toggle table of contents sidebar": _("Toggle table of contents sidebar"),
    "Toggle Light / Dark / Auto color theme": _("Toggle Light / Dark / Auto color theme"),
    # The titles of its drawings.
    "Contents": _("Contents"),
    "Menu": _("Menu"),
    "Expand": _("Expand"),
    "Light mode": _("Light mode"),
    "Dark mode": _("Dark mode"),
    "Auto light/dark, in light mode": _("Auto light/dark, in light mode"),
    "Auto light/dark, in dark mode": _("Auto light/dark, in dark mode"),
}
BRANCH = "Toggle navigation of "


def translate_label(label: re.Match[str]) -> str:
    before, text = label.groups()
    if text.startswith(BRANCH):
        translated = _("Toggle navigation of %s") % text.removeprefix(BRANCH)
    else:
        translated = str(LABELS.get(text, text))
    return f"{before}{translated}"


#: The two asides, which furo gives no names to tell them from each other.
ASIDES = {"sidebar-drawer": _("Site navigation"), "toc-drawer": _("On this page")}


def name_aside(aside: re.Match[str]) -> str:
    return f'<aside aria-label="{ASIDES[aside[1]]}" class="{aside[1]}'


def translate_labels(html: str) -> str:
    html = re.sub(r'(aria-label="|<title>)([^"<]*)', translate_label, html)
    return re.sub(r'<aside class="(sidebar-drawer|toc-drawer)', name_aside, html)


def add_to_page(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["crossnotes_translate_labels"] = translate_labels
    # Translators: ${resultCount} is put in by the search page's script.
    context["crossnotes_search_found"] = _("Found pages: ${resultCount}")


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # Sphinx's Japanese catalogue has "Tip" for it.
    admonitionlabels["tip"] = _("Tip")
    # It has no Japanese for these, and they are looked up before ours is there.
    versionlabels["versionadded"] = _("Added in version %s")
    versionlabels["versionremoved"] = _("Removed in version %s")
    app.connect("html-page-context", add_to_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
