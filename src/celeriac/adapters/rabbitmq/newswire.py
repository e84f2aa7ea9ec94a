"""Events on RabbitMQ as Celery lays them out: a durable topic exchange; every listener has a queue of its own."""

from ...core.flow import Flow
from ...core.message import Message
from ...wire import envelope
from . import requests
from .contents import parcel
from .hearing import TOPIC, Wire
from .refusals import Refused


class RabbitNewswire:
    """Flows of requests; no I/O."""

    room = 64_000

    def __init__(self) -> None:
        self._there: set[str] = set()

    def tell(self, exchange: str, routing_key: str, *messages: Message) -> Flow[int | None]:
        told = requests.Send(tuple(parcel(message, exchange, routing_key, mandatory=False) for message in messages))
        if exchange in self._there:
            try:
                yield told
                return None
            except Refused as refused:
                if refused.code != 404:
                    raise
        yield from self._declare(exchange)
        yield told
        return None

    def _declare(self, exchange: str) -> Flow[None]:
        try:
            yield requests.Ask(Wire(TOPIC, exchange).declaration)
        except Refused as refused:
            if refused.code != 406:
                raise
            # it is there, and was declared otherwise: listeners hear what its type lets through
        self._there.add(exchange)

    def channel(self, exchange: str, pattern: str) -> str:
        return Wire(TOPIC, exchange, pattern).channel

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)
