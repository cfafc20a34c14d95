"""A file is written whole or not at all: on a full disk, killed amid the write, and beside others
that write the same file."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossnotes import files
from tests.conftest import mounted

OLD = "the old text\n"


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_new_text_takes_the_place_of_the_old_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.md"
    files.write(path, OLD)
    files.write(path, ["new ", "日本語"], sync=True)
    assert path.read_text(encoding="utf-8") == "new 日本語"
    assert names(path.parent) == ["a.md"]


def test_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "64k") as disk:
        path = disk / "a.md"
        path.write_text(OLD)
        with pytest.raises(OSError, match="No space left"):
            files.write(path, "x" * 100_000)
        assert path.read_text() == OLD
        assert names(disk) == ["a.md"]


def test_limit_of_a_file_s_size_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(OLD)
    code = (
        "import resource, signal, sys; from pathlib import Path; from crossnotes import files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "files.write(Path(sys.argv[1]), 'x' * 100)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert path.read_text() == OLD
    assert names(tmp_path) == ["a.md"]


def test_exception_amid_the_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(OLD)

    def parts() -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write(path, parts())
    assert path.read_text() == OLD
    assert names(tmp_path) == ["a.md"]


WRITER = """
import sys
from pathlib import Path
from crossnotes import files

def parts():
    yield "half"
    print("amid", flush=True)
    sys.stdin.read()
    yield "whole"

files.write(Path(sys.argv[1]), parts())
"""


@contextlib.contextmanager
def writing(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has written the half of a file, and writes on when its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "amid\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_killed_write_leaves_the_old_file_and_the_next_one_removes_what_it_left(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    path.write_text(OLD)
    with writing(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert path.read_text() == OLD
    assert len(names(tmp_path)) == 2
    # What is left is taken for no ledger, page or catalogue, and goes with any write beside it.
    assert [each.name for each in tmp_path.glob("*.json")] == ["a.json"]
    files.write(tmp_path / "b.json", OLD)
    assert names(tmp_path) == ["a.json", "b.json"]


def test_write_that_goes_on_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with writing(path) as process:
        files.write(path, "other")
        files.remove_leftovers(tmp_path)
        assert len(names(tmp_path)) == 2
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert path.read_text() == "halfwhole"
    assert names(tmp_path) == ["a.md"]


def test_of_many_at_once_one_wins_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    texts = {letter * 20_000 for letter in "abcdefgh"}

    def write(text: str) -> None:
        for _time in range(20):
            files.write(path, text)
            assert path.read_text() in texts

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert path.read_text() in texts
    assert names(tmp_path) == ["a.md"]


def test_rights_owner_and_link_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "real" / "a.md", tmp_path / "link.md"
    files.write(path, OLD)
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 1234, 1235)
    link.symlink_to(path)
    before = path.stat()
    files.write(link, "new")
    assert link.is_symlink()
    after = path.stat()
    assert path.read_text() == "new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_new_file_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write(tmp_path / "a.md", OLD)
    finally:
        os.umask(before)
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640


def test_device_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    files.write(Path("/dev/null"), OLD)
    assert Path("/dev/null").is_char_device()
    code = (
        "from pathlib import Path; from crossnotes import files\n"
        "print('before', flush=True); files.write(Path('/dev/stdout'), 'text\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "before\ntext\n"
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\ntext\n"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    files.write(pipe, OLD)
    assert reader.communicate(timeout=60)[0] == OLD


def test_name_that_is_no_utf_8_becomes_an_escape_that_json_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write(path, json.dumps("a\udcff.md", ensure_ascii=False))
    assert json.loads(path.read_text(encoding="utf-8")) == "a\udcff.md"


def test_folder_that_cannot_be_written_to_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        files.write(tmp_path / "file" / "a.md", OLD)
