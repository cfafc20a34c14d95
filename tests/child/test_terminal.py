"""What a terminal shows of a session with Python is accepted as it is."""

import pytest

from .session import run, session
from .terminal import transcript

#: What is typed into a real Python.
TYPED = [
    [
        "def save():",
        "    try:",
        "        {}['unique']",
        "    except KeyError as error:",
        "        raise ValueError('UNIQUE failed') from error",
        "",
        "save()",
    ],
    [
        "def save():",
        "    try:",
        "        {}['unique']",
        "    except KeyError as error:",
        "        error.x",
        "",
        "save()",
    ],
    ["print('saving'); 1/0"],
    ["raise ExceptionGroup('two', [ValueError('a'), KeyError('b')])"],
    [
        "def f():",
        "    raise ValueError('deep')",
        "",
        "try:",
        "    f()",
        "except ValueError as e:",
        "    raise ExceptionGroup('g',[e, ExceptionGroup('h',[TypeError('x')])])",
        "",
    ],
    ["x = = 1"],
    ["(1 +", "]"],
    ["if True:", "x", "", "print(1)"],
    ["e = ValueError('a')", "e.add_note('note one\\nnote two')", "raise e"],
    ["import warnings", "warnings.warn('old')", "def f(): warnings.warn('deep')", "", "f()"],
    ["import logging", "logging.warning('x')", "logging.getLogger('shop').error('third')"],
    ["import sys", "print('a', file=sys.stderr)", "sys.stderr.write('a\\n')"],
    ["import os", "os.system('echo a; echo b >&2')"],
    ["import subprocess", "subprocess.run('echo a; exit 3', shell=True)"],
    ["1", "_", "_ + 1"],
    ["from __future__ import annotations", "def f(a: nowhere): pass", "", "f.__annotations__"],
    ["import json", "json.loads('{')"],
    ["int('x')"],
    ["eval('1 +')"],
    ["def f(n): return f(n-1) if n else 1/0", "", "f(10)"],
    ["import sys", "sys.setrecursionlimit(60)", "def f(): return f()", "", "f()"],
    ["print('a\\n\\nb\\n')"],
    ["print('  x')"],
    ["'a\\tb'"],
    [
        "import traceback",
        "try:",
        "    1/0",
        "except ZeroDivisionError:",
        "    traceback.print_exc()",
        "",
    ],
    ["help(len)"],
    ["class A:", "    def __repr__(self): return 'one\\n\\ntwo'", "", "A()"],
    ["raise SystemError('a\\nb')"],
    ["class MyError(Exception): pass", "", "raise MyError"],
    ["assert 1 == 2, 'why'"],
    ["assert 1 == 2"],
    ["raise KeyError('a') from None"],
    ["for n in range(3): print(n)", ""],
    ["'\\d'"],
    ["1 is 1"],
    [
        "import threading",
        "t = threading.Thread(target=lambda: 1/0, name='t1'); t.start(); t.join()",
    ],
    ["print('no newline', end='')"],
    ["import sys; sys.stdout.write('ab')"],
    [
        "def f():",
        "    try:",
        "        raise KeyError('k')",
        "    finally:",
        "        1/0",
        "",
        "f()",
    ],
    [
        "import contextlib, io",
        "with contextlib.redirect_stdout(io.StringIO()) as s: print('hidden')",
        "",
        "s.getvalue()",
    ],
    ["import dis", "dis.dis(lambda: 1)"],
    ["x: int = 'a'", "x"],
    ["raise"],
    ["print('Traceback (most recent call last):')"],
    ["'日本語'", "print('日本語')"],
    ["def f():", "    yield 1", "", "list(f())"],
]


@pytest.mark.parametrize("typed", TYPED, ids=[" / ".join(typed)[:40] for typed in TYPED])
def test_session_of_a_terminal_passes(typed: list[str]) -> None:
    shown = transcript(typed)
    told = run(session(*shown.split("\n")))
    assert [one.message for one in told] == [""], f"{shown}\n--- and not\n{told[-1].got}"
