"""The bus: notifications of the server; what is too large for one is left in a row for a minute."""

from typing import Final

from ...core.flow import Flow
from .channels import Channels, parcelled, told
from .request import NOW, Ask, Statement

_TELL: Final = "SELECT pg_notify(%s, %s)"
_LEAVE: Final = f"""
WITH left_there AS (INSERT INTO parcels (payload, told) VALUES (%s, {NOW}) RETURNING id)
SELECT pg_notify(%s, id::text || %s) FROM left_there"""


class PostgresBus:
    """Heard by all who listen on the same schema. The server does not say how many there are."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        shard = self._channels.bus(channel)
        word = told(channel, payload)
        if word is not None:
            yield Ask([Statement(_TELL, (shard, word))])
        else:
            yield Ask([Statement(_LEAVE, (payload, shard, parcelled(channel)))])
        return 0
