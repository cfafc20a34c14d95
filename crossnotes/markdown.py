"""What Markdown and MyST make of a text: its blocks, and the parts of a directive.

CommonMark's block rules are markdown-it-py's, and MyST's are its plugins, those that the project's
conf.py turns on. Inline markup is never parsed: it would be most of the time, and no code block
stands in it.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

# markdown-it-py and PyYAML are imported where they are used: a run in which no page has changed
# needs neither, and would take a third longer.
if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_OPTION = re.compile(r":([\w-]+):(?:\s+(.*)|\s*)$")


@cache
def known_directives() -> Mapping[str, Mapping[str, str]]:
    """The directives of Sphinx, MyST, sphinx-tabs and ours by name: their `class`, and what they
    make of their `body`, as `crossnotes.sphinxext.registry` found it."""
    path = Path(__file__).with_name("directives.json")
    found: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def default_directives() -> Mapping[str, str]:
    """What directives make of their body, for pages of a project without a conf.py."""
    return {name: known["body"] for name, known in known_directives().items()}


#: What Python-Markdown has beside CommonMark where MkDocs builds a site: admonitions, and the tabs
#: of pymdownx, which MkDocs Material draws. A project without a conf.py may be one of MkDocs.
MKDOCS = "mkdocs"


#: How sites of MkDocs show code of files: `--8<-- "a.py"`, `{* a.py *}`, `{!> a.py !}`.
MACRO = re.compile(r"""-+8<-+ ["'].+["']|\{\*\s*\S+.*\*\}|\{!>?\s*\S+.*!\}""")


@dataclass(frozen=True, slots=True)
class Myst:
    """The MyST of a project: its block extensions, what its directives make of their body
    (`content`, `code` or `none`), and its substitutions."""

    extensions: frozenset[str] = frozenset({"colon_fence", "deflist", MKDOCS})
    directives: Mapping[str, str] = field(default_factory=default_directives)
    substitutions: Mapping[str, str] = field(default_factory=dict)

    def tokens(self, text: str, whole_page: bool) -> list[Token]:
        """The block tokens of a text; front matter is looked for at the head of a whole page."""
        has_front_matter = whole_page and "---" in text.partition("\n")[0]
        return _parser(self.extensions, has_front_matter).parse(text)

    def body_of(self, directive: str) -> str:
        """What becomes of a directive's body. One that is not known may hold anything."""
        return self.directives.get(directive, "content")

    @property
    def has_inline_tabs(self) -> bool:
        """Whether `{tab}` is that of sphinx-inline-tabs, which stands in no set."""
        return "tab" in self.directives and "tabs" not in self.directives


@cache
def _parser(extensions: frozenset[str], has_front_matter: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin
    from mdit_py_plugins.myst_blocks import myst_block_plugin

    md = MarkdownIt("commonmark").use(myst_block_plugin)
    md.use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    if has_front_matter:
        md.use(front_matter_plugin)
    for name in sorted(extensions & PLUGINS.keys()):
        module, plugin = PLUGINS[name]
        md.use(getattr(importlib.import_module(f"mdit_py_plugins.{module}"), plugin))
    md.block.ruler.before("code", "prose", _prose)
    if MKDOCS in extensions:
        md.block.ruler.before("prose", MKDOCS, _mkdocs, {"alt": ["paragraph", "list"]})
    # References and tables begin and end where paragraphs do, so they hold no code block.
    return md.disable(["inline", "reference"])


#: A tab, or an admonition that may be folded, of Python-Markdown: what is indented below is in it.
_INDENTED = re.compile(
    r"(?:(===)([!+]{0,2})[ \t]+([\"'])(?P<label>.*)\3|(?:!!!|\?\?\?)\+?[ \t]+\S.*"
    r"|(?P<docs>:::)[ \t]+[\w.]+)$"
)


def _mkdocs(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`=== "Label"`, `!!! note`, `??? note`: a token whose content is what is indented below, and
    whose info is the label of a tab; `markup` is `===` for a tab, and ends in ! for the first of
    another set."""
    column = state.sCount[start]
    at = state.bMarks[start] + state.tShift[start]
    if column - state.blkIndent >= 4 or state.src[at : at + 3] not in ("===", "!!!", "???", ":::"):
        return False
    match = _INDENTED.match(state.src[at : state.eMarks[start]].rstrip())
    if match is None or (match["docs"] and not _has_options(state, start, end, column)):
        return False
    if silent:
        return True
    line = after = start + 1
    while line < end and (state.isEmpty(line) or state.sCount[line] >= column + 4):
        line += 1
        if not state.isEmpty(line - 1):
            after = line
    state.line = line
    if match["docs"]:
        return True  # mkdocstrings' options are no code
    token = state.push("mkdocs_block", "", 0)
    token.content = state.getLines(start + 1, after, column + 4, False)
    token.info, token.map = match["label"] or "", [start, line]
    token.markup = f"{match[1] or ''}{'!' if match[2] and '!' in match[2] else ''}"
    token.block = True
    return True


def _has_options(state: StateBlock, start: int, end: int, column: int) -> bool:
    """Whether a `:::` is mkdocstrings', with options below, and no fence of MyST."""
    return (
        start + 1 < end and state.sCount[start + 1] >= column + 4 and not state.isEmpty(start + 1)
    )


def _prose(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Pass over headings and paragraphs that no other rule could take for anything else: most of
    a page, of which trying every rule on every line is most of the time. They leave no token."""
    column = state.sCount[start] - state.blkIndent
    if silent or not 0 <= column < 4:
        return False
    src, line = state.src, start
    at = state.bMarks[start] + state.tShift[start]
    if src.startswith(_HEADINGS, at):
        state.line = start + 1
        return True
    if after := _after_flat_list(state, start, end):
        state.line = after
        return True
    while line < end and at < state.eMarks[line]:
        if not src[at].isalpha() or state.sCount[line] < state.blkIndent:
            if line > start and _is_next_item(state, line, at):
                break
            return False
        line += 1
        if line < end:
            at = state.bMarks[line] + state.tShift[line]
    if line + 1 < end and state.bMarks[line + 1] + state.tShift[line + 1] < len(src):
        following = src[state.bMarks[line + 1] + state.tShift[line + 1]]
        if following in ":~":
            return False  # it may be the term of a definition
    state.line = line
    return True


_HEADINGS = tuple("#" * level + " " for level in range(1, 7))


def _after_flat_list(state: StateBlock, start: int, end: int) -> int:
    """The line after a bullet list outside of everything else whose items are a line of prose
    each; 0 where there is none, or what follows may belong to the last of them."""
    src, begin = state.src, state.bMarks
    bullet = src[begin[start] : begin[start] + 1]
    if bullet not in ("-", "*", "+") or state.level:
        return 0
    line = start
    while line < end and src.startswith(bullet + " ", begin[line]):
        if not src[begin[line] + 2 : begin[line] + 3].isalpha():
            return 0
        line += 1
    following = state.skipEmptyLines(line)
    if following < end and (following == line or src[begin[following]] in " \t-*+:~"):
        return 0
    return line if line > start else 0


def _is_next_item(state: StateBlock, line: int, at: int) -> bool:
    """Whether a bullet of the list that is being read stands on a line."""
    is_sibling = 0 <= state.listIndent == state.sCount[line] < state.blkIndent
    return is_sibling and state.src[at] in "-*+" and state.src[at + 1 : at + 2] == " "


#: MyST's extensions that change where blocks begin and end: their modules of mdit_py_plugins.
PLUGINS: Mapping[str, tuple[str, str]] = {
    "amsmath": ("amsmath", "amsmath_plugin"),
    "attrs_block": ("attrs", "attrs_block_plugin"),
    "colon_fence": ("colon_fence", "colon_fence_plugin"),
    "deflist": ("deflist", "deflist_plugin"),
    "dollarmath": ("dollarmath", "dollarmath_plugin"),
    "fieldlist": ("field_list", "fieldlist_plugin"),
    "substitution": ("substitution", "substitution_plugin"),
}


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive as written. `line` is its first line, `body_line` the line of `body`."""

    name: str
    argument: str
    options: dict[str, str]
    option_lines: dict[str, int]
    body: str
    line: int
    body_line: int


def directive_name(info: str) -> tuple[str, str] | None:
    """Name and argument, if the info string of a fence calls a directive."""
    name, _, argument = info.partition(" ")
    if name.startswith("{") and name.endswith("}") and name[1:2] not in (".", "#"):
        return name[1:-1], argument.strip()
    return None


def fence_language(info: str) -> str:
    """The language that the info string of a fence names: its first word, or the first class of a
    list of attributes, `{ .python hl_lines="2" }`. What else stands there, such as `title="a.py"`,
    is for those who draw the block."""
    if info.startswith("{"):
        classes = (word.strip("{}") for word in info.replace("{", "{ ").split())
        return next((word[1:] for word in classes if word.startswith(".")), "")
    word = re.split(r"[\s{,]", info)[0]
    return "" if "=" in word else word


def directive(name: str, argument: str, content: str, line: int) -> Directive:
    """Options as MyST reads them: a `---` block of YAML, or leading lines of `:name: value`."""
    lines = content.split("\n")
    options: dict[str, str] = {}
    option_lines: dict[str, int] = {}
    at = 0
    if lines[0].strip() == "---":
        end = next((i for i in range(1, len(lines)) if lines[i].strip() == "---"), len(lines) - 1)
        at = end + 1
        for key, value, offset in yaml_items("\n".join(lines[1:end])):
            options[key], option_lines[key] = value, line + 2 + offset
    else:
        while at < len(lines) and (match := _OPTION.match(lines[at].strip())):
            options[match[1]], option_lines[match[1]] = _unquoted(match[2] or ""), line + 1 + at
            at += 1
    if at < len(lines) - 1 and not lines[at].strip():
        at += 1  # MyST drops one blank line between the options and the body
    body = "\n".join(lines[at:])
    return Directive(name, argument, options, option_lines, body, line, line + 1 + at)


def _unquoted(value: str) -> str:
    """The value of an option line, whose quotes are YAML's, as MyST has them."""
    value = value.strip()
    if value[:1] not in ("'", '"'):
        return value
    import yaml

    try:
        return yaml_text(yaml.compose(value, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return value


def yaml_items(text: str) -> Iterator[tuple[str, str, int]]:
    """Key, value and line (from 0) of each item of a YAML mapping; none of what is not one."""
    import yaml

    try:
        root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    if root is not None and root.id == "mapping":
        for key, value in root.value:
            yield yaml_text(key), yaml_text(value), key.start_mark.line


def yaml_text(node: Any) -> str:
    """A YAML value as an option would be written: a list as its items with commas. What is nested
    deeper, and may hold itself, is no option."""
    if node.id == "sequence":
        return ", ".join(str(item.value) for item in node.value if item.id == "scalar")
    return str(node.value) if node.id == "scalar" else ""


def render_substitution(content: str, values: Mapping[str, str]) -> str | None:
    """What `{{ content }}` becomes: the value of that name, or an expression of Jinja as MyST has
    it. None where it has no value; Sphinx then warns."""
    name = content.strip()
    if name in values:
        return str(values[name])
    try:
        import jinja2

        # The result is Markdown of the page itself; nothing is to be escaped.
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701
        return environment.from_string(f"{{{{{content}}}}}").render(values)
    except Exception:  # an expression may raise anything
        return None


def rst_code_line(text: str) -> int:
    """The line (from 1) of the first code block in reStructuredText, or 0 if there is none."""
    from docutils import nodes
    from docutils.core import publish_doctree

    settings = {"report_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
    doctree = publish_doctree(text, settings_overrides=settings)
    for block in doctree.findall():
        if isinstance(block, nodes.literal_block | nodes.doctest_block):
            return block.line or 1
    return 0
