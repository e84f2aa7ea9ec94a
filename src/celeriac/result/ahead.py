"""Listening ahead: for a thread that waits for each result right after the call, listening begins before the call."""

import os
from collections import deque
from collections.abc import Callable
from threading import get_ident

from celeriac.core import ids
from celeriac.core.errors import BackendError, OperationalError
from celeriac.core.ports.proof import Proof
from celeriac.core.states import READY_STATES

from .ears import Ears, Listener
from .source import Meta

Decode = Callable[[bytes], Meta]


class Expected:
    """The end of one task, listened for since before it was sent: proof that it was sent."""

    def __init__(self, task_id: str, channel: str, listener: Listener, decode: Decode) -> None:
        self.task_id = task_id
        self.listener = listener
        self._process = os.getpid()
        self._channel = channel
        self._decode = decode
        self._early: deque[Meta | None] = deque()  # what was heard before it was asked for

    def is_ours(self) -> bool:
        """Not if this process was forked since: the parent's connection is not ours to speak on."""
        return self._process == os.getpid()

    def fileno(self) -> int:
        return self.listener.fileno()

    def given(self) -> bool | None:
        try:
            payload = self._heard(0.0)
            if payload is None:
                return False if self.listener.fileno() >= 0 else None
            meta = self._read(payload)
        except (OperationalError, BackendError):
            return None  # whoever waits for the result will meet it again, and may raise it
        self._early.append(meta)
        if meta is None:
            return None
        return meta["status"] in READY_STATES

    def next(self, seconds: float) -> Meta | None:
        """What is told of it within so long, if that can be read."""
        if self._early:
            return self._early.popleft()
        payload = self._heard(seconds)
        return None if payload is None else self._read(payload)

    def _heard(self, seconds: float) -> bytes | None:
        """What is told of this task: the word of an earlier one may come when its result was found in the store."""
        heard = self.listener.ear.next(seconds)
        while heard is not None and heard[0] != self._channel:
            heard = self.listener.ear.next(0.0)
        return None if heard is None else heard[1]

    def _read(self, payload: bytes) -> Meta | None:
        """None if it says no more than that there is something to read."""
        return self._decode(payload) if payload else None

    def end(self) -> None:
        self.listener.end(self._channel)


class Ahead:
    """Guesses from what a thread did last; a wrong guess costs one message to the server, and ends the guessing."""

    def __init__(self, ears: Ears, channel: Callable[[str], str], decode: Decode) -> None:
        self._ears = ears
        self._channel = channel
        self._decode = decode
        # Threads whose last call was waited for at once; senders look here first.
        self.threads: set[int] = set()
        self._kept: dict[int, Expected] = {}  # by thread

    def begin(self, task_id: str) -> Proof | None:
        """This thread is about to send a call: what is heard of its end proves that it was sent."""
        me = get_ident()
        if me not in self.threads:
            return None
        if me in self._kept:
            self._take_back(me)
            return None
        listener, channel = self._ears.take(), self._channel(task_id)
        try:
            listener.begin_ahead(channel, self._coming)
        except OperationalError:
            # The call itself will say what is wrong.
            self.threads.discard(me)
            listener.ear.close()
            return None
        expected = self._kept[me] = Expected(task_id, channel, listener, self._decode)
        return expected if listener.fileno() >= 0 else None

    def _coming(self, count: int) -> list[str]:
        """Where the ends of the next tasks will be told, if this thread sends them."""
        return [self._channel(id) for id in ids.coming(count)]

    def listener(self, task_id: str, fresh: bool) -> Expected | None:
        """Who listens for this task already; `fresh` says that this thread sent it a moment ago."""
        me = get_ident()
        if fresh:
            self.threads.add(me)
        kept = self._kept.get(me)
        if kept is None:
            return None
        if kept.task_id == task_id and kept.is_ours():
            del self._kept[me]
            return kept
        self._take_back(me)
        return None

    def _take_back(self, me: int) -> None:
        """The guess was wrong."""
        self.threads.discard(me)
        kept = self._kept.pop(me)
        if not kept.is_ours():
            return
        try:
            kept.end()
        except OperationalError:
            kept.listener.ear.close()  # whoever waits next takes another
        else:
            self._ears.give(kept.listener)

    def close(self) -> None:
        self.threads.clear()
        while self._kept:
            _, kept = self._kept.popitem()
            if kept.is_ours():
                kept.listener.ear.close()
