"""The newswire port: the way of events to whoever listens; each has a routing key, words with dots between them."""

from typing import Protocol

from ..flow import Flow
from ..message import Message


class Newswire(Protocol):
    """Nothing is kept for those who do not listen."""

    room: int  # bytes of events that travel well in one message; more are possible

    def tell(self, exchange: str, routing_key: str, *messages: Message) -> Flow[int | None]:
        """To all whose pattern the routing key fits. Returns how many heard the last; None where nobody can say."""
        ...

    def channel(self, exchange: str, pattern: str) -> str:
        """What an ear of the bus listens to. `#` stands for any words, `*` for one; more may be heard than that."""
        ...

    def read(self, payload: bytes) -> Message:
        """What an ear heard, as a message; raises DecodeError."""
        ...


def newswire_of(transport: object) -> Newswire | None:
    """The newswire a transport brings along; None where the bus has to do."""
    found: Newswire | None = getattr(transport, "newswire", None)
    return found
