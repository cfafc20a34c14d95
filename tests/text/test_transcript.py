"""Console blocks as text: what is a command, what its output, and the rows that clients show."""

import pytest

from crossnotes.text.transcript import Command, as_shown, commands, shown_rows, told_count


def test_prompts_are_commands_and_what_follows_is_their_output() -> None:
    assert commands("$ a\none\ntwo\n$ b --c\n\nthree") == [
        Command(0, "a", shown=["one", "two"]),
        Command(3, "b --c", shown=["", "three"]),
    ]


def test_block_without_prompts_is_one_script() -> None:
    assert commands("cd a\nls\n") == [Command(0, "cd a\nls\n")]


def test_prompt_may_name_a_virtual_environment() -> None:
    assert commands("(.venv) $ a\n(my-env) $ b") == [Command(0, "a"), Command(1, "b")]


def test_backslash_continues_a_command() -> None:
    assert commands("$ a \\\n>   b \\\n  c\nout") == [
        Command(0, "a \\\n  b \\\n  c", shown=["out"]),
    ]


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        ("cat <<EOF\n> one\n>\n> EOF", "cat <<EOF\none\n\nEOF"),
        ("for i in 1 2; do\n>   echo $i\n> done", "for i in 1 2; do\n  echo $i\ndone"),
        ('echo "a\n> b"', 'echo "a\nb"'),
        ("echo a |\n> cat", "echo a |\ncat"),
    ],
)
def test_what_bash_would_ask_for_continues_a_command(shown: str, typed: str) -> None:
    assert commands(f"$ {shown}\nout\n> out") == [Command(0, typed, shown=["out", "> out"])]


def test_redirection_may_begin_a_line_that_goes_on() -> None:
    assert commands("$ echo a \\\n>file\n$ cat file\na") == [
        Command(0, "echo a \\\n>file"),
        Command(2, "cat file", shown=["a"]),
    ]


def test_output_may_begin_like_the_second_prompt() -> None:
    assert commands("$ npm run a\n\n> a@1\n$ b\n> c") == [
        Command(0, "npm run a", shown=["", "> a@1"]),
        Command(3, "b", shown=["> c"]),
    ]


@pytest.mark.parametrize(
    "prompt",
    [
        "mysql>",
        "TiDB>",
        "tidb>",
        "sqlite>",
        "MariaDB [(none)]>",
        "MySQL [shop]>",
        "postgres=#",
        "shop=>",
    ],
)
def test_prompts_of_database_clients_are_sql(prompt: str) -> None:
    assert commands(f"{prompt} SELECT 1;\n1") == [Command(0, "SELECT 1;", sql=True, shown=["1"])]


@pytest.mark.parametrize("more", ["    -> ", "    '> ", "   ...> ", "postgres-# ", " shop(> "])
def test_sql_goes_on_after_the_prompt_of_its_client(more: str) -> None:
    assert commands(f"mysql> SELECT\n{more}1;\n1") == [
        Command(0, "SELECT\n1;", sql=True, shown=["1"])
    ]


def test_shell_and_sql_may_stand_in_one_block() -> None:
    assert [(c.text, c.sql) for c in commands("$ a\nmysql> SELECT 1;\n$ b")] == [
        ("a", False),
        ("SELECT 1;", True),
        ("b", False),
    ]


def test_prompt_needs_the_blank_after_it() -> None:
    assert commands("$a") == [Command(0, "$a")]


def test_box_of_a_client_is_taken_off() -> None:
    box = ["+----+-------+", "| id | name  |", "+----+-------+", "|  1 | a  b  |", "+----+-------+"]
    assert shown_rows([*box, "1 row in set (0.00 sec)"]) == "id | name\n1 | a  b"
    assert shown_rows(box[1::2]) == "id | name\n1 | a  b"
    assert shown_rows(["id | name", "1 | a"]) == "id | name\n1 | a"
    assert shown_rows(["Empty set (0.00 sec)"]) == ""


def test_what_a_client_says_of_a_statement_is_no_row() -> None:
    changed = ["Query OK, 2 rows affected (0.01 sec)", "Records: 2  Duplicates: 0  Warnings: 0", ""]
    assert shown_rows(changed) == ""
    assert told_count(changed) == (2, 0)
    matched = ["Query OK, 1 row affected (0.00 sec)", "Rows matched: 2  Changed: 1  Warnings: 0"]
    assert (shown_rows(matched), told_count(matched)) == ("", (2, 1))
    assert told_count(["Empty set (0.00 sec)"]) == (0, 0)
    assert told_count(["a", "1"]) is None


def test_no_rows_have_no_header_where_mysql_shows_them() -> None:
    assert as_shown("a", ["Empty set (0.00 sec)", ""]) == ""
    assert as_shown("a\n1", ["Empty set (0.00 sec)"]) == "a\n1"
    assert as_shown("a", [" a ", "---", "(0 rows)"]) == "a"
    assert as_shown("a", ["a"]) == "a"


def test_vertical_rows_are_rows() -> None:
    shown = ["*************************** 1. row ***************************"]
    shown += ["   a: 1", "name: x: y", shown[0].replace("1", "2"), "   a: NULL", "name: "]
    shown += ["2 rows in set (0.00 sec)", ""]
    assert shown_rows(shown) == "a | name\n1 | x: y\nNULL | "
    assert told_count(shown) == (2, 6)
    assert commands("mysql> SELECT a\n    -> FROM t\\G\nx")[0].text == "SELECT a\nFROM t;"


def test_rows_of_psql_are_rows() -> None:
    shown = [" id | name ", "----+------", "  1 | a  b", "(1 row)", ""]
    assert shown_rows(shown).rstrip("\n") == "id | name\n1 | a  b"
    assert told_count(shown) == (1, 3)
    for tag, told in (("INSERT 0 2", (2, 0)), ("CREATE TABLE", None), ("BEGIN", None)):
        assert (shown_rows([tag, ""]), told_count([tag, ""])) == ("", told)
    assert shown_rows(["BEGIN", "1"]) == "BEGIN\n1"
    assert shown_rows(["a", "---"]) == "a\n---"
