"""The stem of an English word is worked out once, not once for each page that has the word.

Sphinx keeps stems for the page that it indexes: one second of the 17 of 500 English pages. No
upstream issue was found; the place is `IndexBuilder.feed` in
https://github.com/sphinx-doc/sphinx/blob/v9.0.4/sphinx/search/__init__.py
"""

from functools import cache
from typing import TYPE_CHECKING

from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


class SearchEnglishOnce(SearchEnglish):
    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.stem = cache(self.stem)  # type: ignore[method-assign]


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_search_language(SearchEnglishOnce)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
