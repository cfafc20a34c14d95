"""`console` blocks as text: what is a command, its expected output, and rows of clients."""

from __future__ import annotations

import os
import re
import subprocess
import unicodedata
from dataclasses import dataclass, field

from crossnotes.text.matching import Expected, matches, plain

#: What may stand before the sign of a shell's prompt: a virtual environment, and who is where.
_VENV = r"(?:\([^()\s]+\) ?)?"
_WHO = "|".join(
    [
        r"\[[^][\s@]+@[^][\s]+ [^][\s]+\] ?[$#]",  # [fred@host shop]$
        r"[\w.-]+@[\w.-]+(?::[~/\w.-]*)?(?:[$#]| [$#%])",  # fred@host:~/shop$
        r"[\w.-]+@[\w.-]+ [~/\w.-]+ %",  # fred@host shop %
        r"[\w.-]+:[~/\w.-]+ [\w.-]+[$#]",  # host:shop fred$
        r"[~/][\w./~-]* ?[$#]",  # ~/shop $
        r"(?:bash|sh|zsh)-[\d.]+[$#]",  # bash-5.2$
    ]
)
#: Root's sign, and that of zsh and csh, stand at the head of many a line that is printed, so that
#: they are prompts only where a block begins with one.
_SHELL_PROMPT = re.compile(rf"{_VENV}(?:{_WHO}|(?P<bare>[$#%]))(?: (?P<text>.*)|$)")
_SQL_PROMPT = re.compile(
    r"(?:(?P<client>mysql|TiDB|tidb|sqlite|MySQL \[[^\]]*\]|MariaDB \[[^\]]*\])>|\w+=[#>])"
    r"(?: (?P<text>.*)|$)"
)
_SQL_CONTINUED = re.compile(r"(?: +(?:[-'\"`]>|\.\.\.>)| *\w+[-'\"(][#>])(?: (?P<text>.*)|$)")
#: Prompts of others, which nothing here runs.
_OTHER_PROMPT = re.compile(
    r"(?P<prompt>PS(?: [^>]*)?>|[A-Za-z]:\\[^>]*>|>>>|In \[\d+\]:|[❯➜λ»]|ghci>|iex\(\d+\)>"
    r"|(?:\w+[ .:-])*(?:shell|sh|sqlcl|cqlsh|mongosh|mongo|mysqlsh|mysql-js|mysql-py|mysql-sql|irb"
    r"|redis|ftp|sftp|pry|node|duckdb|sqlcmd|cypher-shell)[^\s>]*>|SQL>|D>|\d+>)(?: |$)"
)
#: What waits for a person to type: its prompts are not those of a shell.
_INTERACTIVE = re.compile(
    r"(?:\S*/)?(?:python[\d.]*|ipython[\d.]*|bpython|ptpython)(?: -\w+)*$|.*\bshell(?:_plus)?\b"
)
_HERE_DOCUMENT = re.compile(r"<<-?\s*(['\"]?)(?P<end>\w+)\1")
_AMOUNT = re.compile(r"[\d.,]+(?: |$)")


class TranscriptError(Exception):
    """A block that is no session. `offset` counts lines from the block's first."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class Command:
    """One prompt and what a reader types there. `offset` counts lines from the block's first;
    `lines` are the block's own; `shown` is the output that the page shows below; `client` is that
    of the prompt, where it is one of SQL."""

    offset: int
    text: str
    sql: bool = False
    shown: list[str] = field(default_factory=list)
    client: str = field(default="", compare=False)
    lines: list[str] = field(default_factory=list, compare=False)


def commands(code: str, language: str = "console") -> list[Command]:
    """The commands of a block in a `language`. One without prompts is one script, and shows no
    output.

    Raises TranscriptError for a line that would neither be run nor compared.
    """
    lines = code.split("\n")
    first = next((offset for offset, line in enumerate(lines) if line.strip()), 0)
    signs = _signs(lines, lines[first], language)
    if not any(_prompt(line, signs) for line in lines):
        _check_script(lines)
        return [Command(0, code, lines=lines)]
    if not _prompt(lines[first], signs):
        raise TranscriptError(
            first,
            "a line above the first prompt is compared with nothing; remove it, or write it "
            "above the block",
        )
    found: list[Command] = []
    for offset, line in enumerate(lines[first:], first):
        last = found[-1] if found else None
        if prompt := _prompt(line, signs):
            found.append(Command(offset, *prompt, lines=[line]))
            continue
        assert last is not None
        last.lines.append(line)
        if not last.shown and (more := _continued(last, line)) is not None:
            last.text += "\n" + more
        else:
            _check_shown(last, line, offset)
            last.shown.append(line)
    for command in found:
        _check_here_document(command)
        if command.sql:  # \G is a semicolon, and how mysql shows the rows
            command.text = re.sub(r"\\[Gg]\s*$", ";", command.text)
    return found


def _signs(lines: list[str], first: str, language: str) -> str:
    """The signs that are prompts of a shell by themselves in a block that begins so."""
    match = _SHELL_PROMPT.fullmatch(first)
    bare = match["bare"] if match else None
    if not bare or any(_prompt(line, "$") for line in lines):
        return "$"
    only_comments = all(line.startswith("#") or not line.strip() for line in lines)
    if bare == "#" and language != "console" and not only_comments:
        return "$"  # a comment of a script
    return f"${bare}"


def _prompt(line: str, signs: str) -> tuple[str, bool, list[str], str] | None:
    """What is typed at a prompt, as fields of Command; None where the line is none."""
    if match := _SQL_PROMPT.fullmatch(line):
        return match["text"] or "", True, [], match["client"] or "psql"
    match = _SHELL_PROMPT.fullmatch(line)
    if match is None or (match["bare"] and match["bare"] not in signs):
        return None
    text = match["text"] or ""
    if match["bare"] and _AMOUNT.match(text):
        return None  # money
    return text, False, [], ""


def _check_here_document(command: Command) -> None:
    """A person sees `> ` before each line of a here-document; without it, they are output."""
    if command.sql or "<<" not in command.text:
        return
    first, *more = command.text.split("\n")
    for match in _HERE_DOCUMENT.finditer(first):
        if not any(line.strip() == match["end"] for line in more):
            raise TranscriptError(
                command.offset + 1 + len(more),
                f"the here-document of this command does not end with {match['end']}; in a "
                "session, its lines begin with `> `",
            )


def _check_script(lines: list[str]) -> None:
    """A block without prompts that we know may have others."""
    for offset, line in enumerate(lines):
        if match := _OTHER_PROMPT.match(line):
            raise TranscriptError(offset, _other(match["prompt"]))


def _check_shown(command: Command, line: str, offset: int) -> None:
    match = _OTHER_PROMPT.match(line)
    if match is None or command.sql:
        return
    if match["prompt"] == ">>>" and not _INTERACTIVE.match(command.text):
        return  # such as a file that is printed
    if command.shown and match["prompt"][0].isdecimal():
        return
    raise TranscriptError(offset, _other(match["prompt"]))


def _other(prompt: str) -> str:
    if prompt == ">>>" or prompt.startswith("In ["):
        return (
            f"`{prompt}` is a prompt of Python, and this block is one of a shell; show the session "
            "as a pycon block of its own"
        )
    return (
        f"`{prompt}` is a prompt that is not supported; supported are those of a POSIX shell ($, "
        "#, %) and of mysql, psql and sqlite3. Show the block as text, or as a {snippet} with "
        "`:skip: reason`"
    )


def told_apart(found: list[Command], number: int, output: str) -> None:
    """Give lines that look like prompts back to the command `number`, where it has printed them:
    its `output` goes on with the very line after what is shown."""
    command = found[number]
    printed = plain(output).rstrip("\n").split("\n")
    while number + 1 < len(found) and not command.sql:
        following = found[number + 1]
        at = len(command.shown)
        is_more = at < len(printed) and printed[at].rstrip() == following.lines[0].rstrip()
        if not is_more or not matches(Expected("\n".join(command.shown)), "\n".join(printed[:at])):
            return
        command.shown += following.lines
        command.lines += following.lines
        del found[number + 1]


def _continued(last: Command, line: str) -> str | None:
    """The rest of a command that the line before did not end, or None."""
    if last.sql:
        match = _SQL_CONTINUED.fullmatch(line)
        return (match["text"] or "") if match else None
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
    lines = [line for line in lines if not _is_said(line.rstrip())]
    if vertical := _from_vertical(lines):
        return "\n".join(vertical)
    table = _table(lines)
    if table is not None:
        return "\n".join(" | ".join(row) for row in table)
    # A command that gives no rows has no line of its own, and a client ends with an empty one.
    return "\n".join(lines) if any(lines) else ""


def _is_said(line: str) -> bool:
    return bool(_COUNTED.fullmatch(line) or _SAID.fullmatch(line))


def _table(lines: list[str]) -> list[list[str]] | None:
    """The header and the rows of a table as mysql or psql draws it, or None for what is none: a
    line that is not where a client puts it makes it a text like any other."""
    lines = [line for line in lines if line.strip()]
    if len(lines) > 2 and _BOX.fullmatch(lines[0]):
        rule, head, below, *rows = lines
        if rule == below and rows and rows[-1] == rule:
            return _aligned([head, *rows[:-1]], rule, "|", "+")
    elif len(lines) > 1 and lines[0].startswith(" ") and _RULE.fullmatch(lines[1]):
        head, rule, *rows = lines
        return _aligned([head, *rows], rule, "", "+")
    return None


def _aligned(lines: list[str], rule: str, edge: str, crossing: str) -> list[list[str]] | None:
    """The cells of a table, if each stands in its column as a client puts it: to the left, or, all
    of a column, to the right; a header may stand in the middle."""
    widths = [len(part) for part in rule.strip(crossing).split(crossing)]
    table = []
    for line in lines:
        inner = line.removeprefix(edge).removesuffix(edge) if edge else line
        cells = _cut(inner, widths)
        if cells is None or (edge and not (line.startswith(edge) and line.endswith(edge))):
            return None
        table.append(cells)
    columns = list(zip(*table, strict=True))
    if not all(map(_is_column, columns)):
        return None
    return [[cell.strip() for cell in row] for row in table]


def _cut(line: str, widths: list[int]) -> list[str] | None:
    """The cells of a line, or None where the bars are not between the columns."""
    cells = []
    for width in widths:
        cell, line = _of_width(line, width)
        cells.append(cell)
        if line[:1] not in ("|", ""):
            return None
        line = line[1:]
    return None if line else cells


def _of_width(text: str, width: int) -> tuple[str, str]:
    """The first characters of a text that take so many columns of a terminal, and the rest."""
    at = taken = 0
    while at < len(text) and taken < width:
        taken += 2 if unicodedata.east_asian_width(text[at]) in "WF" else 1
        at += 1
    return text[:at] + " " * (width - taken), text[at:]


def _is_column(cells: tuple[str, ...]) -> bool:
    """Whether the cells of a column are to one side."""
    if not all(cell.startswith(" ") and cell.endswith(" ") for cell in cells):
        return False
    bare = [cell[1:-1] for cell in cells]
    below = [cell for cell in bare[1:] if cell.strip()]
    left = all(not cell.startswith(" ") for cell in below)
    right = all(not cell.endswith(" ") for cell in below)
    text = bare[0].strip()
    room = len(bare[0]) - len(text)
    middle = " " * (room // 2) + text
    return (left or right) and bare[0].rstrip() in (text, middle)


def as_shown(output: str, lines: list[str]) -> str:
    """What a statement printed, less the header of no rows where the page shows, as mysql does,
    only that there are none."""
    told = told_count(lines)
    nothing = told is not None and told[0] == 0 and not shown_rows(lines)
    return "" if nothing and "\n" not in output.strip("\n") else output


def compared(command: Command, output: str) -> tuple[str, str]:
    """What the page shows below a command, and what of its output that is compared with."""
    if not command.sql or command.client == "sqlite":
        return "\n".join(command.shown), output
    return shown_rows(command.shown), as_shown(output, command.shown)


def _from_vertical(lines: list[str]) -> list[str]:
    """The header and the rows of what `\\G` shows, a line a value; none where a line is not as
    mysql draws it."""
    rows: list[list[re.Match[str]]] = []
    for line in lines:
        if line == f"{_STARS} {len(rows) + 1}. row {_STARS}":
            rows.append([])
        elif rows and (match := _VALUE.fullmatch(line)):
            rows[-1].append(match)
        elif line.strip():
            return []
    names = [[match["name"] for match in row] for row in rows]
    places = {match.start("colon") for row in rows for match in row}
    widest = max((len(name) for row in names for name in row), default=0)
    if not rows or any(row != names[0] for row in names) or places != {widest}:
        return []
    return [" | ".join(names[0]), *(" | ".join(match["value"] for match in row) for row in rows)]


def told_count(lines: list[str]) -> tuple[int, int] | None:
    """How many rows the client says that a statement gave or changed, and the place of that line;
    None where it says nothing of it."""
    if (tag := _tag(lines)) is not None:
        return (int(tag[1]), lines.index(tag.string)) if tag[1] else None
    told = None
    for place, line in enumerate(lines):
        if match := _COUNTED.fullmatch(line.rstrip()):
            counted = next(filter(None, match.groups()), "0")
            told = int(_NUMBER.findall(counted)[0]), place
    return told


def _tag(lines: list[str]) -> re.Match[str] | None:
    """psql's word for a statement that gives no rows, where it is all that is shown."""
    said = [line for line in lines if line.strip()]
    return _TAG.fullmatch(said[0]) if len(said) == 1 else None


#: What a client says of a statement beside its rows, with their number or without.
_TIME = r"(?: \(\d+(?:\.\d+)? sec\))?"
_WARNINGS = r"(?:, (?:1 warning|(?!1 )\d+ warnings))?"
_ROWS = r"(?:1 row|(?!1 )\d+ rows)"
_COUNTED = re.compile(
    rf"({_ROWS} in set{_WARNINGS}{_TIME})|(Query OK, {_ROWS} affected{_WARNINGS}{_TIME})"
    rf"|({_ROWS} affected{_TIME})|Empty set{_WARNINGS}{_TIME}"
    rf"|(Rows matched: \d+  Changed: \d+  Warnings: \d+)|(\({_ROWS}\))"
)
_NUMBER = re.compile(r"\d+")
_SAID = re.compile(r"Records: \d+  Duplicates: \d+  Warnings: \d+|Database changed")
_TAG = re.compile(
    r"(?:INSERT 0|UPDATE|DELETE) (\d+)|(?:CREATE|ALTER|DROP|TRUNCATE)(?: [A-Z]+)+"
    r"|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET"
)
_BOX = re.compile(r"\+(?:-+\+)+")
_RULE = re.compile(r"-+(?:\+-+)*")  # below psql's header
_STARS = "*" * 27
_VALUE = re.compile(r" *(?P<name>[^:\s][^:]*)(?P<colon>:) (?P<value>.*)")
