"""Which queues a message reaches: exchanges, bindings and topics, for brokers that have none of their own."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from .errors import ImproperlyConfigured
from .message import Exchange, Queue, Route


class Binding(msgspec.Struct, frozen=True, gc=False):
    """What is published to `exchange` and fits `key` goes into `queue`."""

    exchange: str
    type: str
    key: str
    queue: str


def bindings_of(queue: Queue) -> tuple[Binding, ...]:
    """All bindings a queue asks for; the default exchange reaches it without any."""
    pairs = ((queue.exchange, queue.routing_key or queue.name), *queue.bindings)
    return tuple(_binding(exchange, key, queue.name) for exchange, key in pairs if exchange.name)


def _binding(exchange: Exchange, key: str, queue: str) -> Binding:
    if exchange.type not in ("direct", "topic", "fanout"):
        raise ImproperlyConfigured(
            f"Queue {queue!r} is bound to exchange {exchange.name!r} of type {exchange.type!r}: "
            "this broker has direct, topic and fanout exchanges."
        )
    return Binding(exchange.name, exchange.type, key, queue)


def reached(bindings: Iterable[Binding], route: Route) -> tuple[str, ...]:
    """The queues this route reaches, each once; `bindings` are those of the route's exchange.

    A sender that knows the queue of a direct route reaches it although nobody has declared it yet.
    """
    if not route.exchange:
        return (route.routing_key,)
    queues = dict.fromkeys(binding.queue for binding in bindings if _fits(binding, route.routing_key))
    if not queues and route.queue is not None and route.exchange_type == "direct":
        return (route.queue.name,)
    return tuple(queues)


def _fits(binding: Binding, key: str) -> bool:
    if binding.type == "topic":
        return topic_matches(binding.key, key)
    return binding.type == "fanout" or binding.key == key


@lru_cache(4096)
def topic_matches(pattern: str, key: str) -> bool:
    """AMQP's topics: `*` stands for one word, `#` for any number of words, words are parted by dots."""
    return _match(tuple(pattern.split(".")), tuple(key.split(".")) if key else ())


def _match(pattern: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Keeps the set of pattern places that may come next, so a pattern full of `#` costs no more than its length."""
    places = _open(pattern, {0})
    for word in words:
        stay = {place for place in places if place < len(pattern) and pattern[place] == "#"}
        step = {place + 1 for place in places if place < len(pattern) and pattern[place] in ("*", word)}
        places = _open(pattern, stay | step)
    return len(pattern) in places


def _open(pattern: tuple[str, ...], places: set[int]) -> set[int]:
    """A `#` may stand for no word at all: the place behind it is open too."""
    found = set(places)
    for place in range(min(found, default=0), len(pattern)):
        if place in found and pattern[place] == "#":
            found.add(place + 1)
    return found


def unroutable(to: Route) -> str:
    """Why a message was refused that reaches no queue."""
    return (
        f"No queue is bound to exchange {to.exchange!r} with routing key {to.routing_key!r}: "
        "declare the queue first (it is declared when it is in task_queues or a worker consumes it)."
    )
