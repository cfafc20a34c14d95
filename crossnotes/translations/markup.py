"""What a message is made of: its words, and the markup that a translation has to keep.

A message is parsed as Sphinx does it for the translated page: by MyST's own parser, with the
project's extensions, and by itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from string import Formatter

from babel.messages.catalog import PYTHON_FORMAT
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from sphinx.roles import Abbreviation
from sphinx.util.nodes import split_explicit_title

from crossnotes.mends.leading_marks import escape

#: Roles whose content is words for the reader, and not the name of something.
PROSE_ROLES = frozenset({"abbr", "dfn", "guilabel", "menuselection", "sub", "sup"})

#: What an {abbr} is said to stand for, which is shown apart from the sentence around it.
EXPLANATION = "explanation"

#: How what a parser calls it is written.
EMPHASIS = {"em": "*", "strong": "**", "s": "~~"}

#: Stands in a flat text for what is no words: code, an image, a role. It is of the category Co, so
#: that no alphabet claims it.
OBJECT = "\ue000"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a message's words, and what it stands in.

    `kind` is `text`, `code` (or a placeholder) or `object` (a role, HTML, math, a footnote);
    `inside` names what is around it, such as `strong` or `link`.
    """

    kind: str
    text: str
    inside: tuple[str, ...] = ()


@dataclass(slots=True)
class Markup:
    """A message taken apart. Each counter holds what it counts as an author would write it.

    `blocks` are what the message is instead of, or beside, one paragraph.
    """

    pieces: list[Piece] = field(default_factory=list)
    code: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)
    emphasis: Counter[str] = field(default_factory=Counter)
    placeholders: Counter[str] = field(default_factory=Counter)
    blocks: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        """The words, with one character for everything that is none."""
        return "".join(p.text if p.kind == "text" else OBJECT for p in self.pieces)

    def plain(self) -> Iterator[str]:
        """The runs of words."""
        return (piece.text for piece in self.pieces if piece.kind == "text")


@cache
def _parser(extensions: frozenset[str]) -> MarkdownIt:
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


@lru_cache(maxsize=4096)
def markup(message: str, extensions: frozenset[str]) -> Markup:
    """A message of a page."""
    found = Markup()
    tokens = _parser(extensions).parse(escape(message), {})
    for token in tokens:
        if token.type == "inline":
            _add_inline(found, token.children or ())
    _add_blocks(found, tokens)
    return found


def plain_text(message: str) -> Markup:
    """A message of our extensions, which is no Markdown: it has placeholders, and nothing else."""
    found = Markup(blocks=Counter({"a line break": message.count("\n")}))
    _add_text(found, message, ())
    return found


def _add_text(found: Markup, text: str, inside: tuple[str, ...]) -> None:
    """Words, and the placeholders among them, which stand there like code."""
    for words, placeholder in _split(text):
        if words:
            found.pieces.append(Piece("text", words, inside))
        if placeholder:
            found.placeholders[placeholder] += 1
            found.pieces.append(Piece("code", placeholder, inside))


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Words and the placeholder after them: `{name}`, `%(name)s` or `%d`, but not the percent sign
    of a sentence."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:  # a brace by itself
        parts = [(text, None, None, None)]
    if any(name and not name.isidentifier() for _words, name, _spec, _conversion in parts):
        parts = [(text, None, None, None)]
    for words, name, _spec, _conversion in parts:
        start = 0
        for match in PYTHON_FORMAT.finditer(words):
            if " " not in match[0] and match[0] != "%%":
                yield words[start : match.start()], match[0]
                start = match.end()
        yield words[start:], "" if name is None else f"{{{name}}}"


# ---- blocks


def _add_blocks(found: Markup, tokens: Sequence[Token]) -> None:
    top = [token for token in tokens if token.level == 0 and token.nesting >= 0]
    if [token.type for token in top] != ["paragraph_open"]:
        found.blocks.update(_block_name(token) for token in top)


def _block_name(token: Token) -> str:
    names = {"fence": "a code fence", "colon_fence": "a fence", "code_block": "an indented block"}
    return names.get(token.type, f"a {token.type.removesuffix('_open').replace('_', ' ')}")


# ---- inline


def _add_inline(found: Markup, tokens: Sequence[Token], inside: tuple[str, ...] = ()) -> None:
    for token in tokens:
        name, _, end = token.type.rpartition("_")
        if end == "open":
            inside = (*inside, name)
            _add_open(found, token, name)
        elif end == "close":
            inside = inside[:-1]
        else:
            _add_leaf(found, token, inside)


def _add_open(found: Markup, token: Token, name: str) -> None:
    if name == "link":
        found.links[str(token.attrs.get("href", ""))] += 1
    else:
        # _a_ and *a* are one; among Japanese only the second works.
        found.emphasis[EMPHASIS.get(name, name)] += 1


def _add_leaf(found: Markup, token: Token, inside: tuple[str, ...]) -> None:
    match token.type:
        case "text" | "text_special":
            _add_text(found, token.content, inside)
        case "softbreak":
            found.pieces.append(Piece("text", " ", inside))
        case "hardbreak":
            # The English message has none: Sphinx joins the lines of a paragraph.
            found.pieces.append(Piece("object", "", inside))
        case "code_inline":
            found.code[token.content] += 1
            found.pieces.append(Piece("code", token.content, inside))
        case "image":
            found.links[f"!{token.attrs.get('src', '')}"] += 1
            _add_inline(found, token.children or (), (*inside, "image"))
        case "myst_role":
            _add_role(found, token, inside)
        case _:
            found.roles[_source(token)] += 1
            found.pieces.append(Piece("object", "", inside))


def _add_role(found: Markup, token: Token, inside: tuple[str, ...]) -> None:
    name = str(token.meta["name"])
    if name == "abbr" and (match := Abbreviation.abbr_re.search(token.content)):
        found.roles["{abbr} with an explanation in half-width brackets"] += 1
        words = token.content[: match.start()].strip()
        found.pieces.append(Piece("text", words, (*inside, name)))
        found.pieces.append(Piece("object", "", inside))
        found.pieces.append(Piece("text", match[1], (*inside, EXPLANATION)))
        return
    if name in PROSE_ROLES:
        found.roles[f"{{{name}}}"] += 1
        found.pieces.append(Piece("text", token.content, (*inside, name)))
        return
    # A translation may give a target words of its own, where the page leaves them to Sphinx.
    has_title, title, target = split_explicit_title(token.content)
    found.roles[f"{{{name}}} of {target}"] += 1
    found.pieces.append(Piece("text" if has_title else "object", title, (*inside, "link")))


def _source(token: Token) -> str:
    """An inline token as it is written, for those that are one token."""
    match token.type:
        case "footnote_ref":
            return f"[^{token.meta['label']}]"
        case "substitution_inline":
            return f"{{{{ {token.content} }}}}"
        case _:
            return token.content
