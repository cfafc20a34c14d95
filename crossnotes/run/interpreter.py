"""The child process in which python, pycon and sql blocks run.

It reads requests and writes answers as lines of JSON on two pipes of its own, so that whatever a
page prints goes elsewhere. Nothing here decides what is run; it only runs it and says what
happened, at the page's line.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import json
import os
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from crossnotes.run.compare import Expected, matches

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


class _Printed(io.StringIO):
    def write(self, text: str) -> int:
        if self.tell() + len(text) > OUTPUT_LIMIT:
            raise OutputTooLargeError(f"printed more than {OUTPUT_LIMIT:,} characters")
        return super().write(text)


class Capture:
    """What a block prints: by Python, and by C code and child processes on descriptors 1 and 2."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        os.dup2(self._file.fileno(), 1)
        os.dup2(self._file.fileno(), 2)
        self._printed = _Printed()

    def begin(self) -> None:
        self._printed = _Printed()
        sys.stdout = self._printed
        sys.stderr = io.StringIO()

    def end(self) -> str:
        text = self._printed.getvalue()
        if os.fstat(1).st_size:
            self._file.seek(0)
            text += self._file.read(OUTPUT_LIMIT).decode(errors="replace")
            self._file.seek(0)
            self._file.truncate()
        return text


class Interpreter:
    """One Python session: a namespace, and a Django connection once it was set up."""

    def __init__(self) -> None:
        self.capture = Capture()
        self.namespace: dict[str, Any] = {}
        self.fresh_namespace()
        self.atomic: Any = None
        self.watch: _Watch | None = None

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
        elif operation == "setup":
            yield self.guarded(lambda: set_up_django(request), line=request["line"])
        elif operation == "atomic":
            yield self.guarded(self.atomically, line=0)
        elif operation == "end":
            yield self.guarded(self.end, line=0)
        elif operation == "refresh":
            yield {"ok": True, "restart": not refresh(request["path"])}

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
            answer = self.guarded(lambda block=block: self.one(block), line=block["line"])  # type: ignore[misc]
            if not answer["ok"] and self.watch is not None:
                answer["message"] = _explain(answer["message"])
            yield answer
            if not answer["ok"] and not block.get("xfail"):
                return

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
        printed = self.capture.end()
        if answer.get("output") is None:
            answer["output"] = printed
        answer["seconds"] = round(time.perf_counter() - started, 6)
        return answer

    # -- kinds of block --------------------------------------------------------------------------

    def one(self, block: Block) -> str | None:
        kinds = {"python": self.python, "pycon": self.pycon, "sql": self.sql}
        raises = block.get("raises")
        try:
            output = kinds[block["kind"]](block)
        except BlockFailedError as failure:
            if raises is None or failure.expected or not _is_raised(raises, str(failure)):
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
        code = "\n" * (block["line"] - 1) + block["code"]
        try:
            # Running what a page shows is what this process is for.
            exec(compile(code, block["page"], "exec", dont_inherit=True), self.namespace)  # noqa: S102
        except SyntaxError as error:
            line = error.lineno if error.filename == block["page"] else None
            raise BlockFailedError(line or block["line"], describe(error)) from error
        except BaseException as error:
            raise BlockFailedError(page_line(error, block), describe(error)) from error
        return self._checked(block, self.capture.end())

    def pycon(self, block: Block) -> str | None:
        session = _Session(block["page"], collect=block["expected"] is not None)
        name, line = block["page"], block["line"]
        try:
            examples = doctest.DocTestParser().get_examples(block["code"] + "\n", name)
        except ValueError as error:
            raise BlockFailedError(line, str(error)) from error
        test = doctest.DocTest(examples, self.namespace, name, name, line - 1, block["code"])
        # DocTest copies the namespace, and the next block has to see what this one bound.
        test.globs = self.namespace
        session.run(test, out=lambda text: None, clear_globs=False)
        if session.failure is not None:
            raise session.failure
        if block["expected"] is None:
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


class _Session(doctest.DocTestRunner):
    """doctest, stopped at the first difference. With `collect`, an example that expects nothing
    may print: an `{output}` block below says what."""

    def __init__(self, page: str, collect: bool) -> None:
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.FAIL_FAST
        self.printed: list[str] = []
        self.uncheck: list[str] = []
        self.failure: BlockFailedError | None = None
        self.page = page
        super().__init__(_Checker(self, collect), verbose=False, optionflags=flags)

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        self.failure = BlockFailedError(
            test.lineno + example.lineno + 1,
            f"{example.source.strip().splitlines()[0]} answers otherwise",
            example.want,
            got or "nothing",
        )

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        line = test.lineno + example.lineno + 1
        self.failure = BlockFailedError(line, describe(exc_info[1]), example.want, "")


class _Checker(doctest.OutputChecker):
    def __init__(self, session: _Session, collect: bool) -> None:
        self.session = session
        self.collect = collect

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        self.session.printed.append(got)
        if self.collect and not want:
            self.session.uncheck.append(got)
            return True
        return super().check_output(want, got, optionflags)


def describe(error: BaseException | None) -> str:
    """An exception as Python's last line of a traceback says it."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the block ended the interpreter with status {error.code!r}"
    return "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]


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
    import django
    from django.conf import settings

    if request["settings"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    else:
        settings.configure(USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    if request["databases"]:
        settings.DATABASES = request["databases"]
    django.setup()
    if request["wanted"]:
        check_connection(request["wanted"], request["target"])
    if request["migrate"]:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)


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


class _Watch:
    """Notices what a rollback program does that would act otherwise for its reader."""

    ENDS_TRANSACTION = ("COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION")
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
        if isinstance(sql, str):
            words = sql.lstrip().upper()
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


def main() -> None:
    """Serve requests until the other end is closed."""
    read_from, write_to = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (read_from, write_to):
        os.set_inheritable(descriptor, False)
    requests = os.fdopen(read_from, encoding="utf-8")
    answers = os.fdopen(write_to, "w", encoding="utf-8", newline="\n")
    sys.argv = [""]
    interpreter = Interpreter()
    with contextlib.suppress(BrokenPipeError):
        for line in requests:
            for answer in interpreter.answer(json.loads(line)):
                answers.write(json.dumps(answer) + "\n")
                answers.flush()
            answers.write("{}\n")
            answers.flush()
