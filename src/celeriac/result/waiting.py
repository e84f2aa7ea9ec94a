"""Waiting for a result in sync code: read, subscribe, read again, listen, and look again every few seconds."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import OperationalError, TimeoutError
from celeriac.core.ports import ResultStore, Transport
from celeriac.core.states import READY_STATES

from .ahead import Ahead, Expected
from .ears import Ears, Listener
from .gathering import CHUNK, Gathering
from .many import Many
from .patience import REREAD, Patience
from .source import Meta, Wait

Decode = Callable[[bytes], Meta]

# Who listened before the call went out hears of its end; only if it does not come so soon is the store asked.
_HEAD_START: Final = 0.02


class Waiter:
    """Reads and awaits result documents through one transport."""

    def __init__(self, transport: Transport, decode: Decode, timeout: float = 5.0, clock: Clock = SYSTEM_CLOCK) -> None:
        assert transport.results is not None
        self._transport = transport
        self._store: ResultStore = transport.results
        self._decode = decode
        self._timeout = timeout  # of one read
        self._clock = clock
        self._ears = Ears(lambda: transport.link().listen()) if transport.bus is not None else None
        self.ahead = Ahead(self._ears, self._store.channel, decode) if self._ears is not None else None

    def read(self, task_id: str, timeout: float | None = None) -> Meta | None:
        """The document, or None if nothing is stored."""
        flow = self._store.fetch([task_id])
        payload = self._transport.link().run(flow, self._timeout if timeout is None else timeout)[0]
        return None if payload is None else self._decode(payload)

    def read_many(self, ids: Sequence[str]) -> Iterator[tuple[str, Meta]]:
        """(id, document) of those of which something is stored, in few round trips."""
        for start in range(0, len(ids), CHUNK):
            some = ids[start : start + CHUNK]
            payloads = self._transport.link().run(self._store.fetch(some), self._timeout)
            yield from (
                (id, self._decode(payload)) for id, payload in zip(some, payloads, strict=True) if payload is not None
            )

    def wait_many(self, ids: Sequence[str], how: Wait) -> Iterator[tuple[str, Meta]]:
        """(id, document) of each task as it becomes ready."""
        listens = self._ears is not None
        gathering = Gathering(ids, self._store.channel, self._decode, how, listens)
        reread = REREAD if listens else how.interval
        patience = Patience(gathering.describe, how, self._clock, self._timeout, reread)
        return Many(self._transport, self._store, self._ears).gather(gathering, patience)

    def wait(self, task_id: str, how: Wait) -> Meta:
        """The document of the task once it is ready."""
        patience = Patience(
            task_id, how, self._clock, self._timeout, REREAD if self._ears is not None else how.interval
        )
        ahead = self.ahead.listener(task_id, how.fresh) if self.ahead is not None else None
        listening = ahead is not None or (how.fresh and self._ears is not None)
        while True:
            try:
                found = None if listening else self._look(task_id, patience, how)
                listening = False
                if found is None and self._ears is not None:
                    with self._ears.borrowed(None if ahead is None else ahead.listener) as listener:
                        found = None if ahead is None else self._first_word(ahead, how)
                        found = found or self._listen(task_id, listener, patience, how)
                elif found is None:
                    self._idle(patience, how)
                if found is not None:
                    return found
            except OperationalError as trouble:
                ahead = None
                time.sleep(patience.pause(trouble))
            patience.check()

    def _look(self, task_id: str, patience: Patience, how: Wait) -> Meta | None:
        meta = self.read(task_id, patience.io_timeout)
        patience.looked()
        return None if meta is None else _if_ready(meta, how)

    def _first_word(self, expected: Expected, how: Wait) -> Meta | None:
        """What is told soon after the call, by a listener who was there before it."""
        meta = expected.next(_HEAD_START if how.timeout is None else min(_HEAD_START, max(how.timeout, 0.0)))
        found = None if meta is None else _if_ready(meta, how)
        if found is not None:
            expected.end()
        return found

    def _listen(self, task_id: str, listener: Listener, patience: Patience, how: Wait) -> Meta | None:
        """Listen until the task is ready or time is up; every now and then look, for messages can be lost."""
        channel = self._store.channel(task_id)
        listener.begin(channel)
        try:
            found = self._look(task_id, patience, how)
            while found is None:
                patience.check()
                wait = patience.slice()
                heard = listener.ear.next(wait) if wait else None
                if heard is None or not heard[1]:
                    found = self._after_silence(task_id, patience, how, told=heard is not None)
                elif heard[0] == channel:
                    found = _if_ready(self._decode(heard[1]), how)
        except TimeoutError:
            listener.end(channel)
            raise
        listener.end(channel)
        return found

    def _after_silence(self, task_id: str, patience: Patience, how: Wait, told: bool) -> Meta | None:
        if how.on_interval is not None and not told:
            how.on_interval()
        # Some stores only say that there is something to read.
        return self._look(task_id, patience, how) if told or not patience.slice() else None

    def _idle(self, patience: Patience, how: Wait) -> None:
        """For stores that tell nobody anything: wait out the interval."""
        time.sleep(patience.slice())
        if how.on_interval is not None:
            how.on_interval()

    def close(self) -> None:
        if self.ahead is not None:
            self.ahead.close()
        if self._ears is not None:
            self._ears.close()


def _if_ready(meta: Meta, how: Wait) -> Meta | None:
    if how.on_message is not None:
        how.on_message(meta)
    return meta if meta["status"] in READY_STATES else None


def pending(task_id: str) -> dict[str, Any]:
    """The document of a task of which nothing is stored."""
    return {"status": "PENDING", "result": None, "traceback": None, "children": None, "task_id": task_id}
