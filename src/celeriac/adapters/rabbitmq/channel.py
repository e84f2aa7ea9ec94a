"""One channel of a conversation: who waits for which answer, which publishes are unconfirmed, what is arriving."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final

from . import methods
from .contents import Arrival, Parcel

_U64: Final = Struct(">Q")


class Answer:
    """What somebody waits for. `wake` is called once, when it is done."""

    __slots__ = ("consumer", "done", "error", "expects", "value", "wake")

    def __init__(self, expects: Sequence[str] = (), consumer: str | None = None) -> None:
        self.expects = expects  # the names of the methods that answer
        self.consumer = consumer  # and what consumer they must be about, if any
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.wake: Callable[[], None] | None = None

    def succeed(self, value: Any) -> None:
        if not self.done:
            self.value = value
            self._finish()

    def fail(self, error: BaseException) -> None:
        if not self.done:
            self.error = error
            self._finish()

    def _finish(self) -> None:
        self.done = True
        if self.wake is not None:
            self.wake()

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class Content:
    """A message whose frames are still coming."""

    __slots__ = ("body", "exchange", "header", "key", "missing", "parts", "redelivered", "tag", "what", "who")

    def __init__(self, what: int, who: str, tag: int, redelivered: bool, exchange: str, key: str) -> None:
        self.what = what
        self.who = who  # the consumer, or why it was returned
        self.tag = tag
        self.redelivered = redelivered
        self.exchange = exchange
        self.key = key
        self.header = b""
        self.missing = -1
        self.body = b""
        self.parts: list[bytes] | None = None

    def begin(self, header: bytes) -> None:
        self.header = header
        (self.missing,) = _U64.unpack_from(header, 4)

    def add(self, piece: bytes) -> None:
        self.missing -= len(piece)
        if self.parts is None and self.missing == 0:
            self.body = piece
            return
        if self.parts is None:
            self.parts = []
        self.parts.append(piece)
        if self.missing == 0:
            self.body = b"".join(self.parts)

    def arrival(self) -> Arrival:
        return Arrival(self.tag, self.redelivered, self.exchange, self.key, self.header, self.body)


class Batch(Answer):
    """Parcels published together. Its value, when all are confirmed: {place in parcels: why it failed}."""

    __slots__ = ("failures", "first", "left", "parcels", "undone")

    def __init__(self, parcels: Sequence[Parcel], first: int) -> None:
        super().__init__()
        self.parcels = parcels
        self.first = first  # the tag of the first
        self.left = len(parcels)
        self.failures: dict[int, str] = {}
        self.undone: list[int] = []  # if it fails: places of those of which nobody knows whether they were taken

    def settle(self, tag: int, refused: bool) -> None:
        self.left -= 1
        if refused:
            self.failures.setdefault(tag - self.first, _NO_ROOM)
        if self.left == 0:
            self.succeed(self.failures)

    def halt(self, error: BaseException) -> None:
        """Nothing of it was said yet, and nothing can be."""
        self.undone = list(range(len(self.parcels)))
        self.fail(error)

    def came_back(self, reason: str, arrival: Arrival) -> bool:
        """True if it is one of these."""
        for place, parcel in enumerate(self.parcels):
            if (
                parcel.key == arrival.key
                and parcel.exchange == arrival.exchange
                and place not in self.failures
                and parcel.body == arrival.body
            ):
                self.failures[place] = _unroutable(reason, arrival)
                return True
        return False


NO_ROUTE: Final = "312 NO_ROUTE"  # as the server says it
_NO_ROOM: Final = "its queue refused it: it is full, or it has lost its majority"


def _unroutable(reason: str, arrival: Arrival) -> str:
    if arrival.exchange:
        where = f"no queue is bound to exchange {arrival.exchange!r} for routing key {arrival.key!r}"
    else:
        where = f"there is no queue {arrival.key!r}"
    return f"{where}: start a worker that consumes it, or add it to task_queues ({reason})"


class Channel:
    """State only; the Talk fills it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked: deque[Answer] = deque()
        self.content: Content | None = None
        self.closed: Exception | None = None
        self._next = 1
        self._unconfirmed: dict[int, Batch] = {}
        self.on_delivery: Callable[[str, Arrival], None] = lambda consumer, arrival: None
        self.on_cancelled: Callable[[str], None] = lambda consumer: None
        self.on_closed: Callable[[Exception], None] = lambda error: None

    @property
    def unconfirmed(self) -> int:
        return len(self._unconfirmed)

    def expect(self, parcels: Sequence[Parcel]) -> Batch:
        """These go out now."""
        first = self._next
        batch = Batch(parcels, first)
        if not parcels:
            batch.succeed({})
        self._next += len(parcels)
        self._unconfirmed.update(dict.fromkeys(range(first, self._next), batch))
        return batch

    def confirm(self, tag: int, multiple: bool, refused: bool = False) -> None:
        unconfirmed = self._unconfirmed
        if not multiple:
            batch = unconfirmed.pop(tag, None)
            if batch is not None:
                batch.settle(tag, refused)
            return
        # Tags are in the order they were given out.
        done = []
        for known in unconfirmed:
            if known > tag:
                break
            done.append(known)
        for known in done:
            unconfirmed.pop(known).settle(known, refused)

    def arrived(self, content: Content) -> None:
        if content.what == methods.DELIVER:
            self.on_delivery(content.who, content.arrival())
        elif content.what == methods.GET_OK:
            self.answer(content.arrival(), "Basic.GetOk")
        else:
            self._came_back(content)

    def _came_back(self, content: Content) -> None:
        """A return comes before its confirm, so it belongs to the oldest batch that has such a parcel."""
        arrival = content.arrival()
        for batch in dict.fromkeys(self._unconfirmed.values()):
            if batch.came_back(content.who, arrival):
                return

    def answer(self, value: Any, name: str, consumer: str | None = None) -> None:
        """Replies come in the order of the questions, but for consumers: queues confirm those in their own time."""
        for place, asked in enumerate(self.asked):
            if name in asked.expects and (asked.consumer is None or asked.consumer == consumer):
                del self.asked[place]
                asked.succeed(value)
                return

    def close(self, error: Exception) -> None:
        """Nothing more will be heard on it."""
        if self.closed is not None:
            return
        self.closed = error
        asked, self.asked = self.asked, deque()
        for answer in asked:
            answer.fail(error)
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for tag, batch in unconfirmed.items():
            if tag - batch.first not in batch.failures:
                batch.undone.append(tag - batch.first)
        for batch in dict.fromkeys(unconfirmed.values()):
            batch.fail(error)
        self.on_closed(error)
