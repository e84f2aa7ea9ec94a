"""The pidbox port: the way of commands to every node that listens now, and of replies to whoever asked."""

from typing import Protocol

from ..flow import Flow, done
from ..message import Message


class Pidbox(Protocol):
    """Exchanges are fanouts named by the setting control_exchange; a box is where one caller's replies go.

    Nothing is kept: a command reaches the nodes that listen at that moment, a reply whoever still waits.
    """

    def channel(self, exchange: str) -> str:
        """The bus channel on which nodes hear the commands of this exchange."""
        ...

    def call(self, exchange: str, message: Message) -> Flow[int | None]:
        """Tell every node. How many hear it, where the server knows for sure; else None."""
        ...

    def read(self, payload: bytes) -> Message:
        """What an ear heard, as a message; raises DecodeError."""
        ...

    def answer(self, exchange: str, box: str, message: Message) -> Flow[None]:
        """A reply into a box; nothing happens if the box is not there any more."""
        ...

    def box_channel(self, exchange: str, box: str) -> str | None:
        """The bus channel on which replies to the box are told. None: they are fetched, by the three below."""
        ...

    def open(self, exchange: str, box: str) -> Flow[None]:
        """Make a box, before anybody is called."""
        ...

    def collect(self, exchange: str, box: str, seconds: float) -> Flow[tuple[Message, ...]]:
        """The replies that are there; waits up to so long for the first, if the server can wait."""
        ...

    def close(self, exchange: str, box: str) -> Flow[None]:
        """Unmake a box."""
        ...


class ToldReplies:
    """Of pidboxes whose replies are told on the bus: there is no box to be made, looked into and unmade."""

    def open(self, exchange: str, box: str) -> Flow[None]:
        return done(None)

    def collect(self, exchange: str, box: str, seconds: float) -> Flow[tuple[Message, ...]]:
        return done(())

    def close(self, exchange: str, box: str) -> Flow[None]:
        return done(None)


def pidbox_of(transport: object) -> Pidbox | None:
    """The pidbox a transport brings along; None where the bus has to do."""
    found: Pidbox | None = getattr(transport, "pidbox", None)
    return found
