"""Sphinx settings; `crossnotes html` builds each language. What is not here is as the extensions
have it: crossnotes/site/defaults.py."""

import os

project = "Crossnotes"
author = "The Crossnotes authors"
extensions = [
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_last_updated_by_git",
    "crossnotes.sphinxext",
    "crossnotes.site",
    "crossnotes.mends",
]
# For what others read: canonical and hreflang links, the sitemap. The rest is relative.
crossnotes_base_url = os.environ.get("CROSSNOTES_BASE_URL", "https://example.com/")

# What editors leave beside a page, such as the locks of Emacs and the folders of Jupyter.
exclude_patterns = [".*", "**/.*"]
nitpicky = True
# A copy without its history, or without git, has no dates; that is no reason to fail.
suppress_warnings = ["git.subprocess_error", "git.command_not_found", "git.too_shallow"]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_enable_extensions += ["substitution"]
myst_heading_anchors = 3

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": ["edit"]}
html_title = project
html_last_updated_fmt = "%Y-%m-%d"
html_permalinks_icon = "#"
html_use_index = html_domain_indices = html_copy_source = False
html_show_sphinx = html_show_copyright = False
pygments_dark_style = "a11y-dark"
