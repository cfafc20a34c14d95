"""Text → Page: finds the code blocks that a reader of a MyST page can see, at their true lines.

CommonMark's block rules (markdown-it-py) decide what a block is; this module adds what MyST makes
of a fence: directives, their options, and which of them hold parsed content. Inline markup is
never parsed, nothing is executed, and neither Sphinx nor Django is imported.
"""

from __future__ import annotations

import keyword
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossnotes import files, listing, markdown, ranges
from crossnotes.kinds import KINDS, OPTION_KINDS, SILENT, kind_of, outside_languages
from crossnotes.markdown import Directive, Myst
from crossnotes.page import Listing, Output, Page, Problem, Snippet, Tab, TabSet, words
from crossnotes.text import pycon, transcript

if TYPE_CHECKING:
    from markdown_it.token import Token

#: Directives that show their body as code in the language of their argument, and those whose
#: name says which language it is.
CODE_DIRECTIVES = frozenset({"code-block", "code", "sourcecode", "snippet"})
CODE_DIRECTIVE_LANGUAGES: Mapping[str, str] = {"doctest": "pycon", "testcode": "python"}

#: Directives of sphinx.ext.doctest, and what of them is not done here, with what to do instead.
DOCTEST_DIRECTIVES = frozenset({"doctest", "testcode", "testoutput", "testsetup", "testcleanup"})
_HIDDEN = "it would run what readers do not see; show it as a python block"
DOCTEST_OPTIONS: Mapping[str, str] = {
    "hide": _HIDDEN,
    "skipif": "write the block as a {snippet} with `:skip: reason`, or narrow it with :targets:",
    "pyversion": "write the block as a {snippet} with `:skip: reason`",
    "options": "write doctest's directives behind the code, as in `>>> f()  # doctest: +ELLIPSIS`",
}

#: Directives of others that hold Markdown, a comment, or what is drawn and no code; a project
#: without a conf.py may have them.
KNOWN_ELSEWHERE = frozenset(
    [
        "article-info",
        "button-link",
        "button-ref",
        "card",
        "card-carousel",
        "comment",
        "digraph",
        "div",
        "dropdown",
        "graph",
        "graphviz",
        "grid",
        "grid-item",
        "grid-item-card",
        "mermaid",
        "plantuml",
        "tab-item",
        "tab-set",
        "tab-set-code",
        "uml",
    ]
)

#: What the directives of sphinx-design's tabs are: a row of them, one tab, a row of code blocks.
TAB_ROLES: Mapping[str, str] = {"tab-set": "set", "tab-item": "tab", "tab-set-code": "code"}

#: Where packages of others name their own directives of this kind: each entry point leads to one of
#: the roles, `set`, `tab` (its argument is the label) or `code`.
TABS_ENTRY_POINTS = "crossnotes.tabs"


@cache
def _outside_tab_roles() -> Mapping[str, str]:
    from importlib.metadata import entry_points

    return {point.name: str(point.load()) for point in entry_points(group=TABS_ENTRY_POINTS)}


def _outside_tab_role(name: str) -> str:
    # What Sphinx, MyST and we have is never another package's; to ask takes a moment.
    return "" if name in markdown.known_directives() else _outside_tab_roles().get(name, "")


#: Options of Sphinx's own code-block, and ours of `{snippet}` (design.md, "How an author writes").
CODE_BLOCK_OPTIONS = frozenset(
    [
        "force",
        "linenos",
        "dedent",
        "lineno-start",
        "emphasize-lines",
        "caption",
        "class",
        "name",
        "number-lines",
    ]
)
SNIPPET_OPTIONS = CODE_BLOCK_OPTIONS | frozenset(
    ["compiled", "file", "targets", "raises", "skip", "xfail", "background", "timeout"]
)
OUTPUT_OPTIONS = frozenset(["targets", "unordered", "ignore", "class", "name"])
COMPARE_OPTIONS = frozenset(["caption", "class"])
#: A line in the body of a `{compare}`: the name of a block, and what its row is called.
ROW_LABEL = re.compile(r"([\w.-]+):\s+(\S.*)")
REASON_OPTIONS = ("skip", "xfail")

#: Options of Sphinx's literalinclude that this engine follows, and ours.
LISTING_OPTIONS = CODE_BLOCK_OPTIONS | frozenset(
    [
        "language",
        "lineno-match",
        "pyobject",
        "lines",
        "start-after",
        "start-at",
        "end-before",
        "end-at",
        "elsewhere",
    ]
)
FRONT_MATTER_KEY = "crossnotes"
#: What may stand below it.
FRONT_MATTER = ("fixtures", "targets")


#: The kinds of problem of a block without a language, and of one in a language that nobody knows,
#: whose name follows.
UNLABELLED, LANGUAGE = "unlabelled", "language "

#: How deep directives may stand in each other, and how many files, and characters of them, a page
#: may include: of files that each include the next twice, twenty are a million.
DEEPEST = 50
MOST_INCLUDED = 500
MOST_CHARACTERS = 10_000_000

#: Where a page's server answers; the port is the group.
_URL = re.compile(r"http://[\w.-]+(?::(\d{1,5}))?(?:/\S*)?")
_SECONDS = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a project says about its pages: the languages that only show, the targets there are,
    its MyST, and the known series of each target, of which a range has to meet one."""

    show_only: frozenset[str]
    targets: frozenset[str]
    myst: Myst = field(default_factory=Myst)
    releases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Whether a block without a language is only shown, and no mistake.
    shows_unlabelled: bool = False

    def known_as(self, language: str) -> str:
        """A language as it is known here, whatever the case of its letters."""
        if language in self.show_only or language in KINDS:
            return language
        lower = language.lower()
        return lower if lower in self.show_only or kind_of(lower) else language

    def language_problem(self, language: str) -> str | None:
        """Why a fence in `language` can be neither run nor shown, or None."""
        if language in self.show_only or kind_of(language):
            return None
        if not language and self.shows_unlabelled:
            return None
        run = sorted({*KINDS, *outside_languages()} - self.show_only)
        known = f"run: {', '.join(run)}; only shown: {', '.join(sorted(self.show_only))}"
        if not language:
            return (
                f"a code block without a language; say which one ({known}; `unlabelled = "
                '"show"` in [tool.crossnotes] only shows all such blocks)'
            )
        return f"unknown language {language!r} ({known}; [tool.crossnotes] show-only adds more)"


def _undone(directive: Directive) -> tuple[int, str] | None:
    """The line and the words for what a directive of sphinx.ext.doctest asks for and is not
    done."""
    name = f"{{{directive.name}}}"
    if directive.name in ("testsetup", "testcleanup"):
        return directive.line, f"{name} is not run: {_HIDDEN}"
    for option, instead in DOCTEST_OPTIONS.items():
        if option in directive.options:
            line = directive.option_lines[option]
            return line, f":{option}: of {name} is not supported: {instead}"
    if directive.argument not in ("", "default"):
        message = "all blocks of a page share one namespace; remove the group's name"
        return directive.line, f"{name} of a group of its own: {message}"
    return None


def _is_url(text: str) -> bool:
    match = _URL.fullmatch(text)
    return match is not None and int(match[1] or 80) <= 65535


def read(path: Path, shown_as: str, dialect: Dialect) -> Page:
    """Parse the file at `path`; results call it `shown_as`. A file that cannot be read or is not
    UTF-8 gives a Page with that one Problem."""
    try:
        text = files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        data = error.object  # without the mark at the start
        line = data[: error.start].count(b"\n") + 1
        message = f"not UTF-8: byte 0x{data[error.start]:02x}; save the page as UTF-8"
        return Page(shown_as, (), problems=(Problem(shown_as, line, message),))
    except OSError as error:
        return Page(
            shown_as, (), problems=(Problem(shown_as, 1, f"cannot read: {error.strerror}"),)
        )
    return parse(text, shown_as, dialect, path.parent)


def parse(text: str, shown_as: str, dialect: Dialect, folder: Path | None = None) -> Page:
    """Parse `text`. What it includes is looked for in `folder`, as Sphinx does."""
    reader = _Reader(shown_as, dialect, folder or Path())
    reader.container(text, first_line=1, tabs=())
    reader.check_comparisons()
    return Page(
        shown_as,
        tuple(reader.finished_snippets()),
        tuple(TabSet(line, tuple(t.labels), t.synced) for line, t in reader.tab_sets.items()),
        reader.targets,
        tuple(sorted(reader.problems, key=lambda problem: problem.line)),
        files=tuple(reader.files),
        fixtures=reader.fixtures,
        only_shown=reader.only_shown,
    )


@dataclass(slots=True)
class _OpenTabSet:
    labels: list[str]
    synced: bool = True


class _Row:
    """The row of tabs that stands in a text without a directive around it: tabs that follow each
    other are one set. `line` is that of its first tab."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = -1
        self.line = 0

    def take(self, token: Token, line: int, is_new: bool) -> None:
        """Add the tab of a token, which begins a new row unless it follows the one before."""
        assert token.map is not None
        start, end = token.map
        between = self._text.split("\n")[self._end : start] if self._end >= 0 else ["none"]
        if is_new or any(text.strip() for text in between):
            self.line = line
        self._end = end


class _Reader:
    """Walks one page, outside in. What it found is in its attributes."""

    def __init__(self, page: str, dialect: Dialect, folder: Path) -> None:
        self.page = page
        self.dialect = dialect
        self.folder = folder
        self.problems: list[Problem] = []
        self.only_shown: Counter[str] = Counter()
        self.tab_sets: dict[int, _OpenTabSet] = {}
        self.targets: tuple[str, ...] = ()
        self.fixtures: tuple[str, ...] = ()
        self.substitutions: dict[str, str] = {}
        #: The files that are being included now, the innermost last.
        self.sources: list[Path] = []
        self.files: list[Path] = []
        self._included = self._characters = self._depth = 0
        self._told_of_includes = False
        #: The line of the substitution that is being read, where there is one.
        self.pinned: int | None = None
        self._open_substitutions: list[str] = []
        self._snippets: list[dict[str, Any]] = []
        #: The names that each `{compare}` gives, and where it stands.
        self._compared: list[tuple[str, str, int]] = []
        #: The snippet that an `{output}` may follow; None after a block that is only shown.
        self._last: dict[str, Any] | None = None

    def finished_snippets(self) -> Iterator[Snippet]:
        for index, fields in enumerate(self._snippets):
            fields["outputs"] = tuple(fields["outputs"])
            yield Snippet(page=self.page, index=index, **fields)

    def check_comparisons(self) -> None:
        """Whether every name in a `{compare}` is that of a block; it may stand further down."""
        kinds = {fields["options"].get("name", ""): fields["kind"] for fields in self._snippets}
        known = [name for name, kind in kinds.items() if name and kind not in SILENT]
        for name, source, line in self._compared:
            if name in known:
                continue
            message = f"{{compare}} names {name!r}, and no block of this page has that name"
            if name in kinds:
                message = f"{{compare}} names {name!r}, a block that prints nothing"
            choices = ", ".join(known) or "none; give a block a :name:"
            self.problems.append(Problem(source, line, f"{message}; known are: {choices}"))

    def problem(self, line: int, message: str, kind: str = "") -> Problem:
        problem = replace(self._failing(line, message), kind=kind)
        self.problems.append(problem)
        return problem

    @property
    def source(self) -> str:
        """The file that is being read, as results call it; "" for the page itself."""
        if not self.sources:
            return ""
        # The page's own path, less what it is shown as, is what shown paths are relative to.
        own = str(self.folder.resolve() / os.path.basename(self.page))
        return os.path.relpath(self.sources[-1], own.removesuffix(self.page) or "/")

    def container(self, text: str, first_line: int, tabs: tuple[Tab, ...]) -> None:
        """Read a stretch of Markdown whose first line is line `first_line` of the file."""
        if self._depth == DEEPEST:
            self.problem(first_line, f"directives are nested more than {DEEPEST} deep")
            return
        self._depth += 1
        self._container(text, first_line, tabs)
        self._depth -= 1

    def _container(self, text: str, first_line: int, tabs: tuple[Tab, ...]) -> None:
        whole_page = first_line == 1 and not self.sources and self.pinned is None
        row = _Row(text)
        for token in self.dialect.myst.tokens(text, whole_page):
            line = self.pinned or first_line + (token.map[0] if token.map else 0)
            if token.type in ("fence", "colon_fence"):
                if self._is_inline_tab(token, tabs):
                    self._inline_tab(token, line, tabs, row)
                else:
                    self._fence(token, line, tabs)
            elif token.type == "mkdocs_block":
                self._mkdocs(token, line, tabs, row)
            elif token.type == "substitution_block":
                self._substitution(token.content, line, tabs)
            elif token.type == "front_matter":
                self._front_matter(token.content)
            elif token.type == "code_block":
                self._last = None
                if self.dialect.shows_unlabelled:
                    self.only_shown[""] += 1
                    continue
                self.problem(
                    line,
                    "an indented code block has no language, so it would be shown and never run; "
                    "write it as a fence with a language",
                    UNLABELLED,
                )

    def _fence(self, token: Token, line: int, tabs: tuple[Tab, ...]) -> None:
        info = token.info.strip()
        called = markdown.directive_name(info)
        if called is None and token.type == "colon_fence":
            self.container(token.content, line + 1, tabs)  # a div, whose content is Markdown
        elif called is None:
            language = markdown.fence_language(info)
            self._code(language, token.content, line, line + 1, {}, tabs)
        elif called[0] == "tabs":
            self._tabs(token.content, line, tabs)
        elif self._tab_role(called[0]):
            self._foreign_tab(markdown.directive(*called, token.content, line), tabs)
        elif called[0] in ("tab", "group-tab"):
            self._tab(*called, token.content, line, tabs)
        else:
            self._directive(markdown.directive(*called, token.content, line), tabs)

    def _directive(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        handlers: dict[str, Callable[[Directive, tuple[Tab, ...]], None]] = {
            "code-tab": self._code_tab,
            "compare": self._compare,
            "eval-rst": self._eval_rst,
            "include": self._include,
            "literalinclude": self._literalinclude,
            "output": self._output,
            "testoutput": self._output,
        }
        if directive.name in DOCTEST_DIRECTIVES and (message := _undone(directive)):
            self._last = None
            self.problem(*message)
        elif directive.name in CODE_DIRECTIVES or directive.name in CODE_DIRECTIVE_LANGUAGES:
            self._code_directive(directive, tabs)
        elif directive.name in handlers:
            handlers[directive.name](directive, tabs)
        elif self.dialect.myst.body_of(directive.name) == "content":
            self._check_known(directive)
            self.container(directive.body, directive.body_line, tabs)
        elif self.dialect.myst.body_of(directive.name) == "code":
            self.problem(
                directive.line,
                f"a {{{directive.name}}} shows code that is never run; write it as a fence or a "
                "{code-block} with its language",
            )

    def _check_known(self, directive: Directive) -> None:
        """What nobody knows may show code, which would never be run."""
        known = directive.name in self.dialect.myst.directives or directive.name in KNOWN_ELSEWHERE
        if known or not directive.body.strip():
            return
        self.problem(
            directive.line,
            f"unknown directive {{{directive.name}}}: if it shows code, the code is never run; "
            "write it as a fence with its language, or load the directive's extension in conf.py",
        )

    # -- text from elsewhere ---------------------------------------------------------------------

    def _substitution(self, content: str, line: int, tabs: tuple[Tab, ...]) -> None:
        """What `{{ name }}` puts there; its blocks stand on the line of the substitution."""
        values = {**self.dialect.myst.substitutions, **self.substitutions}
        text = markdown.render_substitution(content, values)
        if text is None or content in self._open_substitutions:
            return  # Sphinx warns of it
        pinned, self.pinned = self.pinned, line
        self._open_substitutions.append(content)
        self.container(text, line, tabs)
        self._open_substitutions.pop()
        self.pinned = pinned

    def _include(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        """The part of another file that is shown here. Its blocks are on that file's lines."""
        path = listing.resolve(self.folder, directive.argument)
        self.files.append(path)
        if path in self.sources:
            self.problem(directive.line, f"{directive.argument} includes itself")
            return
        self._included += 1
        if self._included > MOST_INCLUDED or self._characters > MOST_CHARACTERS:
            if not self._told_of_includes:
                self._told_of_includes = True
                self.problem(
                    directive.line,
                    f"the page includes more than {MOST_INCLUDED} files, or {MOST_CHARACTERS:,} "
                    "characters of them; files that include each other multiply",
                )
            return
        try:
            text, first_line = listing.included(path, directive.options)
        except listing.ListingError as error:
            self.problem(directive.line, str(error))
            return
        self._characters += len(text)
        if "literal" in directive.options:
            language = listing.language_of(path)
            if kind_of(language) and language not in self.dialect.show_only:
                self.problem(
                    directive.line,
                    "an {include} with :literal: shows code that is never run; write it as a "
                    "{literalinclude}",
                )
            return
        if "code" in directive.options:
            language = directive.options["code"]
            self._code(language, text, directive.line, directive.line, directive.options, tabs)
            return
        self.sources.append(path)
        self.container(text, first_line, tabs)
        self.sources.pop()

    def _eval_rst(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        """reStructuredText is not read, so code in it would be shown and never run."""
        if offset := markdown.rst_code_line(directive.body):
            self.problem(
                directive.body_line + offset - 1,
                "code in {eval-rst} is shown and never run; write it in MyST",
            )

    # -- tabs ------------------------------------------------------------------------------------

    def _tabs(self, content: str, line: int, tabs: tuple[Tab, ...]) -> None:
        self.tab_sets[line] = _OpenTabSet([])
        # A dummy step, replaced by each tab inside.
        self.container(content, line + 1, (*tabs, Tab(line, "")))

    def _tab(
        self, name: str, argument: str, content: str, line: int, tabs: tuple[Tab, ...]
    ) -> None:
        """sphinx-tabs takes the first line of the content as the label, wherever it stands."""
        if not tabs or tabs[-1].label:
            self.problem(line, f"a {{{name}}} outside of {{tabs}}; put it directly into one")
            return
        lines = content.split("\n")
        skipped = 0
        if not argument:
            skipped = next((i + 1 for i, text in enumerate(lines) if text.strip()), 0)
            argument = lines[skipped - 1].strip()
        inner = self._enter_tab(argument, tabs, synced=name == "group-tab")
        self.container("\n".join(lines[skipped:]), line + 1 + skipped, inner)

    def _enter_tab(self, label: str, tabs: tuple[Tab, ...], synced: bool) -> tuple[Tab, ...]:
        open_set = self.tab_sets[tabs[-1].tab_set]
        open_set.labels.append(label)
        open_set.synced = open_set.synced and synced
        self._last = None
        return (*tabs[:-1], Tab(tabs[-1].tab_set, label))

    def _code_tab(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        language, _, label = directive.argument.partition(" ")
        if not tabs or tabs[-1].label:
            self.problem(directive.line, "a {code-tab} outside of {tabs}; put it directly into one")
            return
        inner = self._enter_tab(label.strip() or language, tabs, synced=True)
        self._code(
            language, directive.body, directive.line, directive.body_line, directive.options, inner
        )

    # Tabs of others: of sphinx-design and those that other packages name, of sphinx-inline-tabs,
    # and of pymdownx as MkDocs Material draws them.

    @staticmethod
    def _tab_role(name: str) -> str:
        """`set`, `tab` or `code` for a directive that is part of a row of tabs; "" for others, and
        for those of sphinx-tabs."""
        return TAB_ROLES.get(name) or _outside_tab_role(name)

    def _foreign_tab(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        role = self._tab_role(directive.name)
        if role == "set":
            self.tab_sets[directive.line] = _OpenTabSet([])
            inside = (*tabs, Tab(directive.line, ""))
            self.container(directive.body, directive.body_line, inside)
        elif role == "code":
            self._tabs_of_code(directive, tabs)
        elif not tabs or tabs[-1].label:
            message = f"a {{{directive.name}}} outside of a set of tabs; put it directly into one"
            self.problem(directive.line, message)
        else:
            inner = self._enter_tab(directive.argument, tabs, synced="sync" in directive.options)
            self.container(directive.body, directive.body_line, inner)

    def _tabs_of_code(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        """Blocks each of which is a tab, called after its language."""
        self.tab_sets[directive.line] = _OpenTabSet([])
        for token in self.dialect.myst.tokens(directive.body, whole_page=False):
            if token.type not in ("fence", "colon_fence"):
                continue
            line = self.pinned or directive.body_line + (token.map[0] if token.map else 0)
            called = markdown.directive_name(token.info.strip())
            language = called[1] if called else markdown.fence_language(token.info.strip())
            inner = self._enter_tab(language, (*tabs, Tab(directive.line, "")), synced=True)
            self._fence(token, line, inner)

    def _is_inline_tab(self, token: Token, tabs: tuple[Tab, ...]) -> bool:
        called = markdown.directive_name(token.info.strip())
        is_in_set = bool(tabs) and not tabs[-1].label
        return bool(
            called and called[0] == "tab" and self.dialect.myst.has_inline_tabs and not is_in_set
        )

    def _inline_tab(self, token: Token, line: int, tabs: tuple[Tab, ...], row: _Row) -> None:
        called = markdown.directive_name(token.info.strip())
        assert called is not None
        directive = markdown.directive(*called, token.content, line)
        row.take(token, line, is_new="new-set" in directive.options)
        self._tab_of_row(directive.argument, tabs, row)
        inner = (*tabs, Tab(row.line, directive.argument))
        self.container(directive.body, directive.body_line, inner)

    def _mkdocs(self, token: Token, line: int, tabs: tuple[Tab, ...], row: _Row) -> None:
        """An admonition or a tab: what is indented below it is Markdown."""
        if not token.markup:
            self.container(token.content, line + 1, tabs)
            return
        row.take(token, line, is_new=token.markup.endswith("!"))
        self._tab_of_row(token.info, tabs, row)
        self.container(token.content, line + 1, (*tabs, Tab(row.line, token.info)))

    def _tab_of_row(self, label: str, tabs: tuple[Tab, ...], row: _Row) -> None:
        self.tab_sets.setdefault(row.line, _OpenTabSet([]))
        self._enter_tab(label, (*tabs, Tab(row.line, "")), synced=True)

    # -- code ------------------------------------------------------------------------------------

    def _code_directive(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        known = SNIPPET_OPTIONS if directive.name == "snippet" else CODE_BLOCK_OPTIONS
        problem = None
        if directive.name in CODE_DIRECTIVES:
            problem = self._option_problem(directive, known)
        argument = directive.argument.split()[0] if directive.argument else ""
        self._code(
            CODE_DIRECTIVE_LANGUAGES.get(directive.name, argument),
            _dedent(directive.body, directive.options.get("dedent")),
            directive.line,
            directive.body_line,
            directive.options,
            tabs,
            problem,
        )

    def _code(
        self,
        language: str,
        content: str,
        line: int,
        code_line: int,
        options: dict[str, str],
        tabs: tuple[Tab, ...],
        problem: Problem | None = None,
    ) -> None:
        self._last = None
        language = self.dialect.known_as(language)
        language_problem = self.dialect.language_problem(language)
        if language_problem:
            about = f"{LANGUAGE}{language}" if language else UNLABELLED
            self.problem(line, language_problem, about)
            return
        code = content.rstrip("\n")
        kind = self._kind(language, code, options)
        if kind is None:
            self.only_shown[language] += 1
            return
        if problem is None and "skip" not in options:
            problem = self._session_problem(kind, language, code, code_line)
        if problem is None and "skip" not in options:
            problem = self._macro_problem(code, code_line)
        for option, kinds in OPTION_KINDS.items():
            if option in options and kind not in kinds and problem is None:
                message = f":{option}: is for {', '.join(kinds)} blocks, and this is a {kind} block"
                problem = self._failing(line, message)
        self._add(
            line=code_line,
            kind=kind,
            language=language,
            code=code,
            tabs=tabs,
            options=options,
            problem=problem,
        )

    def _kind(self, language: str, code: str, options: Mapping[str, str]) -> str | None:
        """How a block is executed; None if it only shows."""
        if "file" in options:
            return "file"
        if language in self.dialect.show_only:
            return None
        kind = kind_of(language)
        # Sphinx highlights such a block as a session, and readers see one.
        return "pycon" if kind == "python" and pycon.is_session(code) else kind

    def _session_problem(self, kind: str, language: str, code: str, line: int) -> Problem | None:
        """A line of a session that is neither run nor compared."""
        try:
            if kind == "pycon":
                pycon.examples(code)
            elif kind == "console":
                transcript.commands(code, language)
        except (pycon.SessionError, transcript.TranscriptError) as error:
            return self._failing(line + error.offset, str(error))
        return None

    def _macro_problem(self, code: str, line: int) -> Problem | None:
        """A line in whose place a site of MkDocs shows a file."""
        if markdown.MKDOCS not in self.dialect.myst.extensions:
            return None
        if not any(sign in code for sign in ("8<-", "{*", "{!")):
            return None
        for number, text in enumerate(code.split("\n"), line):
            if markdown.MACRO.search(text):
                return self._failing(
                    number,
                    "a macro puts a file here, which is not read; show it by {literalinclude}, or "
                    "write the code out",
                )
        return None

    def _add(self, **fields: Any) -> None:
        defaults: dict[str, Any] = {"options": {}, "listing": None, "problem": None, "outputs": []}
        fields = {**defaults, "source": self.source, **fields}
        fields["line"] = self.pinned or fields["line"]
        self._snippets.append(fields)
        self._last = fields

    def _option_problem(self, directive: Directive, known: frozenset[str]) -> Problem | None:
        for option, line in directive.option_lines.items():
            if option not in known:
                choices = ", ".join(sorted(known))
                return self._failing(
                    line, f"unknown option {option!r} of {{{directive.name}}}; known are: {choices}"
                )
            if option in REASON_OPTIONS and not directive.options[option]:
                return self._failing(line, f":{option}: needs a reason, which readers will see")
            if option == "timeout" and not _SECONDS.fullmatch(directive.options[option]):
                value = directive.options[option]
                return self._failing(line, f":timeout: {value!r} is not a number of seconds")
            if option == "background" and not _is_url(directive.options[option]):
                value = directive.options[option]
                return self._failing(
                    line, f":background: {value!r} is not a URL such as http://127.0.0.1:8000/"
                )
            if option == "targets" and (message := self._target_problem(directive.options[option])):
                return self._failing(line, message)
        return None

    def _failing(self, line: int, message: str) -> Problem:
        """A problem that belongs to a snippet and is reported as that snippet's failure."""
        return Problem(self.source or self.page, self.pinned or line, message)

    def _target_problem(self, text: str) -> str | None:
        return ranges.problem(words(text), self.dialect.targets, self.dialect.releases)

    # -- listings --------------------------------------------------------------------------------

    def _literalinclude(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        self._last = None
        path = listing.resolve(self.folder, directive.argument)
        self.files.append(path)
        named = directive.options.get("language")
        language = self.dialect.known_as(named) if named else listing.language_of(path)
        if message := self.dialect.language_problem(language):
            self.problem(directive.line, message)
            return
        shown, code, problem = None, "", self._option_problem(directive, LISTING_OPTIONS)
        try:
            lines, code = listing.select(path, directive.options)
            elsewhere = listing.elsewhere(directive.options.get("elsewhere", ""))
            shown = Listing(path.resolve(), lines, elsewhere)
        except listing.ListingError as error:
            problem = problem or self._failing(directive.line, str(error))
        self._add(
            line=directive.line,
            kind="listing",
            language=language,
            code=code,
            tabs=tabs,
            options=directive.options,
            listing=shown,
            problem=problem,
        )

    # -- expected output -------------------------------------------------------------------------

    def _output(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        if self._last is None or self._last["tabs"] != tabs:
            self.problem(
                directive.line,
                "an {output} with no code block before it; put it right below the block that "
                "prints it, in the same tab",
            )
            return
        if self._last["kind"] in SILENT:
            self.problem(directive.line, "an {output} of a block that prints nothing; remove it")
            return
        if problem := self._option_problem(directive, OUTPUT_OPTIONS):
            self._last["problem"] = self._last["problem"] or problem
            return
        output = Output(
            directive.body_line,
            directive.body.rstrip("\n"),
            words(directive.options.get("targets", "")),
            "unordered" in directive.options,
            words(directive.options.get("ignore", "")),
            directive.line,
            directive.body.count("\n"),
        )
        earlier: list[Output] = self._last["outputs"]
        for other in earlier:
            both = ranges.common(output.targets, other.targets)
            if both or other.targets == output.targets:
                what = "the same target"
                if both and both[0] != both[1]:
                    what = f"one version, which {both[0]} and {both[1]} hold for"
                self._last["problem"] = self._failing(
                    directive.line,
                    f"two {{output}} blocks for {what} (the other is on line {other.line}); "
                    "narrow one of them with :targets:",
                )
        earlier.append(output)

    # -- comparisons -----------------------------------------------------------------------------

    def _compare(self, directive: Directive, tabs: tuple[Tab, ...]) -> None:
        self._last = None
        if problem := self._option_problem(directive, COMPARE_OPTIONS):
            self.problems.append(problem)
        if not directive.argument:
            self.problem(directive.line, "a {compare} without names; name blocks of this page")
        place = self._failing(directive.line, "")
        names = directive.argument.split()
        self._compared += [(name, place.page, place.line) for name in names]
        for line, text in enumerate(directive.body.split("\n"), directive.body_line):
            found = ROW_LABEL.fullmatch(text.strip())
            if found is None and text.strip():
                self.problem(line, f"{text.strip()!r} labels no row; write `name: label`")
            elif found and found[1] not in names:
                choices = ", ".join(names)
                self.problem(
                    line,
                    f"a label of {found[1]!r}, which is not compared; known are: {choices}",
                )

    # -- front matter ----------------------------------------------------------------------------

    def _front_matter(self, content: str) -> None:
        import yaml

        try:
            root: Any = yaml.compose(content, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = 2 + (mark.line if mark else 0)
            self.problem(line, f"front matter is not YAML: {getattr(error, 'problem', error)}")
            return
        except RecursionError:
            self.problem(2, "front matter is nested too deep")
            return
        if root is None or root.id != "mapping":
            return
        for key, value in root.value:
            if key.value == FRONT_MATTER_KEY:
                self._settings(value, 2 + key.start_mark.line)
            elif key.value == "myst" and value.id == "mapping":
                for name, inner in value.value:
                    if name.value == "substitutions":
                        self._front_matter_substitutions(inner)
            elif key.value == "substitutions":
                self._front_matter_substitutions(value)

    def _front_matter_substitutions(self, node: Any) -> None:
        if node.id == "mapping":
            for key, value in node.value:
                self.substitutions[str(key.value)] = markdown.yaml_text(value)

    def _settings(self, node: Any, line: int) -> None:
        if node.id != "mapping":
            self.problem(line, "crossnotes: takes a mapping such as {targets: [sqlite]}")
            return
        for key, value in node.value:
            key_line = 2 + key.start_mark.line
            if key.value == "isolation":
                self.problem(
                    key_line,
                    "crossnotes: isolation no longer exists; remove it. Every page runs in a "
                    "process and on a database of its own",
                )
            elif key.value == "targets":
                self.targets = words(markdown.yaml_text(value))
                if message := self._target_problem(markdown.yaml_text(value)):
                    self.problem(key_line, message)
            elif key.value == "fixtures":
                self._fixtures(markdown.yaml_text(value), key_line)
            else:
                self.problem(
                    key_line,
                    f"unknown key {key.value!r} in crossnotes:; known are: "
                    f"{', '.join(FRONT_MATTER)}",
                )

    def _fixtures(self, value: str, line: int) -> None:
        for name in words(value):
            if name.isidentifier() and not keyword.iskeyword(name):
                self.fixtures += (name,)
            else:
                self.problem(line, f"{name!r} cannot be a fixture, whose name is one of Python")


def _dedent(code: str, option: str | None) -> str:
    """`:dedent:` of code-block: so many columns, or without a number the common indent."""
    if option is None:
        return code
    lines = code.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    columns = int(option) if option.isdecimal() else min(indents, default=0)
    return "\n".join(line[columns:] for line in lines)
