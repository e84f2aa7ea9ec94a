"""The reply queue of one client process, and the thread that reads it into the box."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakSet

from ...core.errors import OperationalError
from ...core.message import Post, Queue
from . import methods
from .box import Box
from .contents import Arrival
from .line import Line
from .queues import declarations
from .reading import Reading
from .refusals import FAILURES, Lost, failure

logger = logging.getLogger("celeriac.results")
_READING: Final = 5
_PREFETCH: Final = 1000
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_LOOK: Final = 30.0  # so often the reader looks around if nothing comes
_BYE: Final = 1.0
_all: WeakSet[Replies] = WeakSet()


class Replies:
    """Reads one queue, named by who sent the tasks; begins with the first call whose result is wanted.

    The queue is not deleted when its consumer goes, as Celery's is: results that come while the connection is away
    wait there. It goes when this process ends in good order, or `kept` seconds after it was last seen.
    """

    def __init__(self, connect: Callable[..., Line], place: object, kept: float) -> None:
        self._connect = connect
        self._place = place
        self._kept = kept
        self.forget()
        _all.add(self)

    def forget(self) -> None:
        """Begins anew; in a forked child what the parent has is not ours."""
        self.box = Box()
        self.trouble: OperationalError | None = None
        self._name = ""
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self.reading = Reading(lambda tag: methods.ack(_READING, tag, multiple=True))

    @property
    def begun(self) -> bool:
        return self._thread is not None

    def wanted(self, posts: Sequence[Post], name: str) -> Queue | None:
        """The queue to declare before these are sent; None if it is there, or no results are wanted."""
        if self._name == name and self._thread is not None:
            return None
        return self.queue(name) if any(_replied_to(post, name) for post in posts) else None

    def queue(self, name: str) -> Queue:
        return Queue(name, expires=self._kept)

    def begin(self, posts: Sequence[Post], name: str) -> None:
        """These were sent: from now on somebody reads what comes of them."""
        if self._name == name and self._thread is not None:
            return
        if not any(_replied_to(post, name) for post in posts):
            return
        with self._lock:
            if self._thread is None:
                self._name = name
                self._closing = threading.Event()
                self._thread = threading.Thread(
                    target=self._read, args=(self._closing,), name="celeriac-results", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Ends the reading, and the queue: nobody else could read it."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None or self._pid != os.getpid():
                return
            self._closing.set()
        self.reading.end()
        # The server tells the reader that its queue is gone: that wakes it.
        with suppress(*FAILURES, OperationalError):
            line = self._connect(_BYE)
            try:
                line.ask(methods.Delete(queue=self._name), time.monotonic() + _BYE)
            finally:
                line.close()
        thread.join(_BYE)

    # -- the reader's thread ------------------------------------------------------------------------

    def _read(self, closing: threading.Event) -> None:
        try:
            self._read_on(closing)
        finally:
            self.reading.close()

    def _read_on(self, closing: threading.Event) -> None:
        failed = 0
        while not closing.is_set():
            began = time.monotonic()
            try:
                self._converse(closing)
                failed = 0
            except (*FAILURES, OperationalError) as error:
                if closing.is_set():
                    return
                failed = 0 if time.monotonic() - began > 5.0 else failed + 1
                self.trouble = failure(self._place, error)
                logger.warning("Results can't be received, trying again: %s", self.trouble)
                closing.wait(_PAUSES[min(failed, len(_PAUSES) - 1)])
            except Exception:
                # Without a reader nobody would ever get a result again.
                logger.exception("The reader of results failed, and begins again")
                closing.wait(_PAUSES[-1])

    def _converse(self, closing: threading.Event) -> None:
        """One connection, until it breaks."""
        line = self._connect()
        try:
            channel = line.channel(_READING)
            channel.on_delivery = self._came
            # Whoever reads, this thread or one that waits, looks at nothing but whether the conversation has ended.
            channel.on_cancelled = lambda consumer: line.talk.end(Lost("the queue of results was deleted"))
            channel.on_closed = line.talk.end
            until = time.monotonic() + 5.0
            for _, method in declarations([self.queue(self._name)]):
                line.ask(method, until, _READING)
            line.ask(methods.Qos(prefetch_count=_PREFETCH), until, _READING)
            line.ask(methods.Consume(queue=self._name), until, _READING)
            self.trouble = None
            self.reading.use(line)
            while not closing.is_set():
                self.reading.read(line, _LOOK)
                if line.talk.ended is not None:
                    raise line.talk.ended
        finally:
            line.hang_up()  # a thread that reads for itself notices
            self.reading.use(None)
            line.drop()

    def _came(self, consumer: str, arrival: Arrival) -> None:
        self.box.receive(arrival)
        self.reading.came(arrival.tag)


def _replied_to(post: Post, name: str) -> bool:
    message = post.message
    return message.properties.get("reply_to") == name and not message.headers.get("ignore_result")


def _after_fork() -> None:
    for replies in list(_all):
        replies.reading.close()
        replies.forget()


def _at_exit() -> None:
    for replies in list(_all):
        replies.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
