"""Ctrl-C while R waits for Python.

reticulate's own handler asks R, by running R code, whether an interrupt is pending. That code can itself be
interrupted, and what then arrives in Python is an error that says nothing of a Ctrl-C. So during a request Python's
plain handler is in place, which asks nobody; the answer says that there was an interrupt, and R makes it its own.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def plain_interrupts() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, and restore what R's side had, also the handler at the level of C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    get_handler, set_handler = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
    get_handler.restype = set_handler.restype = ctypes.c_void_p
    set_handler.argtypes = [ctypes.c_int, ctypes.c_void_p]
    of_process = get_handler(signal.SIGINT)
    of_python = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, of_python)
        set_handler(signal.SIGINT, of_process)
