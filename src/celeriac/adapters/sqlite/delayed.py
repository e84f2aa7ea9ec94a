"""Looks into the delayed store of a file."""

from collections.abc import Sequence

import msgspec

from celeriac.core.flow import Flow

from .request import Read
from .session import Session

_WAITING = (
    "SELECT due, raw FROM delayed JOIN messages USING (id) "
    "WHERE queue IN (SELECT value FROM json_each(?)) AND due > ? ORDER BY due LIMIT ?"
)


class SQLiteDelayed:
    """One query."""

    def waiting(self, queues: Sequence[str], limit: int) -> Flow[tuple[tuple[float, bytes], ...]]:
        def read(session: Session) -> tuple[tuple[float, bytes], ...]:
            names = msgspec.json.encode(list(queues)).decode()
            return tuple(session.execute(_WAITING, (names, session.now, limit)).fetchall())

        found: tuple[tuple[float, bytes], ...] = yield Read(read)
        return found
