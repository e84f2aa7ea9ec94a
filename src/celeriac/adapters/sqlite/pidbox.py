"""Remote control on SQLite: commands are told on the bus, replies are left in rows, where a busy caller loses none."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.flow import Flow
from celeriac.core.message import Message
from celeriac.wire import envelope

from .bus import SQLiteBus
from .request import Read, Write
from .session import Session

_KEPT = 60.0  # seconds: whoever asked has long gone


class SQLitePidbox:
    """Boxes are a column: there is nothing to make."""

    def __init__(self, bus: SQLiteBus) -> None:
        self._bus = bus

    def channel(self, exchange: str) -> str:
        return f"pidbox/{exchange}"

    def call(self, exchange: str, message: Message) -> Flow[int | None]:
        # Listeners share marks on a board: it says how many may hear it, never too few; but 0 where there is no board.
        heard = yield from self._bus.tell(self.channel(exchange), envelope.encode_packed(message, exchange=exchange))
        return heard or None

    def read(self, payload: bytes) -> Message:
        return envelope.decode(payload)

    def answer(self, exchange: str, box: str, message: Message) -> Flow[None]:
        raw = envelope.encode_packed(message, exchange=exchange, routing_key=box)
        yield Write(partial(_answer, box=_name(exchange, box), raw=raw))

    def box_channel(self, exchange: str, box: str) -> str | None:
        return None

    def open(self, exchange: str, box: str) -> Flow[None]:
        yield from ()

    def collect(self, exchange: str, box: str, seconds: float) -> Flow[tuple[Message, ...]]:
        name = _name(exchange, box)
        if not (yield Read(partial(_has, box=name))):
            return ()
        found: Sequence[bytes] = yield Write(partial(_take, box=name))
        return tuple(map(envelope.decode, found))

    def close(self, exchange: str, box: str) -> Flow[None]:
        name = _name(exchange, box)
        if (yield Read(partial(_has, box=name))):
            yield Write(partial(_take, box=name))


def _name(exchange: str, box: str) -> str:
    return f"{exchange}/{box}"


def _answer(session: Session, box: str, raw: bytes) -> None:
    session.execute("DELETE FROM answers WHERE told < ?", (session.now - _KEPT,))
    session.execute("INSERT INTO answers (box, payload, told) VALUES (?, ?, ?)", (box, raw, session.now))


def _has(session: Session, box: str) -> bool:
    return session.execute("SELECT 1 FROM answers WHERE box = ? LIMIT 1", (box,)).fetchone() is not None


def _take(session: Session, box: str) -> list[bytes]:
    rows = session.execute("SELECT payload FROM answers WHERE box = ? ORDER BY id", (box,)).fetchall()
    session.execute("DELETE FROM answers WHERE box = ?", (box,))
    return [payload for (payload,) in rows]
