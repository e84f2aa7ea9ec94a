"""What SQLite keeps beside queues: results, dead letters and leases, as flows."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.delivery import DeadLetter
from celeriac.core.flow import Flow
from celeriac.core.record import Record

from . import settling
from .entering import enter
from .request import Read, Write
from .session import Session
from .wake import result_channel

_FETCH = "SELECT payload FROM results WHERE id = ? AND kind = ? AND (expires IS NULL OR expires > ?)"
_SOME = 500
# Letters die in the order of their ids, so only the first few need be looked at.
_EXPIRE_DEAD = """DELETE FROM dead WHERE id IN
(SELECT id FROM (SELECT id, died_at FROM dead ORDER BY id LIMIT ?) WHERE died_at < ?)"""


class SQLiteResults:
    """Records in one table, by id and kind."""

    def store(self, records: Sequence[Record]) -> Flow[None]:
        if records:
            yield Write(partial(settling.keep, records=records))

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        def read(session: Session) -> tuple[bytes | None, ...]:
            rows = (session.execute(_FETCH, (id, kind, session.now)).fetchone() for id in ids)
            return tuple(None if row is None else row[0] for row in rows)

        payloads: tuple[bytes | None, ...] = yield Read(read)
        return payloads

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        def forget(session: Session) -> None:
            session.executemany("DELETE FROM results WHERE id = ? AND kind = ?", [(id, kind) for id in ids])

        yield Write(forget)

    def expire(self) -> Flow[int]:
        """A thousand a time, so that a million old results do not keep the file locked."""

        def expire(session: Session) -> int:
            return session.execute(
                "DELETE FROM results WHERE number IN (SELECT number FROM results WHERE expires <= ? LIMIT 1000)",
                (session.now,),
            ).rowcount

        expired: int = yield Write(expire)
        return expired

    def channel(self, id: str) -> str:
        return result_channel(id)


class SQLiteDeadLetters:
    """Letters by number, oldest first."""

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        def read(session: Session) -> tuple[DeadLetter, ...]:
            rows = session.execute(
                "SELECT id, queue, raw, reason, died_at FROM dead WHERE id > ? ORDER BY id LIMIT ?",
                (int(after) if after.isdecimal() else 0, limit),
            )
            return tuple(DeadLetter(str(id), *rest) for id, *rest in rows.fetchall())

        letters: tuple[DeadLetter, ...] = yield Read(read)
        return letters

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        def replay(session: Session) -> int:
            replayed = 0
            for id in filter(str.isdecimal, ids):
                row = session.execute("DELETE FROM dead WHERE id = ? RETURNING queue, rank, raw", (int(id),)).fetchall()
                for queue, rank, raw in row:
                    enter(session, queue, rank, None, [(raw,)])
                replayed += len(row)
            return replayed

        replayed: int = yield Write(replay)
        return replayed

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        def discard(session: Session) -> int:
            if ids is None:
                return session.execute("DELETE FROM dead").rowcount
            numbers = [int(id) for id in ids if id.isdecimal()]
            return sum(session.execute("DELETE FROM dead WHERE id = ?", (number,)).rowcount for number in numbers)

        discarded: int = yield Write(discard)
        return discarded

    def expire(self, ttl: float) -> Flow[int]:
        def expire(session: Session) -> int:
            return session.execute(_EXPIRE_DEAD, (_SOME, session.now - ttl)).rowcount

        expired: int = yield Write(expire)
        return expired


class SQLiteLease:
    """Leases by name; the clock is the machine's, which all who share the file share too."""

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        term: int | None = yield Write(partial(_acquire, name=name, holder=holder, ttl=ttl))
        return term

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        def renew(session: Session) -> bool:
            return bool(
                session.execute(
                    "UPDATE leases SET expires = ? WHERE name = ? AND holder = ?", (session.now + ttl, name, holder)
                ).rowcount
            )

        renewed: bool = yield Write(renew)
        return renewed

    def release(self, name: str, holder: str) -> Flow[bool]:
        def release(session: Session) -> bool:
            deleted = session.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))
            return bool(deleted.rowcount)

        released: bool = yield Write(release)
        return released

    def holder(self, name: str) -> Flow[str | None]:
        def read(session: Session) -> str | None:
            row = session.execute(
                "SELECT holder FROM leases WHERE name = ? AND expires > ?", (name, session.now)
            ).fetchone()
            return row[0] if row else None

        holder: str | None = yield Read(read)
        return holder


def _acquire(session: Session, name: str, holder: str, ttl: float) -> int | None:
    row = session.execute(
        "SELECT holder, term FROM leases WHERE name = ? AND expires > ?", (name, session.now)
    ).fetchone()
    if row is not None and row[0] != holder:
        return None
    term: int
    if row is not None:
        term = row[1]
    else:
        session.execute("UPDATE counters SET value = value + 1 WHERE name = 'term'")
        term = session.execute("SELECT value FROM counters WHERE name = 'term'").fetchone()[0]
    session.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", (name, holder, term, session.now + ttl))
    return term
