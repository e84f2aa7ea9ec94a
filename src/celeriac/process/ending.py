"""Ends a process exactly: holds it still, looks once more, and only then sends the signal."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

_PATIENCE: Final = 0.1  # seconds; the kernel needs microseconds
_STOPPED: Final = (b"T", b"t")
# D: in the kernel, where it will meet the stop before it runs another instruction of its own.
_STILL: Final = (*_STOPPED, b"D", b"Z", b"X")
_LINUX: Final = sys.platform.startswith("linux")


def send(pid: int, number: int) -> bool:
    """False if there is no such process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def end_if(pid: int, number: int, sure: Callable[[], bool]) -> bool:
    """Send the signal if `sure` says so while the process stands still; True if it was sent.

    One that stood still before is left so, unless it is to end.
    """
    stood = _state(pid) in _STOPPED
    if not send(pid, signal.SIGSTOP):
        return False
    ending = _wait_still(pid) and sure()
    if ending:
        send(pid, number)
    if ending or not stood:
        send(pid, signal.SIGCONT)
    return ending


def _wait_still(pid: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while True:
        late = time.monotonic() > end  # before the look: this process may have been held up itself
        if _state(pid) in _STILL:
            return True
        if late:
            return False
        os.sched_yield()


def _state(pid: int) -> bytes:
    """The letter by which the kernel names what a process is doing; X: there is none."""
    if not _LINUX:
        # Nobody tells: a stopped process of our own user stands still well within this.
        time.sleep(0.001)
        return _STILL[0]
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split(None, 1)[0]
    except (OSError, IndexError):
        return b"X"
