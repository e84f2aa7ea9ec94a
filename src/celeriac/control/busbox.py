"""The pidbox of transports that have none of their own: commands and replies are both told on the bus."""

from celeriac.core.flow import Flow
from celeriac.core.message import Message
from celeriac.core.ports import Bus, Pidbox
from celeriac.core.ports.pidbox import ToldReplies, pidbox_of
from celeriac.wire import envelope


class BusPidbox(ToldReplies):
    """Channels are named by the exchange, boxes' channels by exchange and box."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def channel(self, exchange: str) -> str:
        return f"pidbox/{exchange}"

    def call(self, exchange: str, message: Message) -> Flow[int | None]:
        # A bus may not know who hears it, and says 0 then.
        raw = envelope.encode_packed(message, exchange=exchange)
        return (yield from self._bus.tell(self.channel(exchange), raw)) or None

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)

    def answer(self, exchange: str, box: str, message: Message) -> Flow[None]:
        raw = envelope.encode_packed(message, exchange=exchange, routing_key=box)
        yield from self._bus.tell(_channel(exchange, box), raw)

    def box_channel(self, exchange: str, box: str) -> str | None:
        return _channel(exchange, box)


def _channel(exchange: str, box: str) -> str:
    return f"pidbox/{exchange}/{box}"


def pidbox(transport: object, bus: Bus | None) -> Pidbox | None:
    """The transport's own, else one over its bus; None if it has neither."""
    found = pidbox_of(transport)
    if found is None and bus is not None:
        return BusPidbox(bus)
    return found
