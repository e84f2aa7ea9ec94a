"""The ears of waiting threads: as many as have ever waited at one time, used again and again."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from celeriac.core.errors import TimeoutError
from celeriac.core.ports import Ear

_FEW_GUESSED: Final = 3
_MOST_GUESSED: Final = 15
_STALE_CHANNELS: Final = 100  # an ear leaves channels it no longer needs together: each leaving costs a round trip


class Listener:
    """An ear and the channels it has been put to."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self._stale: set[str] = set()
        self._guessed: set[str] = set()  # what would be wished for next
        self._wished: set[str] = set()  # those of them that it listens to already

    def fileno(self) -> int:
        """Of the socket on which it hears; -1 if there is none to look at."""
        look: Callable[[], int] | None = getattr(self.ear, "fileno", None)
        return -1 if look is None else look()

    def begin(self, channel: str, wait: bool = True) -> None:
        self._stale.discard(channel)
        self.ear.add((channel,), wait)

    def begin_ahead(self, channel: str, coming: Callable[[int], list[str]]) -> None:
        """Wishes also for those that are coming, if the last guess was right: each wish is a message to the server."""
        if channel in self._wished:
            self._wished.discard(channel)
            return
        together: int = getattr(self.ear, "together", 1)
        right = channel in self._guessed
        self._stale |= self._wished
        self._guessed = set(coming(min(together - 1, _MOST_GUESSED if right else _FEW_GUESSED)))
        self._wished = set(self._guessed) if right else set()
        self._stale -= self._wished | {channel}
        self.ear.add((channel, *self._wished), False)

    def end(self, channel: str) -> None:
        self._stale.add(channel)
        if len(self._stale) >= _STALE_CHANNELS:
            stale, self._stale = self._stale, set()
            self.ear.discard(stale)


class Ears:
    """Ears that are free: as many as threads have ever waited at one time, however many results there are."""

    def __init__(self, listen: Callable[[], Ear]) -> None:
        self._listen = listen
        self._free: list[Listener] = []
        self._pid = os.getpid()

    @contextmanager
    def borrowed(self, listener: Listener | None = None) -> Iterator[Listener]:
        """An ear (or this one) for this thread alone; one that had trouble is not given back."""
        if listener is None:
            listener = self.take()
        try:
            yield listener
        except TimeoutError:  # the caller's time was over: the ear is as good as before
            self.give(listener)
            raise
        except BaseException:
            # Broken, or interrupted half-way through a reply: nobody may use it again.
            listener.ear.close()
            raise
        self.give(listener)

    def take(self) -> Listener:
        if self._pid != os.getpid():  # forked: the parent's connections are not ours to speak on
            self._free, self._pid = [], os.getpid()
        try:
            return self._free.pop()
        except IndexError:
            return Listener(self._listen())

    def give(self, listener: Listener) -> None:
        self._free.append(listener)

    def close(self) -> None:
        while self._free:
            self._free.pop().ear.close()
