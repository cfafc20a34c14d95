"""What readers may search a page by: `keywords` of its front matter, in each language of the site.

    keywords:
      en: mojibake, garbled text
      ja: 文字化け, 文字コード

A text is a list with commas; a list of YAML does, too. Without languages they are in the one that
the pages are written in. Sphinx's index takes the words from here, each page by those of all
languages; static/crossnotes-search.js ranks by the whole keywords.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from docutils import nodes

from crossnotes import files
from crossnotes.config import nearest
from crossnotes.site.frontmatter import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import ExtensionMetadata

KEY = "keywords"

#: Between the keywords of a text, of Japanese too.
_BETWEEN = re.compile(r"\s*[,、，]\s*")


class Keywords(nodes.meta):
    """Words that Sphinx puts into its index, as it does those of any meta element of this name."""


def split(text: str) -> list[str]:
    """The keywords of a text."""
    return [word for word in _BETWEEN.split(" ".join(text.split())) if word]


def keywords_of(env: "BuildEnvironment", docname: str) -> dict[str, list[str]]:
    """The keywords of a page by language, those that can be used; MyST keeps what is no text as
    JSON."""
    found: Any = env.metadata[docname].get(KEY)
    source, *others = env.config.crossnotes_languages
    if isinstance(found, str) and found[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            found = json.loads(found)
    if not isinstance(found, dict):
        found = {source: found}
    by_language = {}
    for language in (source, *others):
        said = found.get(language)
        words = [str(each) for each in said] if isinstance(said, list) else split(str(said or ""))
        if words := list(dict.fromkeys(" ".join(word.split()) for word in words if word.strip())):
            by_language[language] = words
    return by_language


def problems(front_matter: str, languages: Sequence[str]) -> Iterator[tuple[int, str]]:
    """What is wrong with the keywords of a page's front matter, each with its line (from 1) in the
    page. YAML that is none is named elsewhere."""
    try:
        root: Any = yaml.compose(front_matter, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    pairs = root.value if root is not None and root.id == "mapping" else []
    for key, value in pairs:
        if key.value != KEY:
            continue
        if value.id == "mapping":
            for language, words in value.value:
                line = 2 + language.start_mark.line
                if language.value not in languages:
                    known = ", ".join(languages)
                    yield (
                        line,
                        f"keywords in {language.value!r}, which is not a language of this site; "
                        f"{nearest(str(language.value), list(languages))}known are: {known}",
                    )
                elif not _are_words(words):
                    yield line, _WANTED
        elif not _are_words(value):
            yield 2 + key.start_mark.line, _WANTED


_WANTED = "keywords are a text with commas, or a list of texts, such as [mojibake, garbled text]"


def _are_words(node: Any) -> bool:
    if node.id == "scalar":
        return bool(split(str(node.value))) and node.tag != "tag:yaml.org,2002:null"
    is_list: bool = node.id == "sequence"
    return is_list and bool(node.value) and all(_are_words(each) for each in node.value)


_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.M)


def check(app: "Sphinx", doctree: nodes.document) -> None:
    """Name what is wrong with the keywords of a page, at its line."""
    docname = app.env.docname
    if KEY not in app.env.metadata[docname]:
        return
    try:
        text = files.read(Path(app.env.doc2path(docname))).decode("utf-8", "replace")
    except OSError:
        return
    if found := _FRONT_MATTER.match(text):
        for line, problem in problems(found[1], list(app.config.crossnotes_languages)):
            warn(problem, (docname, line))


def add_to_index(app: "Sphinx", doctree: nodes.document, docname: str) -> None:
    """Put the words of a page's keywords where Sphinx's index finds them, divided as it divides
    text: it would keep "case insensitive" as one word, which nobody's query has."""
    indexer = getattr(app.builder, "indexer", None)
    words = [word for of in keywords_of(app.env, docname).values() for word in of]
    if indexer is None or not words:
        return
    terms = dict.fromkeys(term for word in words for term in indexer.lang.split(word))
    doctree += Keywords("", name="keywords", content=", ".join(terms))


def leave_out(translator: Any, node: Keywords) -> None:
    raise nodes.SkipNode


def setup(app: "Sphinx") -> "ExtensionMetadata":
    out = (leave_out, None)
    app.add_node(Keywords, html=out, latex=out, text=out, man=out, texinfo=out)
    app.connect("doctree-read", check)
    app.connect("doctree-resolved", add_to_index, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
