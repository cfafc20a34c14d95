"""A program's interpreter: what ends it, and what it leaves."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossnotes.child.protocol import Answer, Block
from crossnotes.run import project as projects
from crossnotes.run.interpreter import (
    Interpreter,
    InterpreterDiedError,
    InterpreterTimeoutError,
)
from crossnotes.run.warmed import PLAIN, Warmed

from ..conftest import processes_with, wait_for_end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def warmed(tmp_path: Path, folder: Path) -> Iterator[Warmed]:
    environment = projects.environment(tmp_path, tmp_path, Path(sys.executable))
    warmed = Warmed(folder, environment | {"MARK": str(tmp_path)}, PLAIN)
    yield warmed
    warmed.close()
    for pid in processes_with(f"MARK={tmp_path}"):
        wait_for_end(pid)


@pytest.fixture(params=["forked", "started"])
def interpreter(
    warmed: Warmed, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Interpreter]:
    environment = None
    if request.param == "started":
        environment = projects.environment(tmp_path, tmp_path, Path(sys.executable))
        environment["MARK"] = str(tmp_path)
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        interpreter = Interpreter(warmed, folder, answers, printed, environment)
        yield interpreter
        interpreter.kill()


def block(code: str, line: int = 1) -> Block:
    return {
        "kind": "python",
        "code": code,
        "line": line,
        "page": "docs/a.md",
        "raises": None,
        "xfail": False,
        "update": "",
        "expected": None,
    }


def run(interpreter: Interpreter, *codes: str, timeouts: list[float] | None = None) -> list[Answer]:
    blocks = [block(code) for code in codes]
    wait = timeouts or [60.0] * len(codes)
    request = {"op": "run", "blocks": blocks, "keep_going": False}
    return list(interpreter.request(request, wait))


def test_each_block_has_an_answer_and_the_namespace_lasts(interpreter: Interpreter) -> None:
    first, second = run(interpreter, "x = 1", "print(x + 1)")
    assert (first["failure"], first["output"]) == (None, "")
    assert (second["failure"], second["output"]) == (None, "2\n")
    assert run(interpreter, "print(x)")[0]["output"] == "1\n"


def test_no_block_is_run_after_one_that_failed(interpreter: Interpreter) -> None:
    answers = run(interpreter, "x = 1", "1 / 0", "x = 2")
    assert [answer["failure"] is None for answer in answers] == [True, False]
    assert run(interpreter, "print(x)")[0]["output"] == "1\n"


def test_process_runs_in_its_folder_with_its_environment(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    (answer,) = run(interpreter, "import os; print(os.getcwd(), os.environ['MARK'])")
    assert answer["output"] == f"{tmp_path / 'work'} {tmp_path}\n"


def test_large_requests_and_answers_go_through(interpreter: Interpreter) -> None:
    text = "ハ" * 300_000
    (answer,) = run(interpreter, f"print({text!r})")
    assert answer["output"] == text + "\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os._exit(3)", "it ended with status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "it was ended by SIGTERM"),
        ("import ctypes; ctypes.string_at(0)", "it was ended by SIGSEGV"),
    ],
)
def test_process_that_died_says_how(interpreter: Interpreter, code: str, message: str) -> None:
    with pytest.raises(InterpreterDiedError, match=f"^{message}$"):
        run(interpreter, code)
    with pytest.raises(InterpreterDiedError, match=f"^{message}$"):
        run(interpreter, "1")


def test_process_that_hangs_is_ended_with_its_children(interpreter: Interpreter) -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '1000'])\nwhile True: pass"
    with pytest.raises(InterpreterTimeoutError, match=r"^no answer within 0\.3 s$"):
        run(interpreter, "1", code, timeouts=[60, 0.3])


def test_each_block_has_its_own_time(interpreter: Interpreter) -> None:
    with pytest.raises(InterpreterTimeoutError, match=r"^no answer within 0\.2 s$"):
        run(interpreter, "import time", "while True: pass", timeouts=[60, 0.2])


def test_exit_handlers_run_when_the_process_is_stopped(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    run(
        interpreter,
        f"import atexit, pathlib; atexit.register(pathlib.Path({str(tmp_path / 'end')!r}).touch)",
    )
    interpreter.stop()
    assert (tmp_path / "end").exists()


def test_process_that_ignores_the_end_is_made_to(interpreter: Interpreter) -> None:
    run(interpreter, "import threading\nthreading.Thread(target=threading.Event().wait).start()")
    interpreter.patience = 0.2
    interpreter.stop()
    assert interpreter.process.returncode is not None


def test_what_a_block_printed_before_it_ended_its_process_is_kept(
    interpreter: Interpreter,
) -> None:
    with pytest.raises(InterpreterDiedError):
        run(interpreter, "import os\nprint('so far')\nos.system('echo and so on')\nos._exit(1)")
    assert interpreter.printed_so_far() == "so far\nand so on\n"


def test_child_that_holds_the_pipes_does_not_hide_that_its_parent_is_gone(
    interpreter: Interpreter,
) -> None:
    code = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\nos._exit(5)"
    with pytest.raises(InterpreterDiedError, match=r"^it ended with status 5$"):
        run(interpreter, code)


def test_nothing_of_one_program_is_seen_by_the_next(warmed: Warmed, folder: Path) -> None:
    leave = "import builtins, decimal, sys\nbuiltins.left = decimal.getcontext().prec = 3\n"
    look = "import builtins, decimal\nprint(hasattr(builtins, 'left'), decimal.getcontext().prec)"
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        for code, said in ((leave + look, "True 3\n"), (look, "False 28\n")):
            interpreter = Interpreter(warmed, folder, answers, printed)
            assert run(interpreter, code)[0]["output"] == said
            interpreter.stop()


DETACHED = (
    "import subprocess\n"
    "subprocess.run(['setsid', '--fork', 'sh', '-c', 'setsid --fork sleep 1000; sleep 1000'])"
)


def test_what_detached_itself_is_ended_all_the_same(
    warmed: Warmed, folder: Path, tmp_path: Path
) -> None:
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        interpreter = Interpreter(warmed, folder, answers, printed)
        assert run(interpreter, DETACHED)[0]["failure"] is None
        interpreter.stop()
        warmed.end_all()
    assert processes_with(f"MARK={tmp_path}") == [warmed.process.pid]


def test_programs_end_with_a_warmed_process_that_is_killed(
    warmed: Warmed, folder: Path, tmp_path: Path
) -> None:
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        interpreter = Interpreter(warmed, folder, answers, printed)
        with pytest.raises(InterpreterDiedError):
            run(interpreter, "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile 1: 1")
    for pid in processes_with(f"MARK={tmp_path}"):
        wait_for_end(pid)


def test_interrupt_ends_all_at_once(warmed: Warmed, folder: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as printed:
        interpreter = Interpreter(warmed, folder, answers, printed)
        threading.Timer(0.3, warmed.interrupt).start()
        with pytest.raises(InterpreterDiedError):
            run(interpreter, "import subprocess\nsubprocess.Popen(['sleep', '1000'])\nwhile 1: 1")
    for pid in processes_with(f"MARK={tmp_path}"):
        wait_for_end(pid)


KILLED = """\
import json, os, pathlib, sys, tempfile
from crossnotes.run.interpreter import Interpreter
from crossnotes.run.warmed import Warmed
folder = pathlib.Path(sys.argv[1])
warmed = Warmed(folder, os.environ, [])
files = [tempfile.TemporaryFile() for _ in range(4)]
idle = Interpreter(warmed, folder, *files[:2])
busy = Interpreter(warmed, folder, *files[2:])
for code in ("1", "while True: pass"):
    block = json.loads(sys.argv[2]) | {"code": code}
    request = {"op": "run", "blocks": [block], "keep_going": False}
    if code == "1":
        list(busy.request(request, [60]))
    else:
        busy._send((json.dumps(request) + "\\n").encode())
print(warmed.process.pid, idle.process.pid, busy.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_process_ends_with_the_run_that_started_it(tmp_path: Path) -> None:
    import json

    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path, json.dumps(block("1"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -9, done.stderr
    for pid in done.stdout.split():
        wait_for_end(int(pid))
