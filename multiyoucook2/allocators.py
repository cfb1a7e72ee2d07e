"""Freed memory goes back to the system: Arrow and the C library keep it, each for its own use, and it adds up."""

import ctypes
import sys


def release_freed() -> None:
    """Some milliseconds; worth it after work on a whole data set."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None:  # glibc has it
        trim(0)
