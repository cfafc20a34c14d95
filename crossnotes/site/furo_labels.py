"""The words of furo that stay English on a page in another language.

Its labels for screen readers and titles of drawings stand in its templates without gettext
(https://github.com/pradyunsg/furo/blob/2025.12.19/src/furo/theme/furo/page.html). What only is
missing in Sphinx's catalogue is in the sphinx.po beside our own words.
"""

import re

from crossnotes.sphinxext.messages import _

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


#: What opens the two asides where they are folded away: drawings in labels, which no key reaches.
OPENERS = {
    "svg-menu": "Toggle site navigation sidebar",
    "svg-toc": "Toggle table of contents sidebar",
}
_OPENER = re.compile(r'<span class="icon">(?=<svg><use href="#(svg-menu|svg-toc)">)')


def _name_opener(opener: re.Match[str]) -> str:
    return f'<span class="icon" role="button" tabindex="0" aria-label="{OPENERS[opener[1]]}">'


def reachable(html: str, tools: str = "") -> str:
    """The body of a page, whose asides can be opened by the keyboard, and whose tools, with ours
    first, are in a landmark."""
    name = str(_("This page"))
    named = f'<div class="content-icon-container" role="region" aria-label="{name}">'
    html = html.replace('<div class="content-icon-container">', named + tools, 1)
    return _OPENER.sub(_name_opener, html)


def translate_labels(html: str) -> str:
    html = re.sub(r'(aria-label="|<title>)([^"<]*)', translate_label, html)
    return re.sub(r'<aside class="(sidebar-drawer|toc-drawer)', name_aside, html)
