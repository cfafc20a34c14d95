"""A shell that remembers, and the servers that its commands leave in the background."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossnotes.run import shell as shells
from crossnotes.run.shell import Outcome, PortTakenError, ServerNotUpError, Shell
from crossnotes.run.warmed import Warmed

from ..conftest import processes_with, wait_for_end


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CROSSNOTES_TEST": str(tmp_path),
    }
    (tmp_path / "state").mkdir()
    warmed = Warmed(folder, environment, [])
    shell = Shell(warmed.start, folder, environment, tmp_path / "state")
    yield shell
    shell.close()
    warmed.close()
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
    assert len(outcome.output) == shells.OUTPUT_LIMIT


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
        "import os, pathlib, sys\n"
        "from crossnotes.run.shell import Shell\n"
        "from crossnotes.run.warmed import Warmed\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "(folder / 'state').mkdir()\n"
        "warmed = Warmed(folder, os.environ, [])\n"
        "shell = Shell(warmed.start, folder, os.environ, folder / 'state')\n"
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
    with pytest.raises(ServerNotUpError, match=f"^{url} returned status 503$") as caught:
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
    (tmp_path / "other").mkdir()
    url = f"http://127.0.0.1:{free_port}/"
    shell.serve(server(200), url, 60)
    other = Shell(shell._start_program, shell.folder, shell.environment, tmp_path / "other")
    with pytest.raises(PortTakenError, match="is held by another crossnotes run"):
        other.serve(server(200), url, 0.1)
    shell.close()
    other.serve(server(200), url, 60)
    other.close()


def soon(happens: Callable[[], bool]) -> None:
    """Wait until something happens; fail after a minute."""
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_server_that_prints_without_end_is_ended(
    shell: Shell, server: Callable[[int], str], free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}/"
    waits = "(until [ -e go ]; do sleep 0.05; done; yes) &"
    shell.serve(f"{waits}\n{server(200)}", url, 60, block=3)
    (shell.folder / "go").touch()
    soon(lambda: shell.flooded == {3})
    soon(lambda: is_refused(free_port))  # the block is named before its processes are gone


def test_server_that_prints_without_end_never_comes_up(shell: Shell, free_port: int) -> None:
    with pytest.raises(ServerNotUpError, match="printed more than 1,000,000 bytes") as caught:
        shell.serve("yes", f"http://127.0.0.1:{free_port}/", 60)
    assert len(caught.value.output) <= 1000


def test_what_a_block_leaves_running_fills_no_disk(shell: Shell) -> None:
    assert shell.run("setsid yes &", 60, block=2).status == 0
    soon(lambda: shell.flooded == {2})
    printed = shell._watched[0].printed
    # It has left its group, so that it prints until the program ends.
    for _ in range(3):
        soon(lambda: os.fstat(printed).st_blocks * 512 < shells.OUTPUT_LIMIT)
