"""Remote control on RabbitMQ as kombu lays it out: commands by a fanout exchange, replies by a direct one."""

from ...core.flow import Flow
from ...core.message import Message
from ...core.ports.pidbox import ToldReplies
from ...wire import envelope
from . import requests
from .channel import NO_ROUTE
from .contents import parcel
from .hearing import DIRECT, FANOUT, Wire
from .refusals import Refused


class RabbitPidbox(ToldReplies):
    """Flows of requests; no I/O. The server tells whether anybody hears a command, not how many."""

    def channel(self, exchange: str) -> str:
        return Wire(FANOUT, exchange).channel

    def call(self, exchange: str, message: Message) -> Flow[int | None]:
        yield from _there(Wire(FANOUT, exchange))
        failures: dict[int, str] = yield requests.Send((parcel(message, exchange, ""),))
        return 0 if NO_ROUTE in failures.get(0, "") else None

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)

    def answer(self, exchange: str, box: str, message: Message) -> Flow[None]:
        yield from _there(Wire(DIRECT, exchange))
        yield requests.Send((parcel(message, exchange, box, mandatory=False),))

    def box_channel(self, exchange: str, box: str) -> str | None:
        return Wire(DIRECT, exchange, box).channel


def _there(wire: Wire) -> Flow[None]:
    """Publishing to an exchange that is not there would close the channel that others publish on."""
    try:
        yield requests.Ask(wire.declaration)
    except Refused as refused:
        if refused.code != 406:
            raise
        # it is there, and was declared otherwise: what is sent arrives all the same
