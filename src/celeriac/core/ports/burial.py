"""The burial port: sending what nobody else can send again, by a broker that may refuse a message for ever."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ..flow import Flow
from ..message import Post
from .broker import Broker


@runtime_checkable
class Burial(Protocol):
    """Asked of brokers that route messages themselves, and may find no queue for one."""

    def publish_or_bury(self, posts: Sequence[Post]) -> Flow[None]:
        """What no queue takes, declared anew or not, is a dead letter.

        Raises Unsent, when all else is done, for what is too large even for that.
        """
        ...


def burial_of(broker: Broker) -> Burial | None:
    """Its own; None where every message that can be written finds its queue."""
    return broker if isinstance(broker, Burial) else None
