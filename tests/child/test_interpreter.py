"""python, pycon and sql blocks: what passes, what fails, and at which line of the page."""

import pytest

from ..conftest import Repository, failures


def block(language: str, *lines: str, options: str = "") -> str:
    """A page whose code begins on line 4, and on a later one with options."""
    head = f"```{{snippet}} {language}\n{options}" if options else f"```{language}\n"
    code = "\n".join(lines)
    return f"# Title\n\n{head}{code}\n```\n"


def output(text: str, options: str = "") -> str:
    return f"```{{output}}\n{options}{text}\n```\n"


# -- python ---------------------------------------------------------------------------------------


def test_blocks_of_a_page_share_a_namespace_and_pages_do_not(repository: Repository) -> None:
    repository.page(block("python", "x = 1") + block("python", "assert x == 1"), "a.md")
    repository.page(block("python", "x"), "b.md")
    done = repository.run()
    assert [r.status for r in done.results] == ["passed", "passed", "failed"]
    assert failures(done.results) == [(4, "NameError: name 'x' is not defined")]


def test_code_runs_as_main_does(repository: Repository) -> None:
    code = ["from dataclasses import dataclass", "import pickle", "", "@dataclass", "class Point:"]
    code += ["    x: int", "", "print(__name__)", "print(pickle.loads(pickle.dumps(Point(1))))"]
    (result,) = repository.results(block("python", *code))
    assert result.output == "__main__\nPoint(x=1)\n"


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        (["x = 1", "y = x / 0"], 5, "ZeroDivisionError: division by zero"),
        (["def f():", "    raise KeyError('a')", "", "f()"], 5, "KeyError: 'a'"),
        (["import json", "json.loads('{')"], 5, "json.decoder.JSONDecodeError: Expecting"),
        (["x = (", "1 +"], 4, "SyntaxError: '(' was never closed"),
        (["x = 1", "y = = 2"], 5, "SyntaxError: invalid syntax"),
        (["if True:", "x = 1"], 5, "IndentationError: expected an indented block"),
        (["", "assert False, 'why'"], 5, "AssertionError: why"),
        (["raise ValueError('one\\ntwo')"], 4, "ValueError: one two"),
        (["import sys", "sys.exit(3)"], 5, "SystemExit: the block ended the interpreter with "),
        (["raise KeyboardInterrupt"], 4, "KeyboardInterrupt"),
        (["eval('1 +')"], 4, "SyntaxError: invalid syntax"),
        (["await x"], 4, "NameError: name 'x' is not defined"),
        (["def f(): await x"], 4, "SyntaxError: 'await' outside async function"),
    ],
)
def test_error_is_told_at_its_line(
    repository: Repository, code: list[str], line: int, message: str
) -> None:
    found, said = repository.failure(block("python", *code))
    assert (found, said[: len(message)]) == (line, message)


def test_error_in_a_function_of_an_earlier_block_is_told_where_it_was_raised(
    repository: Repository,
) -> None:
    page = block("python", "def f():", "    return 1 / 0") + block("python", "x = 1", "f()")
    (_, result) = repository.results(page)
    assert result.failure is not None
    assert result.failure.line == 5
    assert result.failure.message == "ZeroDivisionError: division by zero"
    assert result.failure.details == ("return 1 / 0", "called on line 11: f()")


def test_prints_of_python_and_of_children_come_in_order(repository: Repository) -> None:
    code = ["import subprocess, sys, os", "print('a')", "subprocess.run(['echo', 'b'])"]
    code += ["print('c')", "os.write(1, b'd\\n')", "sys.stdout.buffer.write(b'e\\n')"]
    page = block("python", *code) + output("a\nb\nc\nd\ne")
    (result,) = repository.results(page)
    assert result.status == "passed"
    assert result.output == "a\nb\nc\nd\ne\n"


def test_what_is_printed_belongs_to_the_block_that_prints_it(repository: Repository) -> None:
    results = repository.results(
        block("python", "import subprocess", "subprocess.run(['echo', 'one'])")
        + block("python", "print('two')")
    )
    assert [r.output for r in results] == ["one\n", "two\n"]


def test_block_that_closes_its_output_harms_no_other(repository: Repository) -> None:
    results = repository.results(
        block("python", "import sys", "print('a')", "sys.stdout.close()")
        + block("python", "print('b')")
    )
    assert [(r.status, r.output) for r in results] == [("passed", "a\n"), ("passed", "b\n")]


def test_output_without_end_is_a_failure(repository: Repository) -> None:
    line, message = repository.failure(block("python", "while True:", "    print('x' * 999)"))
    assert (line, message.rpartition("Error: ")[2]) == (5, "printed more than 1,000,000 characters")


def test_text_that_utf8_cannot_hold_fails_where_a_reader_would_see_it_fail(
    repository: Repository,
) -> None:
    assert repository.failure(block("python", r"print('\ud800')"))[1].startswith("UnicodeEncode")
    assert repository.failure(block("python", r"raise ValueError('\ud800')"))[1].endswith(r"\ud800")


def test_wrong_output_is_told_at_the_line_of_the_output(repository: Repository) -> None:
    page = block("python", "print(1)") + output("2")
    (result,) = repository.results(page)
    assert result.failure is not None
    assert result.failure.line == 7
    assert result.failure.message == "the output is not what the page shows"
    assert (result.failure.expected, result.failure.got) == ("2", "1\n")
    assert result.output == "1\n"


def test_output_may_be_in_any_order_or_without_a_column(repository: Repository) -> None:
    page = block("python", "print('id | n')", "print('3 | b')", "print('7 | a')")
    page += output("id | n\n1 | a\n2 | b", ":unordered:\n:ignore: id\n")
    assert [r.status for r in repository.results(page)] == ["passed"]


# -- :raises: and :xfail: -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raises",
    ["ZeroDivisionError", "ZeroDivisionError: division by zero", "division by zero"],
)
def test_error_that_the_page_announces_passes(repository: Repository, raises: str) -> None:
    (result,) = repository.results(block("python", "1 / 0", options=f":raises: {raises}\n"))
    assert result.status == "passed"
    assert result.output == "ZeroDivisionError: division by zero"


def test_error_may_be_named_without_its_module(repository: Repository) -> None:
    for raises in ("JSONDecodeError", "json.decoder.JSONDecodeError"):
        page = block("python", "import json", "json.loads('{')", options=f":raises: {raises}\n")
        assert [r.status for r in repository.results(page)] == ["passed"]


def test_another_error_than_announced_fails(repository: Repository) -> None:
    (result,) = repository.results(block("python", "1 / 0", options=":raises: KeyError\n"))
    assert result.failure is not None
    message = "ZeroDivisionError: division by zero"
    assert (result.failure.line, result.failure.message) == (5, message)
    assert (result.failure.expected, result.failure.got) == ("KeyError", message)


def test_announced_error_that_does_not_come_fails(repository: Repository) -> None:
    (result,) = repository.results(block("python", "1", options=":raises: KeyError\n"))
    assert result.failure is not None
    assert (result.failure.line, result.failure.message) == (5, "nothing was raised")
    assert (result.failure.expected, result.failure.got) == ("KeyError", "no error")


def test_expected_failure_is_excused_and_the_page_goes_on(repository: Repository) -> None:
    page = block("python", "1 / 0", options=":xfail: TiDB#1\n") + block("python", "print(1)")
    excused, after = repository.results(page)
    assert (excused.status, excused.reason) == ("excused", "expected to fail: TiDB#1")
    assert after.status == "passed"


def test_expected_failure_that_passes_fails(repository: Repository) -> None:
    page = block("python", "1", options=":xfail: TiDB#1\n") + block("python", "print(1)")
    (failed, after) = repository.results(page)
    assert failed.failure is not None
    assert failed.failure.line == 5
    assert "passes, though marked :xfail: TiDB#1" in failed.failure.message
    assert after.reason == "not reached: docs/a.md:5 failed"


# -- what ends the interpreter --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os._exit(3)", "ended the interpreter: it ended with status 3"),
        ("import ctypes; ctypes.string_at(0)", "ended the interpreter: it was ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "ended the interpreter: it was ended by SIGKILL"),
    ],
)
def test_end_of_the_interpreter_is_one_failure_and_other_pages_go_on(
    repository: Repository, code: str, message: str
) -> None:
    repository.page(block("python", "x = 1") + block("python", code) + block("python", "y"), "a.md")
    repository.page(block("python", "print('fine')"), "b.md")
    done = repository.run()
    assert [r.status for r in done.results] == ["passed", "failed", "excused", "passed"]
    # Three lines of block() before the second code.
    assert failures(done.results) == [(9, message)]


def test_endless_loop_ends_at_its_time_even_between_others(repository: Repository) -> None:
    repository.page(
        block("python", "x = 1")
        + block("python", "while True: pass", options=":timeout: 0.3\n")
        + block("python", "y = 1"),
        "a.md",
    )
    repository.page(block("python", "print('fine')"), "b.md")
    done = repository.run()
    assert [r.status for r in done.results] == ["passed", "failed", "excused", "passed"]
    assert failures(done.results) == [(10, "took longer than 0.3 s and was ended")]


# -- pycon ----------------------------------------------------------------------------------------


def test_session_passes_and_its_names_last(repository: Repository) -> None:
    page = block("pycon", ">>> x = 2", ">>> for n in range(x):", "...     print(n)", "0", "1")
    page += block("python", "assert x == 2")
    assert [r.status for r in repository.results(page)] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ([">>> x = 1", ">>> x + 1", "3"], 5, "x + 1 gives a different result"),
        ([">>> 1", "1", ">>> 1 / 0"], 6, "ZeroDivisionError: division by zero"),
        ([">>> print('a')", "", ">>> 2"], 4, "print('a') gives a different result"),
        ([">>> (1 +", "...  1)", "3"], 4, "(1 + gives a different result"),
        ([">>> 1 == 1", "1"], 4, "1 == 1 gives a different result"),
        ([">>> x = = 1"], 4, "SyntaxError: invalid syntax"),
        ([">>>x = 1"], 4, "write a blank after `>>>`"),
        (
            [">>> 1 / 0", "Traceback (most recent call last):", "KeyError: 1"],
            4,
            "1 / 0 gives a different result",
        ),
    ],
)
def test_first_wrong_answer_of_a_session_is_told_at_its_line(
    repository: Repository, lines: list[str], line: int, message: str
) -> None:
    found, said = repository.failure(block("pycon", *lines))
    assert (found, said[: len(message)]) == (line, message)


def test_session_may_show_a_traceback_and_leave_things_out(repository: Repository) -> None:
    lines = [">>> 1 / 0", "Traceback (most recent call last):", "    ...", "ZeroDivisionError: ..."]
    lines += [">>> list(range(100))", "[0, 1, ..., 99]", ">>> print('a  b')", "a  b"]
    assert [r.status for r in repository.results(block("pycon", *lines))] == ["passed"]


def test_session_may_have_its_output_below(repository: Repository) -> None:
    page = block("pycon", ">>> 1 + 1", ">>> print('x')")
    assert [r.status for r in repository.results(page + output("2\nx"))] == ["passed"]
    assert repository.failure(page + output("2\ny")) == (8, "the output is not what the page shows")


def test_session_that_shows_no_answer_and_has_no_output_below_fails(repository: Repository) -> None:
    assert repository.failure(block("pycon", ">>> 1 + 1"))[1] == "1 + 1 gives a different result"


def test_example_may_not_be_skipped_without_a_reason(repository: Repository) -> None:
    line, message = repository.failure(block("pycon", ">>> 1", "1", ">>> 2  # doctest: +SKIP", "3"))
    assert line == 6
    assert "gives no reason" in message


# -- sql ------------------------------------------------------------------------------------------


def test_sql_prints_the_header_and_a_line_a_row(repository: Repository) -> None:
    page = block("sql", "SELECT 1 AS a, 'x' AS b, NULL AS c, x'0aff' AS d, 1.5 AS e")
    (result,) = repository.results(page + output("a | b | c | d | e\n1 | x | NULL | 0aff | 1.5"))
    assert result.status == "passed"


def test_statements_run_one_after_the_other_and_comments_are_none(repository: Repository) -> None:
    code = ["-- a table", "CREATE TABLE t (n INTEGER, s TEXT);", "", "/* two rows */"]
    code += ["INSERT INTO t VALUES (1, 'a;b'), (2, '--');", "SELECT s FROM t", "ORDER BY n;", "--"]
    page = "---\ncrossnotes: {}\n---\n" + block("sql", *code) + output("s\na;b\n--")
    assert [r.status for r in repository.results(page)] == ["passed"]


def test_statement_that_fails_is_told_at_its_line(repository: Repository) -> None:
    code = ["SELECT 1;", "", "-- wrong", "SELECT *", "FROM nowhere;", "SELECT 2;"]
    line, message = repository.failure(block("sql", *code))
    assert line in (6, 7)
    assert message == "OperationalError: no such table: nowhere"


def test_error_of_a_statement_may_be_announced_by_its_text(repository: Repository) -> None:
    page = block("sql", "SELECT * FROM nowhere", options=":raises: no such table\n")
    assert [r.status for r in repository.results(page)] == ["passed"]


def test_percent_signs_of_sql_are_only_percent_signs(repository: Repository) -> None:
    page = block("sql", "SELECT 'a' LIKE '%a%s' AS a, 5 % 3 AS b") + output("a | b\n0 | 2")
    assert [r.status for r in repository.results(page)] == ["passed"]


def test_result_says_how_long_and_who(repository: Repository) -> None:
    page = block("python", "print(1)", options=":name: n\n")
    (result,) = repository.results(page)
    assert (result.page, result.line, result.index, result.name) == ("docs/a.md", 5, 0, "n")
    assert result.seconds > 0


def test_database_that_a_page_does_not_get_is_said_plainly(project: Repository) -> None:
    settings = project.django / "notebook" / "settings.py"
    other = '\nDATABASES["other"] = DATABASES["default"]\n'
    settings.write_text(settings.read_text(encoding="utf-8") + other, encoding="utf-8")
    code = ["from notes.models import Note", 'Note.objects.using("other").count()']
    line, message = project.failure(block("python", *code))
    assert line == 5
    assert "a page runs on `default` alone" in message


# -- console --------------------------------------------------------------------------------------


def test_rows_are_shown_as_sqlite3_shows_them(repository: Repository) -> None:
    lines = ["sqlite> CREATE TABLE tbl1 (one TEXT, two INT, three REAL);"]
    lines += ["sqlite> INSERT INTO tbl1 VALUES ('hello!', 10, 0.1), (NULL, 20, 2.0);"]
    lines += ["sqlite> SELECT * FROM tbl1;", "hello!|10|0.1", "|20|2.0", "sqlite> .tables", "tbl1"]
    lines += ["sqlite> .headers on", "sqlite> SELECT two", "   ...> FROM tbl1 WHERE two < 20;"]
    lines += ["two", "10", "sqlite> .schema tbl1"]
    lines += ["CREATE TABLE tbl1 (one TEXT, two INT, three REAL);"]
    (result,) = repository.results(block("console", *lines))
    assert result.status == "passed", result.failure
    wrong = repository.failure(block("console", *lines[:3], "hello!|10|0.2", "|20|2.0"))
    assert wrong == (7, "the output is not what the page shows")
    line, message = repository.failure(block("console", "sqlite> .mode box"))
    assert (line, message[:31]) == (4, "`.mode box` of sqlite3 is not s")


def test_rows_are_shown_as_psql_shows_them(repository: Repository) -> None:
    lines = ["shop=# CREATE TABLE t (a integer, b text);", "CREATE TABLE"]
    lines += ["shop=# INSERT INTO t VALUES (1, NULL), (10, 'x'), (2, 'y');", "INSERT 0 3"]
    lines += ["shop=# SELECT * FROM t;", " a  | b ", "----+---", "  1 | ", " 10 | x", "  2 | y"]
    lines += ["(3 rows)", ""]
    assert [r.status for r in repository.results(block("console", *lines))] == ["passed"]
    lines[7] = " 1  | "
    assert repository.failure(block("console", *lines))[0] == 9


def test_message_of_bash_has_no_folder_of_the_run(repository: Repository) -> None:
    page = block("console", "$ no-such-program || true", "bash: no-such-program: command not found")
    assert [r.status for r in repository.results(page)] == ["passed"]
    (result,) = repository.results(block("console", "$ pwd"))
    assert result.output == ".../project"
