"""A badge as SVG: a name and what is said of it, in one line."""

import unicodedata
from html import escape

#: Backgrounds that white letters can be read on, by state.
COLOURS = {"passed": "#116329", "failed": "#b3261e", "changed": "#855300"}

#: Width of a letter of 11 px, and of one as wide as a kanji; the space at each end of a text.
NARROW, WIDE, PADDING = 6.6, 11.5, 8

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" lang="{language}" \
aria-label="{name}: {said}">
<title>{name}: {said}</title>
<rect width="{width}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{body}v20h-{body}a3 3 0 0 1-3-3v-14a3 3 0 0 1 3-3" fill="#3b3f45"/>
<g fill="#fff" font-family="Verdana,'DejaVu Sans','Hiragino Sans','Noto Sans CJK JP',sans-serif" \
font-size="11">
<text x="{padding}" y="14" textLength="{name_length}">{name}</text>
<text x="{said_at}" y="14" textLength="{said_length}">{said}</text>
</g>
</svg>
"""


def badge(name: str, said: str, state: str, language: str) -> str:
    """The file's text. `state` is passed, failed or changed."""
    name_length, said_length = length(name), length(said)
    left = name_length + 2 * PADDING
    return SVG.format(
        name=escape(name),
        said=escape(said),
        language=language,
        colour=COLOURS[state],
        padding=PADDING,
        name_length=name_length,
        said_length=said_length,
        body=left - 3,
        said_at=left + PADDING,
        width=left + said_length + 2 * PADDING,
    )


def length(text: str) -> int:
    """The width of a text, which `textLength` then makes true in any font."""
    return round(sum(WIDE if unicodedata.east_asian_width(c) in "WF" else NARROW for c in text))
