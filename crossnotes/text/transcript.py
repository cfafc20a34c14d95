"""`console` blocks as text: what is a command, its expected output, and rows of clients."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

_SHELL_PROMPT = re.compile(r"^(?:\([\w.-]+\) )?\$ (?P<text>.*)$")
_SQL_PROMPT = re.compile(
    r"^(?:(?:mysql|TiDB|tidb|sqlite|MySQL \[[^\]]*\]|MariaDB \[[^\]]*\])>|\w+=[#>]) (?P<text>.*)$"
)
_SQL_CONTINUED = re.compile(r"^(?: +(?:[-'\"]>|\.\.\.>)| *\w+[-'\"(][#>]) (?P<text>.*)$")


@dataclass(slots=True)
class Command:
    """One prompt and what a reader types there. `offset` counts lines from the block's first;
    `shown` is the output that the page shows below it."""

    offset: int
    text: str
    sql: bool = False
    shown: list[str] = field(default_factory=list)


def commands(code: str) -> list[Command]:
    """The commands of a block. One without prompts is one script, and shows no output."""
    found: list[Command] = []
    lines = code.split("\n")
    if not any(_SHELL_PROMPT.match(line) or _SQL_PROMPT.match(line) for line in lines):
        return [Command(0, code)]
    for offset, line in enumerate(lines):
        last = found[-1] if found else None
        if match := _SHELL_PROMPT.match(line):
            found.append(Command(offset, match["text"]))
        elif match := _SQL_PROMPT.match(line):
            found.append(Command(offset, match["text"], sql=True))
        elif last and not last.shown and (more := _continued(last, line)) is not None:
            last.text += "\n" + more
        elif last:
            last.shown.append(line)
        elif line.strip():
            found.append(Command(offset, line))
    for command in found:
        if command.sql:  # \G is a semicolon, and how mysql shows the rows
            command.text = re.sub(r"\\[Gg]\s*$", ";", command.text)
    return found


def _continued(last: Command, line: str) -> str | None:
    """The rest of a command that the line before did not end, or None."""
    if last.sql:
        match = _SQL_CONTINUED.match(line)
        return match["text"] if match else None
    # Without the blank after it, > is a redirection.
    prompted = line == ">" or line.startswith("> ")
    if last.text.endswith("\\") or (prompted and _is_unfinished(last.text)):
        return line[2:] if prompted else line
    return None


def _is_unfinished(text: str) -> bool:
    """Whether bash would ask for more: a quotation, a loop or a here-document is open."""
    bash = ["bash", "--noprofile", "--norc", "-n", "-c", text]
    english = {**os.environ, "LC_ALL": "C"}
    said = subprocess.run(bash, env=english, capture_output=True, text=True, errors="replace")
    return any(words in said.stderr for words in _UNFINISHED)


#: How bash says that a text ends too early.
_UNFINISHED = ("unexpected end of file", "unexpected EOF", "delimited by end-of-file")


def shown_rows(lines: list[str]) -> str:
    """Rows as the page shows them, in our form: without the box that mysql draws or the rule of
    psql, from the vertical form of `\\G`, and without what a client says below them."""
    if _tag(lines):
        return ""
    lines = [line for line in lines if not (_COUNTED.match(line) or _SAID.match(line))]
    if any(_VERTICAL.match(line) for line in lines):
        return "\n".join(_from_vertical(lines))
    match lines:
        case [head, rule, *below] if head.startswith(" ") and _RULE.fullmatch(rule):
            rows = [_cells(line) for line in (head, *below)]
        case _:
            rows = [
                _cells(line[1:-1]) if line.startswith("|") and line.endswith("|") else line
                for line in lines
                if not _BOX.fullmatch(line)
            ]
    # A command that gives no rows has no line of its own, and a client ends with an empty one.
    return "\n".join(rows) if any(rows) else ""


def _cells(line: str) -> str:
    return " | ".join(cell.strip() for cell in line.split("|"))


def as_shown(output: str, lines: list[str]) -> str:
    """What a statement printed, less the header of no rows where the page shows, as mysql does,
    only that there are none."""
    told = told_count(lines)
    nothing = told is not None and told[0] == 0 and not shown_rows(lines)
    return "" if nothing and "\n" not in output.strip("\n") else output


def _from_vertical(lines: list[str]) -> Iterator[str]:
    """The header and the rows of what `\\G` shows: a line a value, below a line a row."""
    rows: list[list[tuple[str, str]]] = []
    for line in lines:
        if _VERTICAL.match(line):
            rows.append([])
        elif rows and ":" in line:
            name, _, value = line.partition(":")
            rows[-1].append((name.strip(), value.strip()))
    yield " | ".join(name for name, _ in rows[0])
    for row in rows:
        yield " | ".join(value for _, value in row)


def told_count(lines: list[str]) -> tuple[int, int] | None:
    """How many rows the client says that a statement gave or changed, and the place of that line;
    None where it says nothing of it."""
    if (tag := _tag(lines)) is not None:
        return (int(tag[1]), lines.index(tag.string)) if tag[1] else None
    told = None
    for place, line in enumerate(lines):
        if match := _COUNTED.match(line):
            told = int(next(filter(None, match.groups()), "0")), place
    return told


def _tag(lines: list[str]) -> re.Match[str] | None:
    """psql's word for a statement that gives no rows, where it is all that is shown."""
    said = [line for line in lines if line.strip()]
    return _TAG.fullmatch(said[0]) if len(said) == 1 else None


#: What a client says of a statement beside its rows, with their number or without.
_COUNTED = re.compile(
    r"(?:Query OK, )?(\d+) rows? (?:in set|affected)|Empty set|Rows matched: (\d+)|\((\d+) rows?\)$"
)
_SAID = re.compile(r"Records: \d+ +Duplicates|Database changed$")
_TAG = re.compile(
    r"(?:INSERT 0|UPDATE|DELETE) (\d+)|(?:CREATE|ALTER|DROP|TRUNCATE)(?: [A-Z]+)+"
    r"|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET"
)
_BOX = re.compile(r"\+[-+]+\+")
_RULE = re.compile(r"-+(?:\+-+)*")  # below psql's header
_VERTICAL = re.compile(r"\*+ \d+\. row \*+$")
