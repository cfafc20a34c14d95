"""Sphinx settings: `DOCS_LANG=ja sphinx-build -c . docs build/html/ja` builds one language."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

project = "Crossnotes"
author = "The Crossnotes authors"

# The one list of languages; the first is the one that the pages are written in.
crossnotes_languages = {"en": "English", "ja": "日本語"}
language = os.environ.get("DOCS_LANG", "en")
# Only for canonical and hreflang links: everything else is relative.
crossnotes_base_url = os.environ.get("CROSSNOTES_BASE_URL", "https://example.com/")

extensions = [
    "myst_parser",
    "sphinx_tabs.tabs",
    "sphinx_copybutton",
    "crossnotes.sphinxext",
]
# Where the Results are, and the project whose files they depend on.
crossnotes_ledgers = "build/ledger"
crossnotes_django = "snippets"

source_suffix = {".md": "markdown"}
nitpicky = True

# Relative paths would be looked up below docs/, and nothing translated, without a word.
locale_dirs = [str(ROOT / "locale")]
gettext_compact = False
gettext_uuid = False
# Code is the same in all languages, so it stays out of the catalogues.
gettext_additional_targets: list[str] = []

myst_enable_extensions = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "fieldlist",
    "substitution",
]
myst_heading_anchors = 3

# sphinx-tabs parses tabs twice under a builder it doesn't know, and then sees each :name: twice.
sphinx_tabs_valid_builders = [
    "dummy",
    "epub",
    "gettext",
    "latex",
    "linkcheck",
    "pseudoxml",
    "text",
    "xml",
]
sphinx_tabs_disable_tab_closing = True
sphinx_tabs_disable_css_loading = True

copybutton_prompt_text = r"\$ |>>> |\.\.\. |mysql> |TiDB> |postgres=# "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = project
html_baseurl = f"{crossnotes_base_url.rstrip('/')}/{language}/"
html_static_path = ["docs/_static"]
templates_path = ["docs/_templates"]
html_css_files = ["crossnotes.css"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/languages.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_use_index = False
html_domain_indices = False
html_permalinks_icon = "#"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_dark_style = "a11y-dark"
