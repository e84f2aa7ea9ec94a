"""The dead letters on RabbitMQ: one durable queue that nobody consumes; looking through it gives everything back."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from ...core.delivery import DeadLetter
from ...core.errors import DecodeError, OperationalError
from ...core.flow import Flow
from ...core.ids import uuid
from ...core.message import Message
from ...wire import envelope
from . import methods, requests
from .contents import Arrival, Parcel, parcel, read_header
from .refusals import Refused

QUEUE: Final = "celeriac.dead"
_ID: Final = "celeriac-id"
_QUEUE: Final = "celeriac-queue"
_REASON: Final = "celeriac-reason"
_DIED_AT: Final = "celeriac-died-at"
_START: Final = "celeriac-start"  # of the message; the rest of it is the body
_MOST_START: Final = 1 << 16
_GETS: Final = 64
_EXPIRED_AT_ONCE: Final = 500
DECLARATION: Final = methods.Declare(queue=QUEUE, durable=True)


def letter(queue: str, raw: bytes, reason: str, died_at: float) -> Parcel:
    """A message that could not be run, on its way into the dead letters."""
    headers = {_ID: uuid(), _QUEUE: queue, _REASON: reason, _DIED_AT: died_at}
    message = Message(headers, {"delivery_mode": 2}, raw, "application/octet-stream", "binary")
    return parcel(message, "", QUEUE)


def apart(one: Parcel) -> Parcel:
    """The same letter with the beginning of the message in its headers, where the server does not count it: a message
    that was just small enough is too large with its own headers in front."""
    headers = {**read_header(one.header)["headers"], _START: one.body[:_MOST_START]}
    message = Message(headers, {"delivery_mode": 2}, one.body[_MOST_START:], "application/octet-stream", "binary")
    return parcel(message, "", QUEUE)


class RabbitDeadLetters:
    """Flows of requests; no I/O. While somebody looks through the letters, others see fewer of them."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        found: list[DeadLetter] = []
        passed = not after

        def look(arrival: Arrival) -> bool:
            nonlocal passed
            read = _read(arrival)
            if passed and read is not None:
                found.append(read)
            passed = passed or (read is not None and read.id == after)
            return len(found) < limit

        yield from _look_through(look)
        return tuple(found[:limit])

    def expire(self, ttl: float) -> Flow[int]:
        """The oldest lie first, so the first one that is younger ends the search."""
        before = self._now() - ttl
        old: list[int] = []

        def look(arrival: Arrival) -> bool:
            read = _read(arrival)
            if read is not None and read.died_at < before:
                old.append(arrival.tag)
                return len(old) < _EXPIRED_AT_ONCE
            return False

        yield from _look_through(look, close=False)
        return (yield from _end(old))

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        wanted = set(ids)
        chosen = yield from self._choose(wanted)
        kept = []
        for arrival, read in chosen:
            failures: dict[int, str] = yield requests.Send((_again(read),))
            if failures:
                yield from _close()
                raise OperationalError(f"The dead letter {read.id} can't go back to {read.queue!r}: {failures[0]}")
            kept.append(arrival.tag)
        return (yield from _end(kept))

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        if ids is None:
            try:
                reply: Any = yield requests.Ask(methods.Purge(queue=QUEUE))
            except Refused as refused:
                if refused.code != 404:
                    raise
                return 0
            return int(reply.message_count)
        chosen = yield from self._choose(set(ids))
        return (yield from _end([arrival.tag for arrival, _ in chosen]))

    def _choose(self, wanted: Collection[str]) -> Flow[list[tuple[Arrival, DeadLetter]]]:
        """The wanted ones stay in hand, on the flow's channel."""
        found: list[tuple[Arrival, DeadLetter]] = []

        def look(arrival: Arrival) -> bool:
            read = _read(arrival)
            if read is not None and read.id in wanted:
                found.append((arrival, read))
            return len(found) < len(wanted)

        yield from _look_through(look, close=False)
        return found


def _look_through(look: Callable[[Arrival], bool], close: bool = True) -> Flow[None]:
    """Get letters, oldest first, until `look` has seen enough or there are no more."""
    try:
        more = True
        while more:
            replies: list[Any] = yield requests.AskAll([methods.Get(queue=QUEUE)] * _GETS)
            for reply in replies:
                more = more and isinstance(reply, Arrival) and look(reply)
    except Refused as refused:
        if refused.code != 404:
            raise
        return
    if close:
        yield from _close()


def _end(tags: Sequence[int]) -> Flow[int]:
    """These are done with; all others go back."""
    if tags:
        yield requests.Say(tuple((tag, False) for tag in tags))
    yield from _close()
    return len(tags)


def _close() -> Flow[None]:
    yield requests.Shut()


def _read(arrival: Arrival) -> DeadLetter | None:
    """None for what is no letter of ours."""
    try:
        headers = read_header(arrival.header).get("headers") or {}
        raw = headers.get(_START, b"") + arrival.body
        return DeadLetter(str(headers[_ID]), str(headers[_QUEUE]), raw, str(headers[_REASON]), float(headers[_DIED_AT]))
    except (KeyError, TypeError, ValueError, DecodeError):
        return None


def _again(read: DeadLetter) -> Parcel:
    try:
        return parcel(envelope.decode(read.raw), "", read.queue)
    except DecodeError:
        plain = Message({}, {"delivery_mode": 2}, read.raw, "application/octet-stream", "binary")
        return parcel(plain, "", read.queue)
