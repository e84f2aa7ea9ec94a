"""The bus on RabbitMQ: a direct exchange whose routing keys are the channels; every ear has a queue of its own."""

from typing import Any, Final

from pamqp import base

from ...core.flow import Flow
from ...core.message import Message
from . import methods, requests
from .contents import parcel
from .refusals import Refused

EXCHANGE: Final = "celeriac.bus"
DECLARATION: Final = methods.DeclareExchange(exchange=EXCHANGE, exchange_type="direct", durable=True)
_EMPTY: Final[dict[str, Any]] = {}


class RabbitBus:
    """Flows of requests; no I/O."""

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        """The server does not tell how many heard it."""
        message = Message(_EMPTY, {"delivery_mode": 1}, payload, "application/octet-stream", "binary")
        told = parcel(message, EXCHANGE, channel, mandatory=False)
        try:
            yield requests.Send((told,))
        except Refused as refused:
            if refused.code != 404:
                raise
            yield requests.Ask(DECLARATION)
            yield requests.Send((told,))
        return 0


def bind(queue: str, channel: str) -> base.Frame:
    return methods.Bind(queue=queue, exchange=EXCHANGE, routing_key=channel)


def unbind(queue: str, channel: str) -> base.Frame:
    return methods.Unbind(queue=queue, exchange=EXCHANGE, routing_key=channel)
