"""Alarm: ends a sleep, from any thread and from a signal's handler."""

import contextlib
import os
import select
import weakref


class Alarm:
    """An Event that may be set in a signal's handler of the thread that waits: an Event has a lock, this one a pipe."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
            weakref.finalize(self, os.close, end)

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it is full: it rings already
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """True as soon as it rings, False after so many seconds."""
        return bool(select.select([self._read], [], [], seconds)[0])

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 4096):
                pass
