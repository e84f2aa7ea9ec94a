"""What is declared on RabbitMQ: queues, exchanges and the delay queues, and which of them are known to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pamqp import base, commands

from ...core.errors import Conflict, ImproperlyConfigured
from ...core.flow import Flow
from ...core.message import Exchange, Post, Queue
from . import delays, requests
from .queues import declarations, exchange_declaration, is_quorum
from .refusals import Refused, Returned

_MISSING: Final = 404
_NOT_AGAIN: Final = 30.0  # seconds


class Declaring:
    """Flows of requests; no I/O."""

    def __init__(self, queue_type_of_delays: str, now: Callable[[], float]) -> None:
        self._now = now
        self._unknown: dict[str, float] = {}  # types of exchanges, and until when they are not asked for again
        self._type_of_delays = queue_type_of_delays
        self._declared: dict[str, Queue] = {}
        self._bound: set[str] = set()  # queues that delayed messages can come out into
        self._delays_there = False

    def queues(self, queues: Sequence[Queue]) -> Flow[None]:
        for what, method in declarations(queues):
            yield from self._declare(what, method)
        self._declared.update((queue.name, queue) for queue in queues)
        mixed = [queue for queue in queues if is_quorum(queue) and queue.exchange.type == "topic"]
        if mixed:
            yield from self._delays()
            for queue in mixed:
                yield requests.AskAll(tuple(delays.celerys_bindings(queue)))

    def again(self) -> Flow[None]:
        """After a restart: queues that did not survive it are made anew."""
        if self._declared:
            self.forget_delays()
            yield from self.queues(list(self._declared.values()))

    def exchanges(self, posts: Iterable[Post]) -> Flow[None]:
        """Those that nobody has declared yet, by what the routes say of them."""
        for name, kind in {post.route.exchange: post.route.exchange_type for post in posts}.items():
            for what, method in exchange_declaration(Exchange(name, kind)) if name else ():
                yield from self._declare(what, method)

    def forget_delays(self) -> None:
        """They may be gone: they are looked for when something is sent next."""
        self._delays_there = False
        self._bound.clear()

    def _delays(self) -> Flow[None]:
        """The delay queues are there from now on."""
        if self._delays_there:
            return
        try:
            yield requests.Ask(delays.is_there())
        except Refused as refused:
            if refused.code != _MISSING:
                raise
            yield requests.AskAll(tuple(delays.topology(self._type_of_delays)))
        self._delays_there = True

    def delayed_to(self, queues: Sequence[str]) -> Flow[None]:
        """Delayed messages for these queues will come out into them."""
        unknown = delays.unknown(queues, self._bound)
        if unknown:
            yield from self._delays()
            for queue in unknown:
                try:
                    yield requests.Ask(delays.binding(queue))
                except Refused as refused:
                    if refused.code != _MISSING:
                        raise
                    raise Returned(f"there is no queue {queue!r}: start a worker that consumes it") from None
                self._bound.add(queue)

    def _declare(self, what: str, method: base.Frame) -> Flow[None]:
        kind = method.exchange_type if isinstance(method, commands.Exchange.Declare) else ""
        if kind and self._is_unknown(kind):
            raise ImproperlyConfigured(_unknown(what, kind))
        try:
            yield requests.Ask(method)
        except Refused as refused:
            if kind and "exchange type" in refused.text:
                self._unknown[kind] = self._now() + _NOT_AGAIN
                raise ImproperlyConfigured(_unknown(what, kind)) from refused
            if refused.code == 406:
                raise Conflict(
                    f"RabbitMQ has the {what} already, with other properties ({refused.text}): declare it in "
                    "task_queues with the properties it has, or delete it there first (its messages go with it)"
                ) from refused
            raise

    def _is_unknown(self, kind: str) -> bool:
        """It costs a connection to ask for such a one."""
        return self._unknown.get(kind, 0.0) > self._now()

    def unknown_types(self, posts: Iterable[Post]) -> dict[str, str]:
        """Exchanges of these posts that can't be declared, and why."""
        kinds = {post.route.exchange: post.route.exchange_type for post in posts}
        return {
            name: _unknown(f"exchange {name!r}", kind)
            for name, kind in kinds.items()
            if name and self._is_unknown(kind)
        }


def _unknown(what: str, kind: str) -> str:
    return (
        f"RabbitMQ has no exchanges of type {kind!r}, which {what} is to be: use direct, topic, fanout or headers, or "
        "enable the plugin there that brings this type (`rabbitmq-plugins enable`)"
    )
