"""What is mended of Sphinx, MyST, furo and sphinx-copybutton: a Sphinx extension of its own.

Each mend says for which versions it was made, and on which attributes it stands. Where they are
others it is left out, and one warning (crossnotes.mends) names all that are.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crossnotes.mends.mend import Mend

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

#: The versions that the mends were written for and tried with.
SPHINX, MYST, FURO = ">=8.1,<9.1", ">=4,<6", ">=2025.9,<2026"
#: What publishes a translated message: another function since Sphinx 9.
_PUBLISH = "sphinx.transforms.i18n:_publish_msgstr | sphinx.transforms.i18n:publish_msgstr"
_I18N, _RENDERER = "sphinx.transforms.i18n", "myst_parser.mdit_to_docutils.base"

MENDS = [
    Mend(
        "leading_marks",
        "a translation that begins like a list is text all the same",
        "Sphinx",
        SPHINX,
        (_PUBLISH,),
    ),
    Mend(
        "publish_once",
        "a translated message is parsed once, not twice",
        "Sphinx",
        SPHINX,
        (f"{_I18N}:Locale.apply", _PUBLISH),
    ),
    Mend(
        "match_classes",
        "NodeMatcher looks at nodes of its class, not at all",
        "Sphinx",
        SPHINX,
        ("sphinx.util.nodes:NodeMatcher.findall",),
    ),
    Mend(
        "reown",
        "translated nodes belong to their page",
        "Sphinx",
        SPHINX,
        (f"{_I18N}:_NodeUpdater.update_leaves",),
    ),
    Mend(
        "cells",
        "table cells inside a directive are offered for translation",
        "myst-parser",
        MYST,
        extension="myst_parser",
    ),
    Mend(
        "doctrees_on_disk",
        "doctrees do not wait in memory",
        "Sphinx",
        SPHINX,
        ("sphinx.environment:BuildEnvironment.get_doctree",),
    ),
    Mend(
        "moved_labels",
        "a label that moves to another page is not a duplicate",
        "Sphinx",
        SPHINX,
        ("sphinx.builders:Builder._read_serial",),
    ),
    Mend(
        "stem_once",
        "an English word is stemmed once for all pages",
        "Sphinx",
        SPHINX,
        ("sphinx.search.en:SearchEnglish",),
    ),
    Mend("doctools", "no script makes a function of a text", "Sphinx", SPHINX),
    Mend("axefix", "the caption of a table of contents has a level", "Sphinx", SPHINX),
    Mend(
        "copybutton_ja",
        "the copy button speaks Japanese",
        "sphinx-copybutton",
        ">=0.5.2,<0.6",
        extension="sphinx_copybutton",
    ),
    Mend(
        "myst_fast",
        "no document is made for the bin with each translated message",
        "myst-parser",
        MYST,
        (f"{_RENDERER}:DocutilsRenderer.setup_render", f"{_RENDERER}:make_document"),
        extension="myst_parser",
    ),
    Mend(
        "myst_reuse",
        "one parser for all translated messages",
        "myst-parser",
        MYST,
        ("myst_parser.parsers.sphinx_:create_md_parser",),
        extension="myst_parser",
    ),
    Mend(
        "furo_fastnav",
        "the sidebar has the open branch only, and is drawn once for pages beside each other",
        "furo",
        FURO,
        ("furo:_compute_navigation_tree",),
        theme="furo",
    ),
    Mend(
        "furo_ids",
        "a table has its id once",
        "furo",
        FURO,
        ("furo:WrapTableAndMathInAContainerTransform",),
        theme="furo",
    ),
]


def apply(app: "Sphinx", config: "Config") -> None:
    """Apply what fits the project and what is installed."""
    from sphinx.util import logging

    left_out = []
    for mend in MENDS:
        is_for_it = mend.theme in ("", config.html_theme)
        if not is_for_it or (mend.extension and mend.extension not in app.extensions):
            continue
        if why := mend.mismatch():
            left_out.append(f"{mend.name} ({why})")
        else:
            import_module(f"crossnotes.mends.{mend.name}").setup(app)
    if left_out:
        logging.getLogger(__name__).warning(
            "what does not fit the installed versions is not applied: %s",
            "; ".join(left_out),
            type="crossnotes",
            subtype="mends",
        )


def setup(app: "Sphinx") -> "ExtensionMetadata":
    # When all extensions and the theme are known.
    app.connect("config-inited", apply, priority=200)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
