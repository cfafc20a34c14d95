"""Runs one block, `python`, `pycon` or `sql`, in a namespace: text in, what it printed out."""

from __future__ import annotations
import __future__

import ast
import contextlib
import importlib
import inspect
import linecache
import os
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossnotes.child import clients, django, repl, spawned
from crossnotes.child.capture import Capture
from crossnotes.child.clients import rows
from crossnotes.child.protocol import Block, Open
from crossnotes.result import BlockFailedError, Failure
from crossnotes.text.matching import Expected, matches

if TYPE_CHECKING:
    import asyncio

_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


@dataclass(slots=True)
class Session:
    """Where a block runs: the names that the blocks before it bound, what hears what it prints,
    and what Python's prompt keeps from one input to the next. `parts` and `counts` are what it
    leaves for its Answer."""

    namespace: dict[str, Any]
    capture: Capture
    parts: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    sqlite: clients.Sqlite = field(default_factory=clients.Sqlite)
    #: The flags of each `from __future__ import` so far.
    _flags: int = 0
    _inputs: int = 0
    #: The code of the page, by what tracebacks call the file.
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _runner: asyncio.Runner | None = None
    #: The database of a page without Django, and the connection to it once there is one.
    _opened: Open | None = None
    _connection: Any = None

    def __post_init__(self) -> None:
        spawned.listen()

    def open(self, request: Open) -> None:
        """Tell the page where its database is. No connection is opened."""
        self._opened = request
        os.environ.update(request["environment"])

    @property
    def environment(self) -> Mapping[str, str]:
        """What the page was told."""
        return self._opened["environment"] if self._opened else {}

    @property
    def is_plain(self) -> bool:
        """Whether statements go over a connection of the driver's, and not over Django's."""
        return self._opened is not None

    def cursor(self) -> Any:
        """A cursor on the page's database, which closes itself."""
        if self._opened is None:
            from django.db import connection

            return connection.cursor()
        if self._connection is None:
            driver = importlib.import_module(self._opened["dbapi"])
            self._connection = driver.connect(self._opened["entry"])
        return contextlib.closing(self._connection.cursor())

    def next_input(self, source: str) -> str:
        """What tracebacks call the next input of a session."""
        name = f"<python-input-{self._inputs}>"
        self._inputs += 1
        self.remember(name, 1, source)
        return name

    def remember(self, file: str, line: int, source: str) -> None:
        """Let tracebacks and `inspect` find code that stands at `line` (from 1) of `file`."""
        lines = self._lines.setdefault(file, [])
        code = [f"{text}\n" for text in source.split("\n")]
        lines += ["\n"] * (line - 1 + len(code) - len(lines))
        lines[line - 1 : line - 1 + len(code)] = code
        linecache.cache[file] = (len(lines), None, lines, file)

    def line(self, file: str, number: int) -> str:
        """A line of the page's code."""
        lines = self._lines.get(file, [])
        return lines[number - 1].strip() if number <= len(lines) else ""

    def is_page(self, file: str) -> bool:
        """Whether code of a file is the page's."""
        return file in self._lines

    def compiled(self, source: str, file: str, mode: str) -> types.CodeType:
        """Compile what is typed or read, as Python does after the code before it, with `await`
        outside of functions. Raises SyntaxError."""
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: types.CodeType = compile(source, file, mode, flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURES
        return code

    def execute(self, code: types.CodeType) -> None:
        if not code.co_flags & inspect.CO_COROUTINE:
            # Running what a page shows is what this process is for.
            exec(code, self.namespace)  # noqa: S102
            return
        if self._runner is None:
            import asyncio

            # One event loop for all blocks, whose tasks go on in the next.
            self._runner = asyncio.Runner()
        self._runner.run(types.FunctionType(code, self.namespace)())


def run(block: Block, session: Session) -> str | None:
    """Run a block. What it showed, or None where all that was printed is it.

    Raises BlockFailedError at a line of the page.
    """
    raises = block["raises"]
    try:
        output = KINDS[block["kind"]](block, session)
    except BlockFailedError as error:
        failure = error.failure
        if session.capture.lost:
            raise BlockFailedError(_lost(failure.line, session.capture.lost)) from error
        if raises is None or failure.expected:
            raise
        if not _is_raised(raises, failure.message):
            told = Failure(failure.line, failure.message, raises, failure.message)
            raise BlockFailedError(told) from error.__cause__
        return failure.message
    if raises is not None:
        raise BlockFailedError(Failure(block["line"], "nothing was raised", raises, "no error"))
    return output


def _lost(line: int, said: str) -> Failure:
    """What an author is told whose block waits for processes that do not find its functions."""
    why = (
        "a new process of multiprocessing imports the code that it runs, and a page "
        'cannot be imported; import it from a file of the project, or use the start method "fork"'
    )
    return Failure(line, said, details=(why,))


def python(block: Block, session: Session) -> str | None:
    above = block["line"] - 1
    padding = above if sys.version_info >= (3, 13) else 0
    session.remember(block["page"], block["line"], block["code"])
    try:
        code = session.compiled("\n" * padding + block["code"], block["page"], "exec")
    except SyntaxError as error:
        line = above - padding + (error.lineno or block["line"])
        raise BlockFailedError(Failure(line, describe(error))) from error
    try:
        session.execute(on_lines_of_page(code, above - padding))
    except SyntaxError as error:
        at = error.lineno if error.filename == block["page"] else None
        raise BlockFailedError(Failure(at or block["line"], describe(error))) from error
    except BaseException as error:
        raise BlockFailedError(_raised(error, block, session)) from error
    if block["expected"] is None:
        return None
    whole = session.capture.end()
    # A terminal shows both; a page may show what goes to standard output alone.
    output = session.capture.output()
    return _checked(block, output if _is_expected(block, output) else whole)


def pycon(block: Block, session: Session) -> str | None:
    output = repl.run(block, session)
    return _checked(block, output)


def sql(block: Block, session: Session) -> str | None:
    client = block.get("client", "")
    printed: list[str] = []
    for offset, statement in statements(block["code"], client):
        try:
            if client == "sqlite" and statement.startswith("."):
                printed += session.sqlite.run(statement, session)
                continue
            with session.cursor() as cursor:
                cursor.execute(statement)
                if cursor.description:
                    of_sqlite = client == "sqlite"
                    lines = session.sqlite.rows(cursor) if of_sqlite else rows(cursor, client)
                    for text in lines:
                        session.capture.count(text)
                        printed.append(text)
                session.counts.append(cursor.rowcount)
        except clients.UnknownCommandError as error:
            raise BlockFailedError(Failure(block["line"] + offset, str(error))) from error
        except Exception as error:
            line = block["line"] + offset
            told = of_driver(error) if session.is_plain else describe(error)
            raise BlockFailedError(Failure(line, told)) from error
    return _checked(block, "\n".join(printed))


def outside(block: Block, session: Session) -> str | None:
    """A block whose language another package runs."""
    from crossnotes.kinds import outside_languages

    execute = outside_languages()[block.get("language", "")].load()
    try:
        output = execute(block["code"], session.namespace)
    except BaseException as error:
        raise BlockFailedError(Failure(block["line"], describe(error))) from error
    return _checked(block, session.capture.end() if output is None else str(output))


#: How each kind of block is run here.
KINDS: Mapping[str, Callable[[Block, Session], str | None]] = {
    "python": python,
    "pycon": pycon,
    "sql": sql,
    "outside": outside,
}

#: The errors that PEP 249 names, under which every driver's own can be known.
PEP_249 = (
    "IntegrityError",
    "ProgrammingError",
    "OperationalError",
    "DataError",
    "NotSupportedError",
    "InternalError",
    "InterfaceError",
    "DatabaseError",
)


def of_driver(error: BaseException) -> str:
    """An error of a driver, by the name that it has with every driver."""
    names = [kind.__name__ for kind in type(error).__mro__]
    name = next((each for each in PEP_249 if each in names), "")
    text = " ".join(line.strip() for line in str(error).splitlines())
    return f"{name}: {text}" if name else describe(error)


def _checked(block: Block, output: str) -> str:
    expected = block["expected"]
    if expected is not None and not block["update"] and not _is_expected(block, output):
        message = "the output is not what the page shows"
        failure = Failure(expected["line"], message, expected["text"], output)
        raise BlockFailedError(failure, output)
    return output


def _is_expected(block: Block, output: str) -> bool:
    expected = block["expected"]
    if expected is None:
        return True
    wanted = Expected(expected["text"], expected["unordered"], tuple(expected["ignore"]))
    return matches(wanted, output)


def on_lines_of_page(code: types.CodeType, above: int) -> types.CodeType:
    """The code as if `above` lines stood above it, so that tracebacks and pdb show the page's own
    lines. Compiling it behind so many line breaks takes a third longer."""
    if not above:
        return code
    inner = tuple(
        on_lines_of_page(part, above) if isinstance(part, types.CodeType) else part
        for part in code.co_consts
    )
    # All other lines of a code object are told by their distance from its first.
    return code.replace(co_firstlineno=code.co_firstlineno + above, co_consts=inner)


def describe(error: BaseException | None) -> str:
    """An exception as Python's last line of a traceback says it."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the block ended the interpreter with status {error.code!r}"
    # A SyntaxError shows its place before, which is told otherwise; notes come after.
    said = (part for part in traceback.format_exception_only(error) if not part.startswith("  "))
    told = " ".join(line.strip() for line in next(said).splitlines())
    hint = django.hint(error)
    return f"{told} ({hint})" if hint else told


def storable(text: str) -> str:
    """Text as UTF-8 can hold it: a lone surrogate is shown escaped."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _raised(error: BaseException, block: Block, session: Session) -> Failure:
    """What was raised, at the deepest line of the page in its traceback. Where that is in an
    earlier block, both lines are shown: what was raised there, and what of this block called it."""
    first = block["line"]
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == block["page"]
    ] or [first]
    own = [line for line in lines if first <= line <= first + block["code"].count("\n")]
    details: tuple[str, ...] = ()
    if own and lines[-1] not in own:
        called = f"called on line {own[-1]}: {session.line(block['page'], own[-1])}"
        details = (session.line(block["page"], lines[-1]), called)
    return Failure(lines[-1], describe(error), details=details)


def _is_raised(raises: str, message: str) -> bool:
    """`:raises:` names an exception, or it and its text, or a part such as an error number."""
    kind = message.partition(":")[0]
    return raises in (kind, kind.rpartition(".")[2]) or raises in message


def statements(code: str, client: str = "") -> Iterator[tuple[int, str]]:
    """The SQL statements of a block, each with the number of lines above it. With the `client`
    sqlite, also its own commands, which begin with a dot."""
    import sqlparse

    if client == "sqlite" and code.lstrip().startswith("."):
        yield 0, code.strip()
        return
    at = 0
    for statement in sqlparse.split(code):
        at = code.index(statement, at)
        bare = sqlparse.format(statement, strip_comments=True).strip().rstrip(";")
        if bare:
            yield code[:at].count("\n"), statement
        at += len(statement)
