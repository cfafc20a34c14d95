"""Console blocks as text: what is a command, what its output, and the rows that clients show."""

import pytest

from crossnotes.text.transcript import (
    Command,
    TranscriptError,
    as_shown,
    commands,
    shown_rows,
    told_apart,
    told_count,
)


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
    assert shown_rows([*shown[:1], "a: 1", "name: x"]) == "\n".join([*shown[:1], "a: 1", "name: x"])
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


@pytest.mark.parametrize(
    "prompt",
    [
        "$",
        "(.venv) $",
        "(base)$",
        "user@host:~$",
        "user@host:~/shop$",
        "(.venv) user@host:~/shop$",
        "[user@host shop]$",
        "root@0a1b2c:/app#",
        "user@host shop %",
        "Freds-Mac:shop fred$",
        "~/shop $",
        "/app #",
        "bash-5.2$",
        "sh-5.2#",
        "#",
        "%",
    ],
)
def test_prompt_of_a_shell_is_one_whoever_is_where(prompt: str) -> None:
    assert commands(f"{prompt} echo a\na\n{prompt} pwd") == [
        Command(0, "echo a", shown=["a"]),
        Command(2, "pwd"),
    ]


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("shell> mysql", 0, "`shell>` is a prompt that is not supported"),
        ("SQL> SELECT 1 FROM dual;", 0, "`SQL>` is"),
        ("C:\\> dir", 0, "`C:\\>` is"),
        ("C:\\Users\\fred> dir", 0, "`C:\\Users\\fred>` is"),
        ("PS> dir", 0, "`PS>` is"),
        ("PS C:\\Users> dir", 0, "`PS C:\\Users>` is"),
        ("$ sqlplus\nSQL> SELECT 1;", 1, "`SQL>` is"),
        ("mysqlsh> x", 0, "`mysqlsh>` is"),
        ("➜ ls", 0, "`➜` is"),
        (">>> 1 + 1\n2", 0, "`>>>` is a prompt of Python"),
        ("In [1]: 1", 0, "`In [1]:` is a prompt of Python"),
        ("$ python manage.py shell\n>>> 1\n1", 1, "`>>>` is a prompt of Python"),
        ("$ python -q\n>>> 1\n1", 1, "`>>>` is a prompt of Python"),
        ("Welcome\nmysql> SELECT 1;", 0, "a line above the first prompt"),
        ("# Install it\n$ pip install x", 0, "a line above the first prompt"),
        ("$ cat > a <<EOF\none\nEOF", 1, "the here-document of this command"),
    ],
)
def test_line_that_would_neither_be_run_nor_compared_is_named(
    code: str, line: int, said: str
) -> None:
    with pytest.raises(TranscriptError) as raised:
        commands(code)
    assert (raised.value.offset, str(raised.value)[: len(said)]) == (line, said)


@pytest.mark.parametrize(
    "printed",
    [
        "$ 5.00 is due",
        "# Title",
        "% of all",
        "100 % done",
        "fred@example.org 50% off",
        "~50% of users",
        "a > b",
        "<p>text</p> more",
        ">>> doc",
        "=> ok",
        "-> a",
    ],
)
def test_line_that_is_printed_is_not_run(printed: str) -> None:
    assert commands(f"$ cat file\n{printed}\n$ b") == [
        Command(0, "cat file", shown=[printed]),
        Command(2, "b"),
    ]


def test_line_that_a_command_has_printed_is_its_output_though_it_looks_like_a_prompt() -> None:
    found = commands("$ cat notes\nrun\n$ make all\n$ make all")
    told_apart(found, 0, "run\n$ make all\n")
    assert found == [
        Command(0, "cat notes", shown=["run", "$ make all"]),
        Command(3, "make all"),
    ]


def test_comment_at_the_head_of_a_script_is_one() -> None:
    code = "# Install it\npip install x"
    assert commands(code, "bash") == [Command(0, code)]
    assert commands(code) == [Command(0, "Install it", shown=["pip install x"])]


@pytest.mark.parametrize("language", ["console", "bash", "sh", "shell"])
def test_block_of_nothing_but_comments_is_one_of_root(language: str) -> None:
    assert [c.text for c in commands("# a\n# b --c", language)] == ["a", "b --c"]


@pytest.mark.parametrize(
    "shown",
    [
        [
            "+----+-------+",
            "| id | name  |",
            "+----+-------+",
            "| 1  | a     |",
            "|  2 | b     |",
            "+----+-------+",
        ],
        ["+----+------+", "| id | name  |", "+----+-------+", "|  1 | a     |", "+----+-------+"],
        [
            "+----+-------+",
            "| id | name  |",
            "+----+-------+",
            "|  1 |  a    |",
            "|  1 | bb    |",
            "+----+-------+",
        ],
        ["+----+-------+", "| id | name  |", "+----+-------+", "|  1 | abcde |"],
        [" id | name ", "----+------", " 1  | a", "  2 | b"],
        [" id | name ", "---+------", "  1 | a"],
        ["1 rows in set (0.00 sec)"],
        ["2 row in set (0.00 sec)"],
        ["1 row in set (0.00 sec) x"],
        ["Query OK, 1 row affected (0.00 sec"],
    ],
)
def test_what_no_client_draws_is_no_table(shown: list[str]) -> None:
    assert shown_rows(shown) == "\n".join(shown)
