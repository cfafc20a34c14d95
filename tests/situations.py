"""Situations that authors of pages come into, made from parts: `situations()` yields them all.

Each is a page and its verdict: None where the page is right as a terminal shows it, or the line
that has to be named and how the message begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Verdict = tuple[int, str] | None

#: The line on which the first block of a page has its first line of code.
FIRST = 4


@dataclass(frozen=True)
class Situation:
    kind: str
    text: str
    verdict: Verdict


def block(head: str, *lines: str) -> str:
    code = "\n".join(lines)
    return f"```{head}\n{code}\n```\n"


def page(*blocks: str) -> str:
    """A page whose first block has its code from line 4 on."""
    return "# Title\n\n" + "".join(blocks)


def situations() -> Iterator[Situation]:
    kinds = [
        ("prompt", prompts()),
        ("session without a prompt", sessions_without_prompts()),
        ("text below an empty line", texts_below()),
        ("white space", white_space()),
        ("directive", directives()),
        ("error", errors()),
        ("standard error", standard_error()),
        ("words", words()),
    ]
    for kind, found in kinds:
        for text, verdict in found:
            yield Situation(kind, text, verdict)


Found = Iterator[tuple[str, Verdict]]

LANGUAGES = ("console", "shell", "bash", "sh")
RUN = (
    "$",
    "#",
    "%",
    "(.venv) $",
    "user@host:~$",
    "[me@host x]$",
    "root@1a:/#",
    "host:x me$",
    "~ $",
)
NOT_RUN = ("shell>", "SQL>", "C:\\>", "C:\\Users\\me>", "PS>", "PS C:\\>", "mysqlsh>", "❯", "irb>")


def prompts() -> Found:
    """Prompts of shells are run, others are named, and no output is a command."""
    for prompt in RUN:
        for language in LANGUAGES:
            if language != "console" and prompt == "#":
                continue  # a comment
            yield page(block(language, f"{prompt} echo a", "a")), None
        yield page(block("console", f"{prompt} echo a", "b")), (FIRST + 1, "the output is not")
        yield page(block("console", f"{prompt} no-such-program")), (FIRST, "`no-such-program`")
    for language in LANGUAGES:
        lines = ("# no-such-program a", "# no-such-program b")
        yield page(block(language, *lines)), (FIRST, "`no-such-program a`")
        for prompt in NOT_RUN:
            yield page(block(language, f"{prompt} echo a", "a")), (FIRST, f"`{prompt}` is a prompt")
    for line in ("# Title", "% done", "$ 5.00", "user@example.org 50% off", "> quoted", "a > b"):
        yield page(block("console", f"$ printf '{line.replace('%', '%%')}\\n'", line)), None
    text = ("$ printf 'run\\n$ make\\n'", "run", "$ make", "$ echo b", "b")
    yield page(block("console", *text)), None
    for line in (">>> 1 + 1", "In [1]: 1 + 1"):
        yield page(block("console", line, "2")), (FIRST, "`")
    for command in ("python", "python3 -q", "python manage.py shell"):
        lines = (f"$ {command}", ">>> 1 + 1", "2")
        yield page(block("console", *lines)), (FIRST + 1, "`>>>` is a prompt of Python")


def sessions_without_prompts() -> Found:
    for lines in (("1 + 1", "2"), ("x = 1",), ("Out[1]: 2",), ("> 1",), ("...     1",)):
        yield page(block("pycon", *lines)), (FIRST, "a session without a prompt")
    yield page(block("pycon", "Python 3.13.0 on linux", ">>> 1", "1")), (FIRST, "a line above")
    yield page(block("pycon", ">>>1", "1")), (FIRST, "write a blank after `>>>`")
    yield page(block("pycon", "In [1]: 1", "Out[1]: 1")), None
    yield page(block("pycon", "In [1]: 1", "Out[1]: 2")), (FIRST, "1 gives a different result")
    yield page(block("pycon", "In [1]: 1", "Out[2]: 1")), (FIRST, "1 gives a different result")


def texts_below() -> Found:
    """Empty lines are output like any other, but above the next prompt and at the end."""
    for count in (1, 2, 3):
        empty = [""] * count
        for after in ([], [">>> 2", "2"]):
            typed = f">>> print('a' + '\\n' * {count + 1} + 'b')"
            yield page(block("pycon", typed, "a", *empty, "b", *after)), None
            yield page(block("pycon", typed, "a", *empty, *after)), (FIRST, "print(")
            wrong = page(block("pycon", ">>> print('a')", "a", *empty, "b", *after))
            yield wrong, (FIRST, "print('a') gives a different result")
            yield page(block("pycon", ">>> print('a')", "a", *empty, *after)), None
        lines = ("$ echo a", "a", *empty, "b")
        yield page(block("console", *lines)), (FIRST + 1, "the output is not")
        mark = ["<BLANKLINE>"] * count
        typed = f">>> print('a' + '\\n' * {count + 1} + 'b')"
        yield page(block("pycon", typed, "a", *mark, "b")), None


PRINTED = ("a  b", "'Fred  '", "| a | b |", " x", "a\tb", "1\u3000name", "a   | b")


def white_space() -> Found:
    """White space inside of a line counts, at its end it does not."""
    for text in PRINTED:
        place = next(at for at, character in enumerate(text) if character.isspace())
        more, less = text[:place] + " " + text[place:], text[:place] + text[place + 1 :]
        for shown, is_right in ((text, True), (f"{text}  ", True), (more, False), (less, False)):
            session = block("pycon", f">>> print({text!r})", shown)
            typed = f"print({text!r}) gives a different result"
            yield page(session), None if is_right else (FIRST, typed)
            below = block("python", f"print({text!r})") + block("{output}", shown)
            yield page(below), None if is_right else (FIRST + 3, "the output is not")
            command = block("console", f'$ python -c "print({text!r})"', shown)
            if "'" not in text and "\\" not in repr(text):
                yield page(command), None if is_right else (FIRST + 1, "the output is not")
    mark = "  # doctest: +NORMALIZE_WHITESPACE"
    yield page(block("pycon", f">>> print('a    b\\nc'){mark}", "a b c")), None
    yield page(block("pycon", ">>> print('a    b\\nc')", "a b c")), (FIRST, "print(")


def directives() -> Found:
    """What Sphinx and others can do and is not done here is named at its line."""
    for option, value in (("hide", ""), ("skipif", " True"), ("pyversion", " > 3")):
        for name, lines in (("doctest", ">>> 1\n1"), ("testcode", "print(1)")):
            text = f"```{{{name}}}\n:{option}:{value}\n\n{lines}\n```\n"
            yield page(text), (FIRST, f":{option}: of {{{name}}}")
    options = "```{testoutput}\n:options: +NORMALIZE_WHITESPACE\n\n1\n```\n"
    yield page(block("{testcode}", "print(1)"), options), (FIRST + 3, ":options: of {testoutput}")
    for name in ("testsetup", "testcleanup"):
        yield page(block(f"{{{name}}}", "x = 1")), (FIRST - 1, f"{{{name}}} is not run")
    yield page(block("{doctest} group", ">>> 1", "1")), (FIRST - 1, "{doctest} of a group")
    yield page(block("{testcode}", "print(1)"), block("{testoutput}", "1")), None
    for name in ("code-cell", "exec_code", "ipython", "jupyter-execute", "prompt", "runblock"):
        for argument in ("", " python", " bash"):
            text = page(block(f"{{{name}}}{argument}", "1 / 0"))
            yield text, (FIRST - 1, f"unknown directive {{{name}}}")
    for option in ("+ELIPSIS", "+SKIP", "-FOO", "NORMALIZE_WHITESPACE", "+NUMBER"):
        verdict = (FIRST + 1, "`doctest: +SKIP`" if option == "+SKIP" else "unknown doctest option")
        yield page(block("pycon", ">>> x = 1", f">>> x  # doctest: {option}", "1")), verdict
    for option in ("+ELLIPSIS", "+NORMALIZE_WHITESPACE", "+DONT_ACCEPT_TRUE_FOR_1", "-ELLIPSIS"):
        yield page(block("pycon", f">>> 1  # doctest: {option}", "1")), None


CAUSE = "\nThe above exception was the direct cause of the following exception:\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n"
HEAD = "Traceback (most recent call last):"


def _chain(raised: str, between: str) -> tuple[list[str], list[str], list[str]]:
    """What is typed, the first error, and the second, as a terminal shows them."""
    typed = [">>> try:", "...     {}['a']", "... except KeyError as error:", f"...     {raised}"]
    first = [HEAD, '  File "<stdin>", line 2, in <module>', "KeyError: 'a'", *between.split("\n")]
    second = [HEAD, '  File "<stdin>", line 4, in <module>', "ValueError: b"]
    return [*typed, "..."], first, second


def errors() -> Found:
    """Errors as Python prints them, whole or without their stacks."""
    for raised, between in (
        ("raise ValueError('b') from error", CAUSE),
        ("raise ValueError('b')", DURING),
    ):
        typed, first, second = _chain(raised, between)
        wrong = (FIRST, "try: gives a different result")
        elided = ["  ..." if line.startswith("  ") else line for line in first + second]
        yield page(block("pycon", *typed, *first, *second)), None
        yield page(block("pycon", *typed, *elided)), None
        yield page(block("pycon", *typed, HEAD, "  ...", second[-1])), None
        yield page(block("pycon", *typed, HEAD, second[-1])), None
        yield page(block("pycon", *typed, *second)), wrong
        yield page(block("pycon", *typed, *first)), wrong
        for at, line in enumerate(first + second):
            if line.strip() and not line.startswith("Traceback"):
                lines = first + second
                lines[at] = line.replace("4", "5") if "4" in line else f"{line}x"
                yield page(block("pycon", *typed, *lines)), wrong
    for typed, told in (
        ("raise ValueError", "ValueError"),
        ("raise ValueError('a')", "ValueError: a"),
        ("raise ValueError('a\\nb')", "ValueError: a\nb"),
        ("raise ValueError('c') from None", "ValueError: c"),
        ("import json; json.loads('x')", "json.decoder.JSONDecodeError: Expecting value: ..."),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("assert 1 == 2, 'why'", "AssertionError: why"),
    ):
        shown = [f">>> {typed}", HEAD, "    ...", *told.split("\n")]
        yield page(block("pycon", *shown)), None
        yield page(block("pycon", *shown[:-1], f"X{shown[-1]}")), (FIRST, typed.partition("\n")[0])
        yield page(block("pycon", f">>> {typed}")), (FIRST, told.partition(":")[0])
        before = [f">>> print('a'); {typed}", "a", *shown[1:]]
        yield page(block("pycon", *before)), None
        before[1] = "b"
        yield page(block("pycon", *before)), (FIRST, "print('a')")
        yield page(block("pycon", ">>> 1", *shown[1:])), (FIRST, "1 gives a different result")
    group = [
        ">>> raise ExceptionGroup('g', [ValueError('a'), KeyError('b')])",
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "<stdin>", line 1, in <module>',
        "  | ExceptionGroup: g (2 sub-exceptions)",
        "  +-+---------------- 1 ----------------",
        "    | ValueError: a",
        "    +---------------- 2 ----------------",
        "    | KeyError: 'b'",
        "    +------------------------------------",
    ]
    yield page(block("pycon", *group)), None
    for at in range(3, len(group)):
        lines = [*group[:at], f"{group[at]}x", *group[at + 1 :]]
        yield page(block("pycon", *lines)), (FIRST, "raise ExceptionGroup")
    grammar = [">>> x = = 1", '  File "<stdin>", line 1', "    x = = 1", "        ^"]
    grammar.append("SyntaxError: invalid syntax")
    yield page(block("pycon", *grammar)), None
    for at in range(1, len(grammar)):
        lines = [
            *grammar[:at],
            grammar[at].replace("1", "2").replace("^", " ^"),
            *grammar[at + 1 :],
        ]
        if lines != grammar:
            yield page(block("pycon", *lines)), (FIRST, "x = = 1 gives a different result")


def standard_error() -> Found:
    """What goes to standard error is shown in the order in which it comes."""
    for typed, shown in (
        ("import sys; print('a', file=sys.stderr)", "a"),
        ("import warnings; warnings.warn('old')", "<stdin>:1: UserWarning: old"),
        ("import logging; logging.warning('x')", "WARNING:root:x"),
        ("import os; _ = os.system('echo a >&2')", "a"),
        ("import sys; print(1); print(2, file=sys.stderr); print(3)", "1\n2\n3"),
    ):
        yield page(block("pycon", f">>> {typed}", *shown.split("\n"))), None
        yield page(block("pycon", f">>> {typed}")), (FIRST, "import")
        yield page(block("pycon", f">>> {typed}", *f"{shown}x".split("\n"))), (FIRST, "import")
        if "<stdin>" not in shown:
            yield page(block("python", typed), block("{output}", shown)), None
            verdict = (FIRST + 3, "the output is not")
            yield page(block("python", typed), block("{output}", f"{shown}x")), verdict
    once = "import logging, sys; logging.basicConfig(stream=sys.stdout, format='%(message)s')"
    kept = [block("python", once), block("pycon", ">>> logging.error('a')", "a")]
    kept += [block("python", "logging.error('b')"), block("{output}", "b")]
    yield page(*kept), None


def words() -> Found:
    """`...` stands for anything, and for itself."""
    for text in (
        "...and so on",
        "... and so on",
        "wait...",
        "....",
        "a ... b",
        "...",
        "[1, ..., 3]",
    ):
        if text != "...":
            yield page(block("pycon", f">>> print({text!r})", text)), None
            changed = text.replace(".", ",")
            yield page(block("pycon", f">>> print({text!r})", changed)), (FIRST, "print(")
        yield page(block("console", f"$ echo '{text}'", text)), None
    yield (
        page(block("pycon", ">>> print('a')", "...")),
        (FIRST, "print('a') gives a different result"),
    )
    yield page(block("pycon", ">>> list(range(9))", "[0, ..., 8]")), None
    yield page(block("pycon", ">>> list(range(9))", "[0, ..., 7]")), (FIRST, "list(range(9))")
    yield page(block("pycon", ">>> 1 == 1", "1")), (FIRST, "1 == 1 gives a different result")
    document = ("$ cat > a <<EOF", "one", "EOF")
    yield page(block("console", *document)), (FIRST + 1, "the here-document of this command")
    yield page(block("console", "$ cat <<EOF", "> one", "> EOF", "one")), None
    for typed, shown in (
        ("import asyncio; await asyncio.sleep(0, 7)", "7"),
        ("20 + 1; _ * 2", "21\n42"),
        ("from __future__ import annotations; (lambda: 1)()", "1"),
    ):
        yield page(block("pycon", f">>> {typed}", *shown.split("\n"))), None
        yield page(block("pycon", f">>> {typed}", *f"{shown}0".split("\n"))), (FIRST, "")
