"""Console blocks: what is a command and what its output, and a shell that remembers."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossnotes.run import console
from crossnotes.run.console import (
    Command,
    Outcome,
    PortTakenError,
    ServerNotUpError,
    Shell,
    as_shown,
    commands,
    shown_rows,
    told_count,
)

from ..conftest import processes_with, wait_for_end

# -- what is a command ----------------------------------------------------------------------------


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


# -- a shell --------------------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CROSSNOTES_TEST": str(tmp_path),
    }
    shell = Shell(folder, environment, tmp_path / "state")
    yield shell
    shell.close()
    for pid in processes_with(f"CROSSNOTES_TEST={tmp_path}"):
        wait_for_end(pid)


def run(shell: Shell, text: str, timeout: float = 60) -> Outcome:
    return shell.run(text, timeout)


def test_output_and_errors_come_in_the_order_of_printing(shell: Shell) -> None:
    outcome = run(shell, "echo one; echo two >&2; echo three")
    assert outcome == Outcome(0, "one\ntwo\nthree\n")


def test_folder_and_exported_variables_last(shell: Shell) -> None:
    assert run(shell, "mkdir -p a/b && cd a/b && export COLOUR='dark\nblue' plain=1").status == 0
    assert run(shell, 'pwd; echo "$COLOUR"; echo "$plain"').output == (
        f"{shell.folder}\ndark\nblue\n1\n"
    )
    assert shell.folder.parts[-2:] == ("a", "b")


def test_variable_that_is_unset_stays_unset(shell: Shell) -> None:
    run(shell, "export A=1")
    run(shell, "unset A")
    assert run(shell, 'echo "[$A]"').output == "[]\n"


def test_what_a_failing_block_exported_lasts_too(shell: Shell) -> None:
    assert run(shell, "export A=1\nfalse").status == 1
    assert run(shell, 'echo "$A"').output == "1\n"


def test_folder_that_is_gone_leaves_the_shell_where_it_was(shell: Shell) -> None:
    before = shell.folder
    assert run(shell, 'mkdir gone && cd gone && rmdir "$PWD"').status == 0
    assert shell.folder == before


@pytest.mark.parametrize(
    ("text", "status", "line"),
    [
        ("true\nfalse\ntrue", 1, 2),
        ("true\n\n# comment\nls /nowhere/at/all", 2, 4),
        ("if true; then\n  false\nfi", 1, 2),
        ("f() {\n  false\n}\nf", 1, 2),
        ("false && true", 1, 1),
        ("true\ntrue\nfalse && true", 1, 3),
        ("exit 3", 3, 1),
        ("true\nno-such-command", 127, 2),
        ("echo 'never closed", 2, 1),
    ],
)
def test_first_command_that_fails_ends_the_block_at_its_line(
    shell: Shell, text: str, status: int, line: int
) -> None:
    outcome = run(shell, text)
    assert (outcome.status, outcome.line) == (status, line)


def test_what_comes_after_a_failure_is_not_run(shell: Shell) -> None:
    assert run(shell, "echo a\nfalse\necho b").output == "a\n"


def test_command_that_takes_too_long_is_ended_with_its_children(shell: Shell) -> None:
    outcome = run(shell, "echo before\nsleep 1000 & sleep 1000", timeout=0.2)
    assert outcome.timed_out
    assert outcome.output == "before\n"
    assert outcome.status != 0


def test_command_that_prints_without_end_is_ended(shell: Shell) -> None:
    outcome = run(shell, "yes")
    assert outcome.too_much
    assert not outcome.timed_out
    assert len(outcome.output) == console.OUTPUT_LIMIT


def test_output_that_is_not_utf8_is_shown_with_replacements(shell: Shell) -> None:
    assert run(shell, r"printf 'a\xffb'").output == "a\ufffdb"


def test_shell_has_nothing_to_read(shell: Shell) -> None:
    assert run(shell, "cat").output == ""


def test_what_a_block_leaves_running_ends_with_the_program(shell: Shell, tmp_path: Path) -> None:
    assert run(shell, "sleep 1000 & echo $!").status == 0
    # The fixture asserts that it is gone after the end.
    assert processes_with(f"CROSSNOTES_TEST={tmp_path}")


def test_block_may_wait_for_what_it_started(shell: Shell) -> None:
    assert run(shell, "true &\nwait\necho done").output == "done\n"


def test_commands_end_when_the_run_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from crossnotes.run.console import Shell\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "shell = Shell(folder, os.environ, folder / 'state')\n"
        "print(shell.run('sleep 1000 & echo $!', 60).output, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    wait_for_end(int(done.stdout))


# -- servers --------------------------------------------------------------------------------------

SERVER = """\
{python} -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
        self.wfile.write(b"hello")
print("up", flush=True)
http.server.HTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
'"""


@pytest.fixture
def server(free_port: int) -> Callable[[int], str]:
    def text(status: int = 200) -> str:
        return SERVER.format(python=sys.executable, port=free_port, status=status)

    return text


@pytest.mark.parametrize("status", [200, 302, 404])
def test_server_is_up_when_its_url_answers(
    shell: Shell, server: Callable[[int], str], free_port: int, status: int
) -> None:
    shell.serve(server(status), f"http://127.0.0.1:{free_port}/", 60)
    with socket.create_connection(("127.0.0.1", free_port)):
        pass
    shell.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port))


def test_server_that_answers_with_an_error_is_not_up(
    shell: Shell, server: Callable[[int], str], free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}/"
    with pytest.raises(ServerNotUpError, match=f"^{url} answers with status 503$") as caught:
        shell.serve(server(503), url, 60)
    assert caught.value.output.startswith("up\n")


def test_server_that_ends_is_not_up_and_its_words_are_kept(shell: Shell, free_port: int) -> None:
    with pytest.raises(ServerNotUpError, match=r"^the server ended with status 7$") as caught:
        shell.serve("echo no luck; exit 7", f"http://127.0.0.1:{free_port}/", 60)
    assert caught.value.output == "no luck\n"


def test_server_that_never_listens_is_not_up(shell: Shell, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/"
    with pytest.raises(ServerNotUpError, match=r"did not answer in 0\.2 s$"):
        shell.serve("sleep 1000", url, 0.2)


def test_port_that_another_process_has_is_told(
    shell: Shell, server: Callable[[int], str], free_port: int
) -> None:
    taken = f"^port {free_port} is taken by another process"
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(PortTakenError, match=taken),
    ):
        shell.serve(server(200), f"http://127.0.0.1:{free_port}/", 60)


def test_two_programs_take_turns_on_a_port(
    shell: Shell, server: Callable[[int], str], free_port: int, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port}/"
    shell.serve(server(200), url, 60)
    other = Shell(shell.folder, shell.environment, tmp_path / "other")
    with pytest.raises(PortTakenError, match="is held by another crossnotes run"):
        other.serve(server(200), url, 0.1)
    shell.close()
    other.serve(server(200), url, 60)
    other.close()
