"""A fork of a process whose heap is settled writes to fewer of its pages."""

import ctypes
import gc
import resource
import subprocess
import sys

import pytest

from crossnotes.child import heap

#: Leaves gaps of a kilobyte all over the heap, and counts the pages that a fork makes its own when
#: it allocates what fits into them, before and after.
SCRIPT = """\
import gc, os, resource
from crossnotes.child import heap


def faults():
    read, write = os.pipe()
    if not os.fork():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        kept = [bytearray(900) for _ in range(1000)]
        now = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        os.write(write, str(now - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 20))


kept = [bytearray(1000) for _ in range(20000)]
# Of every eight one is given back: a page or two lie between two gaps.
del kept[::8]
before = faults()
heap.settle()
print(before, faults())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="it has another heap")
def test_forks_write_to_fewer_pages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    before, after = map(int, done.stdout.split())
    # A thousand gaps of a page each, or a megabyte in one piece.
    assert before > 800
    assert after < before / 2


def test_what_is_there_is_not_looked_at_for_garbage() -> None:
    frozen = gc.get_freeze_count()
    kept = [[] for _ in range(1000)]
    try:
        heap.settle()
        assert gc.get_freeze_count() >= frozen + len(kept)
    finally:
        gc.unfreeze()


def test_settling_again_takes_no_memory_to_speak_of() -> None:
    heap.settle()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        heap.settle()
    gc.unfreeze()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000
