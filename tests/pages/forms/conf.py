"""The MyST of the forms, as Sphinx and as `crossnotes test` reads it."""

project = "forms"
root_doc = "form000"
extensions = ["myst_parser", "sphinx_tabs.tabs", "crossnotes.sphinxext.snippet"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
    "substitution",
]
myst_substitutions = {"block": '```python\nprint("yes-of-conf")\n```', "word": "yes-word"}
