"""The child process: what ends it, and what it leaves."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossnotes.run import project as projects
from crossnotes.run.worker import Worker, WorkerDiedError, WorkerTimeoutError

from ..conftest import processes_with, wait_for_end


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    folder = tmp_path / "work"
    folder.mkdir()
    environment = projects.environment(tmp_path, Path(sys.executable))
    worker = Worker(folder, environment | {"MARK": str(tmp_path)})
    yield worker
    worker.kill()
    for pid in processes_with(f"MARK={tmp_path}"):
        wait_for_end(pid)


def block(code: str, line: int = 1) -> dict[str, Any]:
    return {
        "kind": "python",
        "code": code,
        "line": line,
        "page": "docs/a.md",
        "raises": None,
        "xfail": False,
        "update": "",
        "expected": None,
        "expected_line": 0,
    }


def run(worker: Worker, *codes: str, timeouts: list[float] | None = None) -> list[dict[str, Any]]:
    blocks = [block(code) for code in codes]
    wait = timeouts or [60.0] * len(codes)
    return list(worker.request("run", wait, blocks=blocks, fresh=False))


def test_each_block_has_an_answer_and_the_namespace_lasts(worker: Worker) -> None:
    first, second = run(worker, "x = 1", "print(x + 1)")
    assert (first["ok"], first["output"]) == (True, "")
    assert (second["ok"], second["output"]) == (True, "2\n")
    assert run(worker, "print(x)")[0]["output"] == "1\n"


def test_no_block_is_run_after_one_that_failed(worker: Worker) -> None:
    answers = run(worker, "x = 1", "1 / 0", "x = 2")
    assert [answer["ok"] for answer in answers] == [True, False]
    assert run(worker, "print(x)")[0]["output"] == "1\n"


def test_process_runs_in_its_folder_with_its_environment(worker: Worker, tmp_path: Path) -> None:
    (answer,) = run(worker, "import os; print(os.getcwd(), os.environ['MARK'])")
    assert answer["output"] == f"{tmp_path / 'work'} {tmp_path}\n"


def test_large_requests_and_answers_go_through(worker: Worker) -> None:
    text = "ハ" * 300_000
    (answer,) = run(worker, f"print({text!r})")
    assert answer["output"] == text + "\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os._exit(3)", "it ended with status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "it was ended by SIGTERM"),
        ("import ctypes; ctypes.string_at(0)", "it was ended by SIGSEGV"),
    ],
)
def test_process_that_died_says_how(worker: Worker, code: str, message: str) -> None:
    with pytest.raises(WorkerDiedError, match=f"^{message}$"):
        run(worker, code)
    with pytest.raises(WorkerDiedError, match=f"^{message}$"):
        run(worker, "1")


def test_process_that_hangs_is_ended_with_its_children(worker: Worker) -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '1000'])\nwhile True: pass"
    with pytest.raises(WorkerTimeoutError, match=r"^no answer within 0\.3 s$"):
        run(worker, "1", code, timeouts=[60, 0.3])


def test_each_block_has_its_own_time(worker: Worker) -> None:
    with pytest.raises(WorkerTimeoutError, match=r"^no answer within 0\.2 s$"):
        run(worker, "import time", "while True: pass", timeouts=[60, 0.2])


def test_exit_handlers_run_when_the_process_is_stopped(worker: Worker, tmp_path: Path) -> None:
    run(
        worker,
        f"import atexit, pathlib; atexit.register(pathlib.Path({str(tmp_path / 'end')!r}).touch)",
    )
    worker.stop()
    assert (tmp_path / "end").exists()


def test_process_that_ignores_the_end_is_made_to(worker: Worker) -> None:
    run(worker, "import threading\nthreading.Thread(target=threading.Event().wait).start()")
    worker.patience = 0.2
    worker.stop()
    assert worker.process.returncode is not None


KILLED = """\
import json, os, pathlib, sys
from crossnotes.run.worker import Worker
folder = pathlib.Path(sys.argv[1])
idle, busy = Worker(folder, os.environ), Worker(folder, os.environ)
list(busy.request("run", [60], blocks=[json.loads(sys.argv[2])], fresh=False))
request = {"op": "run", "blocks": [json.loads(sys.argv[3])], "fresh": False}
busy._send((json.dumps(request) + "\\n").encode())
print(idle.process.pid, busy.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    blocks = [json.dumps(block(code)) for code in ("1", "while True: pass")]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path, *blocks],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    for pid in done.stdout.split():
        wait_for_end(int(pid))
