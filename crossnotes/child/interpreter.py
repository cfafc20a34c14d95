"""The child process in which python, pycon and sql blocks run.

It reads requests and writes answers as lines of JSON on two pipes of its own, so that whatever a
page prints goes elsewhere. Nothing here decides what is run; it only runs it and says what
happened, at the page's line.
"""

from __future__ import annotations

import _thread
import contextlib
import importlib
import io
import json
import os
import re
import select
import signal
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from crossnotes.run.surroundings import Surroundings
from crossnotes.text.matching import Expected, matches

#: Characters one block may print; more is a mistake in the page, and would fill the ledger.
OUTPUT_LIMIT = 1_000_000

Block = dict[str, Any]
Answer = dict[str, Any]


class BlockFailedError(Exception):
    """A block that did not do what its page says. `line` is a line of the page."""

    def __init__(self, line: int, message: str, expected: str = "", got: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.expected = expected
        self.got = got


class OutputTooLargeError(Exception):
    """A block printed more than OUTPUT_LIMIT characters."""


class _Printed(io.TextIOWrapper):
    """Descriptor 1 as Python's print() sees it, so that its lines and those of child processes
    stay in order."""

    def __init__(self) -> None:
        descriptor = io.FileIO(1, "w", closefd=False)
        super().__init__(io.BufferedWriter(descriptor), encoding="utf-8", line_buffering=True)
        self.left = OUTPUT_LIMIT

    def is_usable(self) -> bool:
        """Whether no block has closed or detached it."""
        try:
            return not self.closed
        except ValueError:
            return False

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise OutputTooLargeError(f"printed more than {OUTPUT_LIMIT:,} characters")
        return super().write(text)


class Capture:
    """What a block prints: by Python, and by C code and child processes on descriptors 1 and 2."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        os.dup2(self._file.fileno(), 1)
        os.dup2(self._file.fileno(), 2)
        self._printed = _Printed()
        self._text = ""

    def begin(self) -> None:
        self._text = ""
        if not self._printed.is_usable():
            self._printed = _Printed()
        self._printed.left = OUTPUT_LIMIT
        sys.stdout = self._printed
        sys.stderr = io.StringIO()

    def end(self) -> str:
        """All that was printed since `begin`."""
        with contextlib.suppress(ValueError):  # the block may have closed it
            self._printed.flush()
        if os.fstat(self._file.fileno()).st_size:
            self._file.seek(0)
            self._text += self._file.read(OUTPUT_LIMIT).decode(errors="replace")
            self._file.seek(0)
            self._file.truncate()
        return self._text


class Interpreter:
    """One Python session: a namespace, and a Django connection once it was set up."""

    def __init__(self, capture: Capture | None = None) -> None:
        self.capture = capture or Capture()
        self.namespace: dict[str, Any] = {}
        self.fresh_namespace()
        self.atomic: Any = None
        self.watch: _Watch | None = None
        self.surroundings = Surroundings()
        #: Whether other pages use this process after the program.
        self.shared = False

    def fresh_namespace(self) -> None:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.namespace = module.__dict__

    # -- requests --------------------------------------------------------------------------------

    def answer(self, request: dict[str, Any]) -> Iterator[Answer]:
        """Carry out one request; an answer a block, or one for the request."""
        operation = request["op"]
        if operation == "run":
            if request["fresh"]:
                self.fresh_namespace()
            yield from self.run(request["blocks"])
        elif operation == "programs":
            yield from self.programs(request["programs"])
        elif operation == "setup":
            yield self.guarded(lambda: set_up_django(request), line=request["line"])
            self.surroundings.remember()
        elif operation == "atomic":
            yield self.guarded(self.atomically, line=0)
        elif operation == "refresh":
            yield {"ok": True, "restart": not refresh(request["path"])}

    def programs(self, programs: list[dict[str, Any]]) -> Iterator[Answer]:
        """Run one program after the other: the answers to its blocks, then whether this process
        can run others; the first that breaks it is the last."""
        self.shared = True
        for program in programs:
            self.fresh_namespace()
            usable = True
            if program["rollback"]:
                begun = self.guarded(self.atomically, line=0)
                if not begun["ok"]:
                    yield begun
                    program["blocks"] = []
            for answer in self.run(program["blocks"]):
                usable = usable and not answer.get("dirty", False)
                yield answer
            usable = usable and self.guarded(self.end, line=0)["ok"]
            yield {"ended": usable}
            if not usable:
                return

    def atomically(self) -> None:
        """Open the outer atomic() of a program under rollback; `end` undoes it."""
        from django.db import transaction

        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.watch = _Watch()

    def end(self) -> None:
        if self.atomic is None:
            return
        from django.db import transaction

        watch, self.watch = self.watch, None
        if watch is not None:
            watch.stop()
        atomic, self.atomic = self.atomic, None
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)

    def run(self, blocks: list[Block]) -> Iterator[Answer]:
        for block in blocks:
            self.parts: list[str] = []
            self.counts: list[int] = []
            answer = self.guarded(lambda block=block: self.one(block), line=block["line"])  # type: ignore[misc]
            answer |= {"parts": self.parts, "counts": self.counts}
            self.check_surroundings(block, answer)
            if not answer["ok"] and self.watch is not None:
                answer["message"] = _explain(answer["message"])
            yield answer
            # A block that was to fail and passes is a failure, too.
            if answer["ok"] == block["xfail"] or answer.get("dirty"):
                return

    def check_surroundings(self, block: Block, answer: Answer) -> None:
        """Fail a block that would make other pages run otherwise."""
        if self.surroundings.child_came_back():
            what = "forks, and the child ran on past the block's end; end it with os._exit()"
        elif self.shared and (changed := self.surroundings.changed()):
            what = (
                f"leaves {changed} changed for the pages after it; undo that on the page, or say "
                "`crossnotes: {isolation: commit}` in its front matter"
            )
        else:
            return
        answer["dirty"] = True
        if answer["ok"]:
            answer |= {"ok": False, "line": block["line"], "message": f"this block {what}"}

    def guarded(self, action: Callable[[], str | None], line: int) -> Answer:
        """Run `action`; whatever it does is turned into an answer."""
        started = time.perf_counter()
        answer: Answer = {"ok": True, "line": line, "message": "", "expected": "", "got": ""}
        self.capture.begin()
        try:
            answer["output"] = action()
        except BlockFailedError as failure:
            answer |= {"ok": False, "line": failure.line, "message": str(failure)}
            answer |= {"expected": failure.expected, "got": failure.got}
        except BaseException as error:  # sys.exit and Ctrl-C of a page are its failures, not ours
            answer |= {"ok": False, "message": describe(error)}
        self.surroundings.end_if_forked()
        printed = self.capture.end()
        if answer.get("output") is None:
            answer["output"] = printed
        for key in ("message", "expected", "got", "output"):
            answer[key] = storable(answer[key])
        answer["seconds"] = round(time.perf_counter() - started, 6)
        return answer

    # -- kinds of block --------------------------------------------------------------------------

    def one(self, block: Block) -> str | None:
        kinds = {"python": self.python, "pycon": self.pycon, "sql": self.sql}
        raises = block.get("raises")
        try:
            output = kinds[block["kind"]](block)
        except BlockFailedError as failure:
            if raises is None or failure.expected:
                raise
            if not _is_raised(raises, str(failure)):
                failure.expected, failure.got = raises, str(failure)
                raise
            output = str(failure)
        else:
            if raises is not None:
                raise BlockFailedError(
                    block["line"], "nothing was raised", expected=raises, got="no error"
                )
        if self.watch is not None:
            self.watch.check(block["line"])
        return output

    def python(self, block: Block) -> str | None:
        above = block["line"] - 1
        padding = above if sys.version_info >= (3, 13) else 0
        try:
            source = "\n" * padding + block["code"]
            code = compile(source, block["page"], "exec", dont_inherit=True)
        except SyntaxError as error:
            line = above - padding + (error.lineno or block["line"])
            raise BlockFailedError(line, describe(error)) from error
        try:
            # Running what a page shows is what this process is for.
            exec(on_lines_of_page(code, above - padding), self.namespace)  # noqa: S102
        except SyntaxError as error:
            line = error.lineno if error.filename == block["page"] else None
            raise BlockFailedError(line or block["line"], describe(error)) from error
        except BaseException as error:
            raise BlockFailedError(page_line(error, block), describe(error)) from error
        return self._checked(block, self.capture.end()) if block["expected"] is not None else None

    def pycon(self, block: Block) -> str | None:
        # Only here: most programs have no such block, and it takes as long as all the rest.
        import doctest

        from crossnotes.child.doctests import Session

        collect = block["expected"] is not None or block["update"] == "output"
        session = Session(block["page"], collect, accept_all=bool(block["update"]))
        name, line = block["page"], block["line"]
        try:
            examples = doctest.DocTestParser().get_examples(block["code"] + "\n", name)
        except ValueError as error:
            raise BlockFailedError(line, str(error)) from error
        for example in examples:
            if example.options.get(doctest.SKIP):
                raise BlockFailedError(
                    line + example.lineno,
                    "`doctest: +SKIP` gives no reason; use {snippet} with `:skip: reason`",
                )
        test = doctest.DocTest(examples, self.namespace, name, name, line - 1, block["code"])
        # DocTest copies the namespace, and the next block has to see what this one bound.
        test.globs = self.namespace
        session.run(test, out=lambda text: None, clear_globs=False)
        self.parts = session.printed
        if session.failure is not None:
            raise session.failure
        if not collect:
            return "".join(session.printed)
        return self._checked(block, "".join(session.uncheck))

    def sql(self, block: Block) -> str | None:
        from django.db import connection

        printed: list[str] = []
        for offset, statement in statements(block["code"]):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                    if cursor.description:
                        printed += rows(cursor)
                    self.counts.append(cursor.rowcount)
            except Exception as error:
                raise BlockFailedError(block["line"] + offset, describe(error)) from error
        return self._checked(block, "\n".join(printed))

    def _checked(self, block: Block, output: str) -> str:
        if block["expected"] is not None:
            expected = Expected(**block["expected"])
            if not matches(expected, output):
                message = "the output is not what the page shows"
                raise BlockFailedError(block["expected_line"], message, expected.text, output)
        return output


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
    return " ".join(line.strip() for line in next(said).splitlines())


def storable(text: str) -> str:
    """Text as UTF-8 can hold it: a lone surrogate is shown escaped."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def page_line(error: BaseException, block: Block) -> int:
    """The deepest line of the page in the traceback of `error`."""
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == block["page"]
    ]
    return lines[-1] if lines else int(block["line"])


def _is_raised(raises: str, message: str) -> bool:
    """`:raises:` names an exception, or it and its text, or a part such as an error number."""
    kind = message.partition(":")[0]
    return raises in (kind, kind.rpartition(".")[2]) or raises in message


def statements(code: str) -> Iterator[tuple[int, str]]:
    """The SQL statements of a block, each with the number of lines above it."""
    import sqlparse

    at = 0
    for statement in sqlparse.split(code):
        at = code.index(statement, at)
        bare = sqlparse.format(statement, strip_comments=True).strip().rstrip(";")
        if bare:
            yield code[:at].count("\n"), statement
        at += len(statement)


def rows(cursor: Any) -> Iterator[str]:
    """A result as text: the header, then a line a row."""
    yield " | ".join(column[0] for column in cursor.description)
    for row in cursor.fetchall():
        yield " | ".join(value_text(value) for value in row)


def value_text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


# -- Django ---------------------------------------------------------------------------------------


def set_up_django(request: dict[str, Any]) -> None:
    """Load the project's settings and apps, with the target's database in place of the project's
    own where `databases` gives one. `wanted` is what the connection then has to be."""
    try:
        import django
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        raise ModuleNotFoundError(
            "Django, which runs SQL and projects, is not installed: pip install 'crossnotes[site]'"
        ) from None
    from django.conf import settings

    if request["settings"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    else:
        settings.configure(USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    if request["databases"]:
        settings.DATABASES = request["databases"]
    django.setup()
    if request["compile_only"]:
        compile_only(request["target"])
    if request["wanted"]:
        check_connection(request["wanted"], request["target"])
    if request["migrate"]:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)


def compile_only(target: str) -> None:
    """Prepare the connection for a program without a server."""
    from django.db import connections

    from crossnotes.targets import every_target

    prepare = every_target()[target].compile_only
    assert prepare is not None
    prepare(connections["default"])


def check_connection(wanted: dict[str, str], target: str) -> None:
    """A program that connects elsewhere would be green for the wrong database."""
    from django.db import connection

    have = connection.settings_dict
    engine, name = have["ENGINE"], str(have["NAME"])
    right = name.startswith(wanted["name"]) if wanted["prefix"] else name == wanted["name"]
    if engine != wanted["engine"] or not right:
        raise BlockFailedError(
            0,
            f"the program does not connect to {target}",
            expected=f"{wanted['engine']} {os.path.basename(wanted['name'])}",
            got=f"{engine} {os.path.basename(name)}",
        )
    with connection.cursor() as cursor:
        if wanted["encrypted"]:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            if not cursor.fetchone()[1]:
                raise BlockFailedError(
                    0, f"the session with {target} is not encrypted, and has to be"
                )


def refresh(path: str) -> bool:
    """Make a file that was just written visible to the next block. False if a module that was
    already imported came from it, so that only a new process can see it."""
    importlib.invalidate_caches()
    if os.path.basename(path) == ".env":
        return "django" not in sys.modules
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return path not in [os.path.realpath(file) for file in loaded if file]


#: What may stand before the first word of a statement.
_COMMENTS = re.compile(r"^(?:\s+|--[^\n]*|#[^\n]*|/\*.*?\*/)+", re.DOTALL)


class _Watch:
    """Notices what a rollback program does that would act otherwise for its reader."""

    ENDS_TRANSACTION = ("COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION")
    #: As Django begins most of its statements.
    HARMLESS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "SAVEPOINT ")
    SCHEMA = ("CREATE ", "ALTER ", "DROP ", "TRUNCATE ", "RENAME ")

    def __init__(self) -> None:
        from django.db import connection

        self.connection = connection
        self.seen: str = ""
        self._wrapper = connection.execute_wrapper(self._watch)
        self._wrapper.__enter__()

    def stop(self) -> None:
        self._wrapper.__exit__(None, None, None)

    def _watch(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and not sql.startswith(self.HARMLESS):
            bare = _COMMENTS.sub("", sql, count=1)
            words = " ".join(bare[:200].upper().split()) + " "
            if words.startswith(self.SCHEMA):
                self.seen = "changes the schema"
            elif words.startswith(self.ENDS_TRANSACTION) and "SAVEPOINT" not in words:
                self.seen = "ends the transaction"
        return execute(sql, params, many, context)

    def check(self, line: int) -> None:
        """Raise the BlockFailedError that tells the author to say `commit`."""
        if self.connection.run_on_commit:
            self.seen = "uses on_commit, whose function would never be called"
        elif self.connection.needs_rollback:
            self.seen = "catches a database error"
        if self.seen:
            raise BlockFailedError(line, f"under rollback this block {self.seen}; {_SAY_COMMIT}")


_SAY_COMMIT = (
    "a reader would see something else. Say `crossnotes: {isolation: commit}` in the front matter"
)


def _explain(message: str) -> str:
    if "durable atomic block" in message:
        return f"{message} The page runs under rollback; {_SAY_COMMIT}"
    return message


# -- the process ----------------------------------------------------------------------------------


def _end_with_the_run(requests: int, busy: list[bool]) -> None:
    """End this process and its children if the run is gone, even by a SIGKILL, while a block is
    running; between blocks we notice by ourselves."""
    poll = select.poll()
    poll.register(requests, 0)  # nothing but the hang-up
    poll.poll()
    while not busy[0]:
        time.sleep(0.1)  # the last request may not have been read yet
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Serve requests until the other end is closed."""
    read_from, write_to, answers = map(int, sys.argv[1:4])
    for descriptor in (read_from, write_to, answers):
        os.set_inheritable(descriptor, False)
    requests = os.fdopen(read_from, encoding="utf-8")
    sys.argv = [""]
    interpreter = Interpreter()
    busy = [False]
    # Not by `threading`, where a page that looks at its threads would see it.
    _thread.start_new_thread(_end_with_the_run, (read_from, busy))
    with contextlib.suppress(BrokenPipeError):
        for line in requests:
            busy[0] = True
            at = 0
            for answer in interpreter.answer(json.loads(line)):
                # Before the next block runs, which may end the process.
                at += os.pwrite(answers, (json.dumps(answer) + "\n").encode(), at)
            busy[0] = False
            os.write(write_to, b"\n")
