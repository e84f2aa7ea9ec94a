"""Who reads the results of a process: a thread made for it or, sooner by one wake-up, the only thread that waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from .line import Line
from .refusals import FAILURES, Lost

# So long the reader's thread leaves the reading to those who wait, each by itself, one after the other.
GRACE: Final = 0.25
_ROUSED: Final = 0.05  # so long a thread waits for the reader's to give up its place
_ACKNOWLEDGED: Final = 200  # so many results are acknowledged together ...
_SOON: Final = 0.05  # ... or when nothing has come for so long


class Reading:
    """The connection is read by one thread at a time: whoever holds the place."""

    def __init__(self, acknowledge: Callable[[int], bytes]) -> None:
        self._line: Line | None = None
        self._acknowledge = acknowledge  # all up to this one
        self._place = threading.Lock()
        self._counting = threading.Lock()
        self._others = 0  # who wait without reading: for them the thread reads
        self._led = -GRACE  # when somebody last read for itself
        self._leading = False
        self._resume = threading.Event()
        self._bell: tuple[socket.socket, socket.socket] | None = None  # rouses the reader's thread
        self._last = 0
        self._unsaid = 0

    def use(self, line: Line | None) -> None:
        """There is a connection to be read, or none any more."""
        if self._bell is None and line is not None:
            self._bell = socket.socketpair()
            for end in self._bell:
                end.setblocking(False)
        with self._place:
            self._line = line
            if line is None:  # its tags mean nothing on the next; that may have brought something before it is ours
                self._unsaid = 0

    def close(self) -> None:
        """The thread that reads is gone."""
        bell, self._bell = self._bell, None
        for end in bell or ():
            end.close()

    def came(self, tag: int) -> None:
        """A result is in the box."""
        self._last = tag
        self._unsaid += 1

    # -- the reader's thread ------------------------------------------------------------------------

    def read(self, line: Line, seconds: float) -> None:
        """Takes in what comes next, when it is this thread's turn."""
        while not self._others and time.monotonic() - self._led < GRACE and line.talk.ended is None:
            self._resume.wait(GRACE)
            self._resume.clear()
        patience = min(seconds, _SOON) if self._unsaid else seconds
        with self._place:
            if line.talk.ended is None and not self._hear(line, patience, self._bell[1] if self._bell else None):
                self._say(line)
        if self._bell is not None:
            with suppress(BlockingIOError):
                self._bell[1].recv(64)

    def end(self) -> None:
        """Look at once: there is something to be heard."""
        self._led = -GRACE
        self._resume.set()

    # -- those who wait -----------------------------------------------------------------------------

    def lead(self, done: Callable[[], bool], deadline: float | None) -> bool:
        """Reads in this thread until then; False if others wait too: then it is the thread that reads."""
        line = self._line
        if self._others or self._leading or line is None or line.talk.ended is not None:
            return False
        self._led = time.monotonic()
        if not self._place.acquire(blocking=False):
            bell = self._bell
            if bell is not None:
                with suppress(OSError):  # it is full, or the thread has ended
                    bell[0].send(b"\0")
            if not self._place.acquire(timeout=_ROUSED):
                return False
        self._leading = True
        try:
            self._read_until(line, done, deadline)
        except FAILURES as error:
            line.talk.end(Lost(str(error)))
        except BaseException:
            # Interrupted (Ctrl-C, a time limit) with half a frame taken in. What was not acknowledged comes again.
            line.talk.end(Lost("whoever read was interrupted"))
            raise
        finally:
            self._leading = False
            self._place.release()
            if self._others or line.talk.ended is not None:
                self.end()
        return True

    def _read_until(self, line: Line, done: Callable[[], bool], deadline: float | None) -> None:
        while not done() and line.talk.ended is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0.0:
                return
            if self._unsaid:
                left = _SOON if left is None else min(left, _SOON)
            if not self._hear(line, left):
                self._say(line)

    def fileno(self) -> int:
        """Of the connection, while those who wait read it themselves; else -1."""
        line = self._line
        if line is None or self._others or time.monotonic() - self._led >= GRACE:
            return -1
        return line.fileno()

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Somebody waits for what another thread reads."""
        with self._counting:
            self._others += 1
        self._resume.set()
        try:
            yield
        finally:
            with self._counting:
                self._others -= 1

    def catch_up(self) -> None:
        """Takes in what has come and was read by nobody, for the thread leaves that to others."""
        if time.monotonic() - self._led < GRACE and not self._others:
            self.lead(self._taken_in, None)

    def _taken_in(self) -> bool:
        line = self._line
        while line is not None and line.talk.ended is None and line.hear(0.0):
            pass
        return True

    # -- one hearing --------------------------------------------------------------------------------

    def _hear(self, line: Line, seconds: float | None, bell: socket.socket | None = None) -> bool:
        if self._unsaid >= _ACKNOWLEDGED:
            self._say(line)
        return line.hear(seconds, bell)

    def _say(self, line: Line) -> None:
        """Acknowledges what is in the box; it is sent with the next hearing, which sends before it waits."""
        if self._unsaid:
            line.talk.say(self._acknowledge(self._last))
            self._unsaid = 0
