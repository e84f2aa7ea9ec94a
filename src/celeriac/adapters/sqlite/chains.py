"""The chains port in SQLite: pieces are rows of a kind of their own among the results."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.flow import Flow
from celeriac.core.record import Record

from .request import Write
from .session import Session
from .settling import drop_pieces, keep

_FETCH = "SELECT payload FROM results WHERE id = ? AND kind = 'chain' AND (expires IS NULL OR expires > ?)"
_RENEW = "UPDATE results SET expires = ? WHERE id = ? AND kind = 'chain'"


class SQLiteChains:
    """Flows of transactions."""

    def keep(self, pieces: Sequence[Record]) -> Flow[None]:
        if pieces:
            yield Write(partial(keep, records=pieces))

    def read(self, id: str, later: Sequence[str] = (), ttl: float | None = None) -> Flow[bytes | None]:
        def read(session: Session) -> bytes | None:
            end = None if ttl is None else session.now + ttl
            session.executemany(_RENEW, [(end, other) for other in later])
            row = session.execute(_FETCH, (id, session.now)).fetchone()
            return None if row is None else row[0]

        payload: bytes | None = yield Write(read)
        return payload

    def drop(self, ids: Sequence[str]) -> Flow[None]:
        if ids:
            yield Write(partial(drop_pieces, ids=ids))
