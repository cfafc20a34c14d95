"""Sphinx settings: `DOCS_LANG=ja sphinx-build -c . docs build/html/ja` builds one language."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

project = "Crossnotes"
author = "The Crossnotes authors"

language = os.environ.get("DOCS_LANG", "en")
# For canonical and hreflang links, the sitemap and the 404 page: everything else is relative.
crossnotes_base_url = os.environ.get("CROSSNOTES_BASE_URL", "https://example.com/")
# Where a reader can edit a page; without it there is no link. GitHub's runners say where they are.
repository = os.environ.get("CROSSNOTES_REPOSITORY_URL") or "/".join(
    os.environ[name]
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")
    if os.environ.get("GITHUB_REPOSITORY")
)
sources = "docs" if language == "en" else f"locale/{language}/LC_MESSAGES"

extensions = [
    "myst_parser",
    "sphinx_tabs.tabs",
    "sphinx_copybutton",
    "sphinx_last_updated_by_git",
    "notfound.extension",
    "crossnotes.sphinxext",
]

# What editors leave beside a page, such as the locks of Emacs and the folders of Jupyter.
exclude_patterns = [".*", "**/.*"]

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

# Those after which a console block has something to type, and those of lines that go on.
copybutton_prompt_text = "|".join(
    [
        r"(?:\([^()\s]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[: ]?[~/\w.-]*\]?)?\$ ",
        r"In \[\d+\]: | +\.{3,}: ",
        r">>> ",
        r"\.\.\. ",
        r"(?:mysql|TiDB|tidb|sqlite|(?:MySQL|MariaDB) \[[^\]]*\])> ",
        r"\w+=[#>] ",
        r"(?: +(?:[-'\"]>|\.\.\.>)| *\w+[-'\"(][#>]) ",
    ]
)
copybutton_prompt_is_regexp = True

html_last_updated_fmt = "%Y-%m-%d"
git_last_updated_timezone = "UTC"
# A copy without its history, or without git, has no dates; that is no reason to fail.
suppress_warnings = ["git.subprocess_error", "git.command_not_found", "git.too_shallow"]

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": ["edit"]}
if repository:
    html_theme_options["source_edit_link"] = f"{repository}/edit/main/{sources}/{{filename}}"
html_title = project
html_baseurl = f"{crossnotes_base_url.rstrip('/')}/{language}/"
notfound_urls_prefix = urlsplit(html_baseurl).path
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
