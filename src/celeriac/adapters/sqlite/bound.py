"""The bindings in a file."""

from celeriac.core.bindings import Binding
from celeriac.core.flow import Flow

from .request import Read
from .session import Session


class SQLiteBound:
    """One query."""

    def bindings(self) -> Flow[tuple[Binding, ...]]:
        def read(session: Session) -> tuple[Binding, ...]:
            rows = session.execute("SELECT exchange, type, key, queue FROM bindings ORDER BY exchange, queue, key")
            return tuple(Binding(*row) for row in rows)

        found: tuple[Binding, ...] = yield Read(read)
        return found
