project = "@PROJECT@"
extensions = ["myst_parser", "sphinx_copybutton", "crossnotes.sphinxext", "crossnotes.site"]
exclude_patterns = [".*", "**/.*"]
myst_enable_extensions = ["attrs_block", "colon_fence"]
html_theme = "@THEME@"
html_title = project
