"""Program → one Python file that does what its blocks do, for a reader to keep or to run."""

from __future__ import annotations

import ast
import inspect
import posixpath
from collections.abc import Callable, Iterator, Mapping

from crossnotes.child.blocks import statements
from crossnotes.kinds import OF_NAME
from crossnotes.page import Snippet
from crossnotes.program import Program
from crossnotes.text import pycon, transcript

_HEAD = '''\
"""{title}

The code of {page}, {reader}in reading order. Run it in the folder that the page works in.
"""
'''

_DJANGO = """\
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
django.setup()
"""

_RUNNER = """\
import ast
import asyncio
import types

runner = asyncio.Runner()
"""

#: A file of Python has no `await` outside of functions, as a session has.
_AWAITING = """\
code = compile({code!r}, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
runner.run(types.FunctionType(code, globals())())"""


def file_name(docname: str, program: Program) -> str:
    """A name beside the page's own, with the target and the other labels of the program."""
    labels = [program.target, *(label.lower().replace(" ", "-") for label in program.labels)]
    return f"{docname}.{'.'.join(labels)}.py"


def script(program: Program, title: str, reader: str, settings: str, setup: str = "") -> str:
    """The file's text. `reader` says for whom it is, such as "for MySQL", `settings` is the module
    of the Django project's settings, or "" for plain Python; `setup` is what runs before each
    page."""
    said = f"{reader}, " if reader else ""
    head = _HEAD.format(title=title, page=program.page.path, reader=said)
    return "\n".join(part for part in (head, code(program, settings, setup)) if part)


def code(program: Program, settings: str, setup: str = "") -> str:
    """The file's text without its head, by which the files of two databases are compared."""
    parts = [_imports(program)]
    needs_django = bool(settings)
    for snippet in program.snippets:
        body = "\n".join(_lines(snippet))
        if not body:
            continue
        if needs_django and snippet.kind in ("python", "pycon", "sql"):
            parts.append(_DJANGO.format(settings=settings))
            needs_django = False
        if setup and snippet.kind in ("python", "pycon", "sql"):
            parts.append(f"# What runs before each page\n{setup.strip()}\n")
            setup = ""
        if _awaits(body):
            body = _AWAITING.format(code=body)
            if not any("asyncio.Runner()" in part for part in parts):
                parts.append(_RUNNER)
        parts.append(f"# {snippet.place}, line {snippet.line}\n{body}\n")
    return "\n".join(part for part in parts if part)


def _imports(program: Program) -> str:
    """The modules that the lines below use."""
    names = set()
    for snippet in program.snippets:
        if "skip" in snippet.options or snippet.problem is not None:
            continue
        if snippet.kind in ("dotenv", "file"):
            names |= {"pathlib", "sys"} if snippet.kind == "dotenv" else {"pathlib"}
        if snippet.kind == "pycon" and "displayhook" in "".join(_pycon(snippet)):
            names.add("sys")
        if snippet.kind == "console":
            names.add("subprocess")
        if "background" in snippet.options:
            names |= {"atexit", "os", "signal", "time", "urllib.request"}
    return "".join(f"import {name}\n" for name in sorted(names))


def _lines(snippet: Snippet) -> Iterator[str]:
    if reason := snippet.options.get("skip") or (snippet.problem and snippet.problem.message):
        yield f"# Not run: {reason}"
        yield from (f"# {line}".rstrip() for line in snippet.code.split("\n"))
        return
    raises = snippet.options.get("raises")
    body = list(_DOWNLOADS[OF_NAME[snippet.kind].downloaded](snippet))
    if raises and snippet.kind in ("python", "sql"):
        yield "try:"
        yield indented("\n".join(body))
        yield "except Exception as error:  # as the page says"
        yield "    print(error)"
    else:
        yield from body


def _python(snippet: Snippet) -> Iterator[str]:
    yield snippet.code


def _pycon(snippet: Snippet) -> Iterator[str]:
    for example in pycon.examples(snippet.code):
        if example.shows_error:
            yield "try:"
            yield indented(example.source)
            yield "except Exception as error:  # as the page says"
            yield "    print(error)"
        elif example.shown:
            yield shown(example.source)
        else:
            yield example.source


def shown(source: str) -> str:
    """What is typed in a session, with the values that the session prints printed in a file, too:
    those of expressions outside of functions, in the body of a `with` or a `for` as well. What
    prints by itself stays as it is."""
    tree = _parsed(source)
    lines = [line.encode() for line in source.split("\n")]
    for found in reversed(list(_expressions(tree))):
        value = found.value
        assert found.end_lineno is not None
        assert found.end_col_offset is not None
        is_tuple = isinstance(value, ast.Tuple)  # whose brackets may be left out
        before, after = (b"((", b"))") if is_tuple else (b"(", b")")
        last = lines[found.end_lineno - 1]
        at = found.end_col_offset
        lines[found.end_lineno - 1] = last[:at] + after + last[at:]
        first = lines[found.lineno - 1]
        at = found.col_offset
        lines[found.lineno - 1] = first[:at] + b"sys.displayhook" + before + first[at:]
    return b"\n".join(lines).decode()


def _expressions(node: ast.AST) -> Iterator[ast.Expr]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                continue
            case ast.Expr():
                yield child
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
                continue
            case _:
                yield from _expressions(child)


def indented(source: str) -> str:
    """Code in the body of a statement. The lines of a text that goes on are left as they are."""
    inside: set[int] = set()
    for node in ast.walk(_parsed(source)):
        is_text = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        )
        if is_text and isinstance(node, ast.expr) and node.end_lineno:
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    lines = enumerate(source.split("\n"), 1)
    return "\n".join(
        line if number in inside or not line.strip() else f"    {line}" for number, line in lines
    )


def _parsed(source: str) -> ast.AST:
    """What Python makes of it; nothing where that is an error, as the page may want to show."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree = compile(source, "page", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
    assert isinstance(tree, ast.AST)
    return tree


def _awaits(code: str) -> bool:
    """Whether code awaits something outside of functions."""
    if "await" not in code and "async " not in code:
        return False
    try:
        found = compile(code, "page", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return False
    return bool(found.co_flags & inspect.CO_COROUTINE)


def _sql(snippet: Snippet) -> Iterator[str]:
    yield from _execute(snippet.code)


def _execute(sql: str) -> Iterator[str]:
    yield "from django.db import connection"
    yield ""
    yield f"for statement in {[statement for _above, statement in statements(sql)]!r}:"
    yield "    with connection.cursor() as cursor:"
    yield "        cursor.execute(statement)"
    yield "        if cursor.description:"
    yield "            print(*cursor.fetchall(), sep='\\n')"


def _console(snippet: Snippet) -> Iterator[str]:
    check = "raises" not in snippet.options
    for command in transcript.commands(snippet.code, snippet.language):
        if command.sql:
            yield from _execute(command.text)
        elif url := snippet.options.get("background"):
            name = f"server_{snippet.line}"
            yield f"{name} = subprocess.Popen({command.text!r}, shell=True, start_new_session=True)"
            yield f"atexit.register(os.killpg, {name}.pid, signal.SIGINT)"
            yield "for _attempt in range(100):"
            yield "    try:"
            yield f"        urllib.request.urlopen({url!r})"
            yield "        break"
            yield "    except OSError:"
            yield "        time.sleep(0.1)"
        else:
            yield f"subprocess.run({command.text!r}, shell=True, check={check})"


def _dotenv(snippet: Snippet) -> Iterator[str]:
    yield 'if not pathlib.Path(".env").exists():'
    yield f'    pathlib.Path(".env").write_text({snippet.code + chr(10)!r})'
    yield '    sys.exit("Put your own values into .env, and run this again.")'


def _file(snippet: Snippet) -> Iterator[str]:
    path = snippet.options["file"]
    if folder := posixpath.dirname(path):
        yield f"pathlib.Path({folder!r}).mkdir(parents=True, exist_ok=True)"
    yield f"pathlib.Path({path!r}).write_text({snippet.code + chr(10)!r})"


def _foreign(snippet: Snippet) -> Iterator[str]:
    yield f"# A block of {snippet.language}, which Python does not run:"
    yield from (f"# {line}".rstrip() for line in snippet.code.split("\n"))


def _listing(snippet: Snippet) -> Iterator[str]:
    if snippet.listing is not None:
        yield f"# The page shows a part of {snippet.listing.path.name} here."


_DOWNLOADS: Mapping[str, Callable[[Snippet], Iterator[str]]] = {
    "code": _python,
    "examples": _pycon,
    "statements": _sql,
    "commands": _console,
    "env": _dotenv,
    "file": _file,
    "foreign": _foreign,
    "note": _listing,
}
