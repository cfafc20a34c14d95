"""`pycon` blocks as text: what is typed at each prompt, and whether what is shown below is what it
printed. Each line of a block is a prompt, goes on with what was typed, or is compared."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crossnotes.text import tracebacks
from crossnotes.text.matching import plain, same

#: What an interpreter calls what was typed; we call all of it `<stdin>`, as Python does where it
#: is started in a terminal.
STDIN = "<stdin>"
_STDIN = re.compile(r"<(?:console|python-input-\d+)>")

_PROMPT = re.compile(r"(?P<indent> *)>>>(?P<blank> |$)(?P<typed>.*)")
_CONTINUED = re.compile(r"\.\.\.(?: (?P<typed>.*)|$)")
_IPYTHON = re.compile(r"(?P<indent> *)In \[(?P<number>\d+)\]:(?: (?P<typed>.*)|$)")
_IPYTHON_CONTINUED = re.compile(r" +\.{3,}:(?: (?P<typed>.*)|$)")

_DIRECTIVE = re.compile(r"#\s*doctest:\s*([^\n'\"]*)$")
_BLANK_LINE = re.compile(r"^\s*<BLANKLINE>\s*$")

ELLIPSIS = "ELLIPSIS"
NORMALIZE_WHITESPACE = "NORMALIZE_WHITESPACE"
IGNORE_EXCEPTION_DETAIL = "IGNORE_EXCEPTION_DETAIL"
#: doctest's options that mean something here, or are so in any case.
OPTIONS = (
    "DONT_ACCEPT_TRUE_FOR_1",
    ELLIPSIS,
    IGNORE_EXCEPTION_DETAIL,
    NORMALIZE_WHITESPACE,
)


class SessionError(Exception):
    """A block that is no session. `offset` counts lines from the block's first."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Example:
    """What is typed at one prompt, `source`, without prompts, and the lines `shown` below it.
    `offset` counts lines from the block's first; `number` is that of IPython's prompt, or 0."""

    offset: int
    source: str
    shown: tuple[str, ...] = ()
    options: frozenset[str] = field(default_factory=frozenset)
    number: int = 0

    @property
    def runs(self) -> bool:
        """Whether it is more than comments."""
        lines = self.source.split("\n")
        return any(line.strip() and not line.lstrip().startswith("#") for line in lines)

    @property
    def shows_error(self) -> bool:
        return next(tracebacks.heads(self.shown), None) is not None

    @property
    def below(self) -> int:
        """Where the lines below begin: their offset."""
        return self.offset + self.source.count("\n") + 1


# -- the parts of a block -------------------------------------------------------------------------


def is_session(code: str) -> bool:
    """Whether code begins with a prompt, as no code of Python does."""
    first = code.lstrip("\n").partition("\n")[0]
    return bool(_PROMPT.match(first) or _IPYTHON.match(first))


def examples(code: str) -> list[Example]:
    """The examples of a block. Raises SessionError for a line that is no part of one."""
    lines = code.split("\n")
    starts = [offset for offset, line in enumerate(lines) if _is_prompt(line)]
    before = lines[: starts[0]] if starts else lines
    for offset, line in enumerate(before):
        if not line.strip() and starts:
            continue
        if _lacks_blank(line):
            raise SessionError(offset, "write a blank after `>>>`")
        if starts:
            raise SessionError(
                offset,
                "a line above the first prompt is compared with nothing; remove it, or write "
                "it above the block",
            )
        raise SessionError(
            offset,
            "a session without a prompt would be shown and never run; begin what is typed with "
            "`>>> `, or make it a python block",
        )
    ends = [*starts[1:], len(lines)]
    return [_example(start, lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def _is_prompt(line: str) -> bool:
    return bool(_PROMPT.match(line) or _IPYTHON.match(line))


def _lacks_blank(line: str) -> bool:
    return line.lstrip(" ").startswith(">>>") and not _PROMPT.match(line)


def _example(offset: int, lines: Sequence[str]) -> Example:
    match = _PROMPT.match(lines[0]) or _IPYTHON.match(lines[0])
    assert match is not None
    indent = match["indent"]
    for place, line in enumerate(lines):
        if line.strip() and not line.startswith(indent):
            message = "this line begins further left than the prompt that it belongs to"
            raise SessionError(offset + place, message)
        if _lacks_blank(line):
            raise SessionError(offset + place, "write a blank after `>>>`")
    bare = [line[len(indent) :] for line in lines]
    number = int(match.groupdict().get("number") or 0)
    goes_on = _IPYTHON_CONTINUED if number else _CONTINUED
    typed = [match["typed"] or ""]
    for line in bare[1:]:
        more = goes_on.match(line)
        if more is None:
            break
        typed.append(more["typed"] or "")
    count = len(typed) if number else _statement(typed)
    source = "\n".join(typed[:count])
    shown = bare[count:]
    if shown and not number and _is_wrong_continuation(shown[0], source):
        raise SessionError(offset + count, "write a blank after `...`")
    while shown and not shown[-1].strip():
        shown.pop()
    if shown == ["..."]:
        at = offset + count + bare[count:].index("...")
        raise SessionError(
            at, "`...` alone stands for anything; show what is printed, at least how it begins"
        )
    return Example(offset, source, tuple(shown), frozenset(_options(offset, source)), number)


def _statement(typed: Sequence[str]) -> int:
    """How many of the lines are typed: as many as are one statement. What begins like a second
    prompt below a statement that has ended is printed."""
    if len(typed) == 1:
        return 1
    for count in range(len(typed), 0, -1):
        if _is_one_statement("\n".join(typed[:count])):
            return count
    return len(typed)


def _is_one_statement(source: str) -> bool:
    shows = warnings.showwarning
    # It will be shown when it is run. `catch_warnings` would let others be shown once more.
    warnings.showwarning = lambda *_arguments, **_options: None
    try:
        tree = compile(source, STDIN, "exec", _PARSE, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    finally:
        warnings.showwarning = shows
    assert isinstance(tree, ast.Module)
    if len(tree.body) <= 1:
        return True
    # `a = 1; b = 2` is on one line, and a terminal takes it.
    return tree.body[0].lineno == tree.body[-1].lineno


_PARSE = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _is_wrong_continuation(line: str, source: str) -> bool:
    """Whether `...` without a blank stands where more had to be typed."""
    return line.startswith("...") and line != "..." and not _is_one_statement(source)


def _options(offset: int, source: str) -> Iterator[str]:
    on = {ELLIPSIS}
    lines = source.split("\n")
    for place, line in enumerate(lines):
        match = _DIRECTIVE.search(line)
        if match is None:
            continue
        if not Example(offset, source).runs:
            message = "a doctest directive on a line that runs nothing; put it behind the code"
            raise SessionError(offset + place, message)
        for word in match[1].replace(",", " ").split():
            sign, name = word[0], word[1:]
            if name == "SKIP" and sign == "+":
                message = "`doctest: +SKIP` gives no reason; use {snippet} with `:skip: reason`"
                raise SessionError(offset + place, message)
            if sign not in "+-" or name not in OPTIONS:
                known = ", ".join(OPTIONS)
                message = f"unknown doctest option {word!r}; known are, with + or -: {known}"
                raise SessionError(offset + place, message)
            (on.add if sign == "+" else on.discard)(name)
    yield from on


# -- what readers see -----------------------------------------------------------------------------


def as_read(code: str) -> str:
    """A session as its readers see it: without doctest's marks."""
    if "doctest:" not in code and "<BLANKLINE>" not in code:
        return code
    lines = []
    for line in code.split("\n"):
        if _BLANK_LINE.match(line):
            lines.append("")
        elif line.lstrip().startswith((">>>", "...", "In [")) and _DIRECTIVE.search(line):
            lines.append(_DIRECTIVE.sub("", line).rstrip())
        else:
            lines.append(line)
    return "\n".join(lines)


# -- what was printed -----------------------------------------------------------------------------


def as_shown(printed: str) -> str:
    """What was printed, as a page can show it: without colours, and `<stdin>` for what was
    typed."""
    return _STDIN.sub(STDIN, plain(printed))


def fits(example: Example, printed: str, error: str = "", page: str = "") -> bool:
    """Whether what the page shows is what was printed, and the traceback of the `error` that came
    after it. Blanks at the end of a line do not count, nor do empty lines above the next prompt.
    `page` is what tracebacks call code of the page's other blocks."""
    shown = [_STDIN.sub(STDIN, _BLANK_LINE.sub("", line)) for line in example.shown]
    printed, error = as_shown(printed), as_shown(error)
    if not error:
        return any(_fits(example, shown, text) for text in tracebacks.in_other_words(printed))
    exact = IGNORE_EXCEPTION_DETAIL not in example.options
    for head in tracebacks.heads(shown):
        if any(_fits(example, shown[:head], text) for text in tracebacks.in_other_words(printed)):
            own = frozenset({STDIN, page})

            def is_same(want: str, got: str) -> bool:
                return _fits(example, want.split("\n"), got)

            if tracebacks.fits(shown[head:], error.split("\n"), own, is_same, exact):
                return True
    return False


def is_shown(example: Example, part: str, page: str = "") -> bool:
    """`fits`, of what was printed and a traceback in one text."""
    if fits(example, part):
        return True
    lines = part.split("\n")
    return any(
        fits(example, "\n".join(lines[:head]), "\n".join(lines[head:]), page)
        for head in tracebacks.heads(lines)
    )


def _fits(example: Example, shown: Sequence[str], printed: str) -> bool:
    want, got = _text(shown), _text(printed.split("\n"))
    if NORMALIZE_WHITESPACE in example.options:
        want, got = " ".join(want.split()), " ".join(got.split())
    return same(want, got) if ELLIPSIS in example.options else want == got


def _text(lines: Sequence[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")
