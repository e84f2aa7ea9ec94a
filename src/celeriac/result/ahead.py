"""Listening ahead: for a thread that waits for each result right after the call, listening begins before the call."""

import os
from collections.abc import Callable
from threading import get_ident

from celeriac.core.errors import OperationalError

from .ears import Ears, Listener


class Ahead:
    """Guesses from what a thread did last; a wrong guess costs one message to the server, and ends the guessing."""

    def __init__(self, ears: Ears, channel: Callable[[str], str]) -> None:
        self._ears = ears
        self._channel = channel
        # Threads whose last call was waited for at once; senders look here first.
        self.threads: set[int] = set()
        self._kept: dict[int, tuple[int, str, Listener]] = {}  # by thread: process, task, who listens for it

    def begin(self, task_id: str) -> None:
        """This thread is about to send a call."""
        me = get_ident()
        if me not in self.threads:
            return
        if me in self._kept:
            self._take_back(me)
            return
        listener = self._ears.take()
        try:
            listener.begin(self._channel(task_id), wait=False)
        except OperationalError:
            # The call itself will say what is wrong.
            self.threads.discard(me)
            listener.ear.close()
        else:
            self._kept[me] = (os.getpid(), task_id, listener)

    def listener(self, task_id: str, fresh: bool) -> Listener | None:
        """Who listens for this task already; `fresh` says that this thread sent it a moment ago."""
        me = get_ident()
        if fresh:
            self.threads.add(me)
        kept = self._kept.get(me)
        if kept is None:
            return None
        process, expected, listener = kept
        if expected == task_id and process == os.getpid():
            del self._kept[me]
            return listener
        self._take_back(me)
        return None

    def _take_back(self, me: int) -> None:
        """The guess was wrong."""
        self.threads.discard(me)
        process, task_id, listener = self._kept.pop(me)
        if process != os.getpid():
            return  # forked: the parent's connection is not ours to speak on
        try:
            listener.end(self._channel(task_id))
        except OperationalError:
            listener.ear.close()  # whoever waits next takes another
        else:
            self._ears.give(listener)

    def close(self) -> None:
        self.threads.clear()
        while self._kept:
            _, (process, _, listener) = self._kept.popitem()
            if process == os.getpid():
                listener.ear.close()
