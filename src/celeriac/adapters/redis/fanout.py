"""Fanout exchanges speak on channels: what is heard there is put into the lists of the queues bound to them."""

from collections.abc import Sequence

from ...core.flow import Flow
from ...core.message import Queue
from .keys import Keys
from .packing import Command


class Fanout:
    """The channels that a worker of these queues must hear."""

    def __init__(self, keys: Keys, queues: Sequence[Queue]) -> None:
        self._lists: dict[str, list[str]] = {}
        for queue in queues:
            if queue.exchange.type == "fanout" and queue.exchange.name:
                channel = keys.fanout(queue.exchange.name, queue.routing_key)
                self._lists.setdefault(channel, []).append(keys.line(queue.name))

    @property
    def subscription(self) -> tuple[Command, ...]:
        """The command with which to listen; none where there is nothing to hear."""
        return (("PSUBSCRIBE", *self._lists),) if self._lists else ()

    def forward(self, reply: list[bytes]) -> Flow[None]:
        """A fanout message becomes an ordinary one in this worker's own queues, so that it is claimed and settled."""
        yield tuple(("LPUSH", line, reply[3]) for line in self._lists[reply[1].decode()])
