"""Sessions of Python: pages/sessions.txt says which pass, and where and why the others fail.

Lines count from the page's first; the session begins on line 4.
"""

import re
from collections.abc import Iterator

import pytest

from ..conftest import PAGES
from .session import page, run, session, verdict


def sessions() -> Iterator[tuple[str, str]]:
    """The verdict and the lines of each session of the fixture page."""
    text = (PAGES / "sessions.txt").read_text(encoding="utf-8")
    parts = re.split(r"^\.\n\n?", text, flags=re.MULTILINE)
    for told, lines in zip(parts[:-1:2], parts[1::2], strict=True):
        yield told.strip(), lines.removesuffix("\n")


@pytest.mark.parametrize(("told", "lines"), sessions())
def test_session(told: str, lines: str) -> None:
    found = verdict(session(lines))
    assert found[: len(told)] == told
    assert told != "passed" or found == "passed"


def test_output_below_holds_what_is_not_shown() -> None:
    assert verdict(page("pycon", ">>> 1 + 1", ">>> print('x')", below="2\nx")) == "passed"
    told = run(page("pycon", ">>> 1 + 1", ">>> print('x')", below="2\ny"))
    assert (told[0].line, told[0].message) == (8, "the output is not what the page shows")


def test_each_example_has_a_part_of_what_is_printed() -> None:
    lines = [">>> import os", ">>> os.system('echo a')", "a", "0", ">>> print('b')", "b"]
    (told,) = run(session(*lines))
    assert told.parts == ("", "a\n0\n", "b\n")


def test_update_takes_what_is_printed_and_no_error_that_the_page_does_not_show() -> None:
    (told,) = run(session(">>> 1", "2"), update=True)
    assert (told.message, told.parts) == ("", ("1\n",))
    (told,) = run(session(">>> 1 / 0", "2"), update=True)
    assert told.message == "ZeroDivisionError: division by zero"


def test_names_of_what_was_typed_are_those_of_a_terminal() -> None:
    lines = [">>> def f(): return 1 / 0", ">>> f()", "x"]
    (told,) = run(session(*lines))
    assert told.message == "ZeroDivisionError: division by zero"
    (told,) = run(session(*lines[:2], "Traceback (most recent call last):", "ValueError: x"))
    assert 'File "<stdin>", line 1, in f' in told.got
    assert "crossnotes" not in told.got


def test_function_of_a_python_block_is_found_by_inspect_and_tracebacks() -> None:
    text = page("python", "import inspect", "", "def f():", "    return 1 / 0")
    text += session(">>> print(inspect.getsource(f), end='')", "def f():", "    return 1 / 0")
    text += session(
        ">>> f()",
        "Traceback (most recent call last):",
        '  File "<stdin>", line 1, in <module>',
        '  File "/home/fred/shop.py", line 2, in f',
        "    return 1 / 0",
        "ZeroDivisionError: division by zero",
    )
    assert verdict(text) == "passed"
    assert verdict(text.replace("    return 1 / 0\nZero", "    return 1 / 2\nZero")) != "passed"


def test_pool_of_processes_that_are_started_anew_ends_soon_with_what_they_say() -> None:
    lines = ["import multiprocessing", "", "def square(number):", "    return number**2", ""]
    lines += ["with multiprocessing.get_context('spawn').Pool(1) as pool:"]
    lines += ["    print(pool.map(square, [1]))"]
    said = "AttributeError: Can't get attribute 'square' on <module '__main__'"
    assert verdict(page("python", *lines)).startswith(f"10: {said}")
    forked = page("python", *lines, below="[1]").replace("spawn", "fork")
    assert verdict(forked) == "passed"
