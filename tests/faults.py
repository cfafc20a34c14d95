"""Puts faults into pages that are right, one into each copy: `faults(text)` yields them all.

A fault is a mistake that an author makes, and the line at which it has to be reported. Where that
is, is found here by reading the lines of the page as a person would, and not by our own parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

#: The tab that is read. Faults in the others are not run on SQLite.
TAB = "SQLite"

FIELDS = ("coins", "goods", "name", "stars", "text", "updated_at")
SQL_WORDS = ("SELECT", "FROM", "WHERE", "ORDER", "BY", "GROUP", "COUNT", "MAX")


@dataclass(frozen=True)
class Fault:
    """A page with one mistake in it, and the line (from 1) that has to be named."""

    kind: str
    text: str
    line: int
    #: What was changed, for a person.
    change: str


@dataclass
class Block:
    """A fence of the page. `fence` and `first` count from 0; `lines` are without indentation."""

    head: str
    fence: int
    first: int
    indent: int
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Example:
    """A prompt of a session with what it shows; lines count from 0."""

    prompt: int
    source: range
    want: range


class Text:
    """The lines of a page, and its blocks that are run in our tab."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.blocks = [block for block in self._fences() if not self._is_skipped(block)]

    def _fences(self) -> Iterator[Block]:
        tab, block = TAB, None
        for number, line in enumerate(self.lines):
            bare = line.strip()
            if block is not None and bare == "```":
                yield block
                block = None
            elif block is not None:
                block.lines.append(line[block.indent :])
            elif match := re.match(r"::::\{group-tab\} (.+)", bare):
                tab = match[1]
            elif bare == ":::::":
                tab = TAB
            elif bare.startswith("```") and tab == TAB:
                indent = len(line) - len(line.lstrip())
                block = Block(bare[3:], number, number + 1, indent)

    @staticmethod
    def _is_skipped(block: Block) -> bool:
        return any(line.startswith(":skip:") for line in block.lines)

    def of(self, *heads: str) -> Iterator[Block]:
        return (block for block in self.blocks if block.head.split(" ")[0] in heads)

    def examples(self) -> Iterator[Example]:
        for block in self.of("pycon"):
            starts = [n for n, line in enumerate(block.lines) if line.startswith(">>> ")]
            for start, after in zip(starts, [*starts[1:], len(block.lines)], strict=True):
                shown = start + 1
                while shown < after and block.lines[shown].startswith("..."):
                    shown += 1
                at = block.first
                yield Example(
                    at + start, range(at + start, at + shown), range(at + shown, at + after)
                )

    def block_with(self, code: str) -> Block:
        """The block that begins with this code."""
        (found,) = [block for block in self.blocks if block.lines[:1] == [code]]
        return found

    def changed(self, kind: str, number: int, new: str | None, at: int) -> Fault:
        """The page with another line `number`, or without it; reported at line `at` (from 0)."""
        old = self.lines[number]
        instead = [] if new is None else [new]
        lines = [*self.lines[:number], *instead, *self.lines[number + 1 :]]
        return Fault(kind, "\n".join(lines), at + 1, f"{old.strip()} -> {(new or '').strip()}")


# -- what may be wrong in a line ------------------------------------------------------------------


def other_values(line: str) -> Iterator[str]:
    """The line with one value changed: each number, each truth, the first and the last word."""
    if "..." in line:
        return
    for match in re.finditer(r"(?<![\w.])\d+(?!\w)", line):
        yield line[: match.start()] + str(int(match[0]) + 1) + line[match.end() :]
    for match in re.finditer(r"True|False", line):
        yield line[: match.start()] + str(match[0] != "True") + line[match.end() :]
    words = list(re.finditer(r"[A-Za-z]{2,}", line))
    for match in {match.start(): match for match in [*words[:1], *words[-1:]]}.values():
        if match[0] not in ("True", "False"):
            yield line[: match.end()] + "x" + line[match.end() :]


def other_fields(line: str) -> Iterator[str]:
    """The line with one name of a field that does not exist, where Python would notice it."""
    names = "|".join(FIELDS)
    patterns = (
        rf"\b({names})(?=(?:__\w+)?=[^=])",  # an argument
        rf"(?<=[\"-])({names})(?=\")(?!\"\))(?=.*\))",  # the name of a column, as text
        rf"(?<=\w\.)({names})\b(?! *=[^=])",  # an attribute that is read
    )
    for number, pattern in enumerate(patterns):
        if number == 1 and not re.search(r"order_by|values_list|F\(", line):
            continue
        for match in re.finditer(pattern, line):
            yield line[: match.end(1)] + "x" + line[match.end(1) :]


def other_imports(line: str) -> Iterator[str]:
    """The line with a module, and with a name, that is not there."""
    if match := re.match(r"((?:>>> )?from )([\w.]+)( import )(\w+)$", line.lstrip()):
        indent = line[: len(line) - len(line.lstrip())]
        yield f"{indent}{match[1]}{match[2]}x{match[3]}{match[4]}"
        yield f"{indent}{match[1]}{match[2]}{match[3]}{match[4]}x"


def other_words(line: str, words: Sequence[str]) -> Iterator[str]:
    """The line with two letters of one word in each other's place."""
    for match in re.finditer(rf"\b({'|'.join(words)})\b", line) if words else ():
        word = match[0]
        yield line[: match.start()] + word[1] + word[0] + word[2:] + line[match.end() :]


# -- kinds of fault -------------------------------------------------------------------------------


def in_sessions(page: Text) -> Iterator[Fault]:
    for example in page.examples():
        for number in example.source:
            line = page.lines[number]
            for new in other_fields(line):
                yield page.changed("field", number, new, example.prompt)
            for new in other_imports(line):
                yield page.changed("import", number, new, example.prompt)
            for new in other_words(line, SQL_WORDS):
                yield page.changed("SQL word", number, new, example.prompt)
        raises = page.lines[example.want.start].strip().startswith("Traceback")
        for number in example.want[-1:] if raises else example.want:
            for new in other_values(page.lines[number]):
                yield page.changed("value", number, new, example.prompt)
        if not raises and len(example.want) == 1:
            yield page.changed("value", example.want.start, None, example.prompt)


def in_python(page: Text) -> Iterator[Fault]:
    for block in page.of("python"):
        for offset in range(len(block.lines)):
            number = block.first + offset
            for new in other_fields(page.lines[number]):
                yield page.changed("field", number, new, number)
            for new in other_imports(page.lines[number]):
                yield page.changed("import", number, new, number)


def in_sql(page: Text) -> Iterator[Fault]:
    for block in page.of("sql"):
        begin = block.first
        for number in range(block.first, block.first + len(block.lines)):
            line = page.lines[number]
            for new in other_words(line, (*SQL_WORDS, *FIELDS, "notes_note")):
                yield page.changed("SQL word", number, new, begin)
            if line.rstrip().endswith(";"):
                begin = number + 1


def in_outputs(page: Text) -> Iterator[Fault]:
    for block in page.of("{output}"):
        options = sum(line.startswith(":") for line in block.lines)
        first = block.first + options
        rows = range(first, block.first + len(block.lines))
        for number in rows:
            for new in other_values(page.lines[number]):
                yield page.changed("row", number, new, first)
            yield page.changed("row", number, None, first)
            yield page.changed("row", number, page.lines[number] * 2, first)


def in_commands(page: Text) -> Iterator[Fault]:
    for block in page.of("console", "{snippet}"):
        command = 0
        for number in range(block.first, block.first + len(block.lines)):
            line = page.lines[number]
            if line.strip().startswith("$ "):
                command = number
                words = re.findall(r"[a-z]{4,}", line)[:3] if "manage.py" in line else []
                for new in other_words(line, words):
                    yield page.changed("command", number, new, number)
            elif command:
                for new in other_values(line):
                    yield page.changed("row", number, new, command + 1)


def in_env(page: Text) -> Iterator[Fault]:
    for block in page.of("dotenv"):
        for number in range(block.first, block.first + len(block.lines)):
            line = page.lines[number]
            for place in (1, 2):
                new = line[:place] + line[place + 1 :]
                yield page.changed(".env key", number, new, number)


def in_listings(page: Text) -> Iterator[Fault]:
    for block in page.of("{literalinclude}"):
        fence = page.lines[block.fence]
        yield page.changed("listing", block.fence, fence.replace("../", "../x"), block.fence)
        yield page.changed("listing", block.fence, re.sub(r"\.(\w+)$", r".x\1", fence), block.fence)
        for offset, option in enumerate(block.lines):
            number = block.first + offset
            line = page.lines[number]
            if "[" in option:
                for new in (line.replace("[start", "[sart"), line.replace("[end", "[edn")):
                    if new != line:
                        yield page.changed("listing", number, new, block.fence)
                yield page.changed(
                    "listing", number, re.sub(r": (\w+)\]", r": x\1]", line), block.fence
                )
            elif option.startswith(":pyobject:"):
                yield page.changed("listing", number, f"{line}x", block.fence)


def in_tabs(page: Text) -> Iterator[Fault]:
    """A label that names no target, beside labels that do; a tab out of its set."""
    opening = 0
    for number, line in enumerate(page.lines):
        if line.strip() == ":::::{tabs}":
            opening = number
        if line.strip() == f"::::{{group-tab}} {TAB}":
            for label in ("Postgres", "SQLite3", "sqlite"):
                yield page.changed("tab", number, line.replace(TAB, label), opening)


def in_languages(page: Text) -> Iterator[Fault]:
    for block in page.of("python", "pycon", "sql", "console", "dotenv"):
        line = page.lines[block.fence]
        yield page.changed("language", block.fence, line.replace(block.head, ""), block.fence)
        misspelt = line.replace(block.head, block.head[1] + block.head[0] + block.head[2:])
        yield page.changed("language", block.fence, misspelt, block.fence)


def in_order(page: Text, swaps: Sequence[tuple[str, str, str]]) -> Iterator[Fault]:
    """Blocks in each other's place. A swap is the code that each begins with, and what fails."""
    for one, other, fails in swaps:
        first, second = (page.block_with(code) for code in (one, other))
        lines = list(page.lines)
        a = lines[first.fence : first.first + len(first.lines) + 1]
        b = lines[second.fence : second.first + len(second.lines) + 1]
        between = lines[first.fence + len(a) : second.fence]
        lines[first.fence : second.fence + len(b)] = [*b, *between, *a]
        yield Fault("order", "\n".join(lines), lines.index(fails) + 1, f"{one} <-> {other}")


KINDS: Sequence[Callable[[Text], Iterator[Fault]]] = (
    in_sessions,
    in_python,
    in_sql,
    in_outputs,
    in_commands,
    in_env,
    in_listings,
    in_tabs,
    in_languages,
)


def spread(found: Sequence[Fault], count: int) -> list[Fault]:
    """About so many of the faults, of every kind some, and always the same."""
    ordered = sorted(found, key=lambda fault: fault.kind)
    kinds = {fault.kind: fault for fault in ordered}
    return [*kinds.values(), *ordered[:: max(1, len(ordered) // (count - len(kinds)))]]


def faults(text: str, swaps: Sequence[tuple[str, str, str]] = ()) -> list[Fault]:
    """Every fault of a page."""
    page = Text(text)
    found = [fault for kind in KINDS for fault in kind(page)]
    return [*found, *in_order(page, swaps)]
