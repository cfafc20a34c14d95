"""Japanese search that finds every compound word.

Sphinx splits the pages into words with a segmenter, but the reader's query only at spaces, so that
分離レベル is looked up as one word, which the index doesn't have. A reader's report:
https://github.com/python-doc-ja/python-doc-ja/issues/792, the hook for a splitter of one's own:
https://github.com/sphinx-doc/sphinx/pull/3154. Here page and query are split in the same way:
Japanese into pairs of neighbouring characters, the rest into words. A page is found when it has all
the pairs of the query, which a long page may have though they do not stand side by side.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

from sphinx.search import SearchLanguage

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

# Iteration mark and zero, hiragana, katakana (without the middle dot, which separates), kanji.
JAPANESE = r"\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff"
RUN = re.compile(rf"[{JAPANESE}]+|[^\W{JAPANESE}]+")
IS_JAPANESE = re.compile(f"[{JAPANESE}]")
KANJI = re.compile(r"[\u3400-\u9fff]")

# The same in JavaScript, where \w is ASCII only. NFKC: ＴｉＤＢ is TiDB and ﾃｰﾌﾞﾙ is テーブル.
SPLITTER = rf"""
function splitQuery(query) {{
  const runs = /[{JAPANESE}]+|(?:(?![{JAPANESE}])[\p{{L}}\p{{N}}_])+/gu;
  return [...query.normalize("NFKC").matchAll(runs)].flatMap(([run]) => {{
    const characters = [...run];
    if (!/[{JAPANESE}]/.test(run) || characters.length < 3) return [run];
    return characters.slice(1).map((character, index) => characters[index] + character);
  }});
}}
"""


def pairs(run: str) -> list[str]:
    """The terms that a run of Japanese is found by: its pairs, and each kanji, a word by itself."""
    if len(run) == 1:
        return [run]
    return [run[i : i + 2] for i in range(len(run) - 1)] + KANJI.findall(run)


class SearchJapanesePairs(SearchLanguage):
    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        runs = RUN.findall(unicodedata.normalize("NFKC", input))
        return [term for run in runs for term in (pairs(run) if IS_JAPANESE.match(run) else [run])]

    def stem(self, word: str) -> str:
        """As the script does before it looks a word up."""
        return word.lower()


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.add_search_language(SearchJapanesePairs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
