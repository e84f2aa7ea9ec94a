"""The bus on SQLite: datagrams to the listeners; what is too large for one is left in a row for a minute."""

from celeriac.core.flow import Flow

from .request import Tell, Write
from .session import Session

_DATAGRAM = 60_000


class SQLiteBus:
    """Heard by all processes of this machine that listen on the same file."""

    counts = True

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        if len(payload) <= _DATAGRAM:
            heard: int = yield Tell(channel, payload)
            return heard

        def leave(session: Session) -> int | None:
            row = ("INSERT INTO parcels (payload, told) VALUES (?, ?)", (payload, session.now))
            return session.execute(*row).lastrowid

        parcel: int = yield Write(leave)
        heard = yield Tell(channel, b"", parcel)
        return heard
