"""The memory of a warmed process, made ready to be forked: a fork copies each page of it that it
writes to, and pays for that."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

#: Bytes of what the gaps are filled with, the largest first.
_SIZES = (*(1024 * n for n in (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2)), *range(1536, 16, -16))


class _Mallinfo2(ctypes.Structure):
    """What glibc says of its heap (mallinfo2(3)): last, the bytes at its end that are free."""

    _fields_ = [
        *((f"field{number}", ctypes.c_size_t) for number in range(9)),
        ("keepcost", ctypes.c_size_t),
    ]


def settle() -> None:
    """Have it that forks leave alone what is there: they do not look at it for garbage, and what
    they allocate lies together, not in gaps all over it."""
    gc.collect()
    _fill_gaps()
    gc.freeze()


def _fill_gaps() -> None:
    """Take every gap of glibc's heap below its last, for good. Other systems keep theirs."""
    libc: Any = ctypes.CDLL(None)
    try:
        sbrk, malloc, free, mallinfo2 = libc.sbrk, libc.malloc, libc.free, libc.mallinfo2
    except AttributeError:
        return
    sbrk.restype = malloc.restype = ctypes.c_size_t
    sbrk.argtypes = [ctypes.c_ssize_t]
    malloc.argtypes = free.argtypes = [ctypes.c_size_t]
    mallinfo2.restype = _Mallinfo2
    last = sbrk(0) - mallinfo2().keepcost
    for size in _SIZES:
        while 0 < (taken := malloc(size)) < last:
            pass
        free(taken)
