"""Joins in tables: a row a join, a row a part; every operation one short transaction."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.flow import Flow
from celeriac.core.join import Count, Counted, OpenJoin, Part, Sequel
from celeriac.core.ports.joins import FIRING_SECONDS, OVER_SECONDS

from .request import Write
from .session import Session

# In table joins `size` is NULL as long as nobody has declared the join, and -1 when it is over and late parts
# are to find that.
_OVER = -1
_BEHIND_ALL = 1 << 62  # the place of a part that names none

_OPEN = (
    "INSERT INTO joins (id, size, expires) VALUES (?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET size = excluded.size, owner = '', expires = max(joins.expires, excluded.expires) "
    "WHERE joins.size IS NULL OR joins.size = -1"
)
_GROW = "UPDATE joins SET more = more + ? WHERE id = ? AND size IS NOT -1"
_HOLD = (
    "UPDATE joins SET owner = ?, held_until = ? WHERE id = ? AND size <> -1 AND (owner IN ('', ?) OR held_until <= ?)"
)
_CLOSE = "DELETE FROM joins WHERE id = ? AND size <> -1 AND (owner IN ('', ?) OR held_until <= ?)"
_COUNTED = "UPDATE joins SET there = there + 1, more = more + ? WHERE id = ?"  # counting rows would take ever longer
_STANDING = "SELECT size, more, there FROM joins WHERE id = ?"
_FORGET = "DELETE FROM joins WHERE id IN (SELECT id FROM joins WHERE expires <= ? LIMIT 100) RETURNING id"


class SQLiteJoins:
    """Flows of transactions."""

    def open(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield Write(partial(open_joins, joins=joins))

    def part(self, part: Part) -> Flow[Counted]:
        counted: Counted = yield Write(partial(_count, part=part))
        return counted

    def grow(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield Write(partial(grow_joins, joins=joins))

    def hold(self, group: str, owner: str) -> Flow[bool]:
        held: bool = yield Write(partial(_hold, group=group, owner=owner))
        return held

    def close(self, group: str, owner: str, foreign: bool = False) -> Flow[bool]:
        closed: bool = yield Write(partial(close_join, sequel=Sequel(group=group, owner=owner, foreign=foreign)))
        return closed


def open_joins(session: Session, joins: Sequence[OpenJoin]) -> None:
    _forget_old(session)
    rows = [(join.group, join.size, _end(session, join.ttl)) for join in joins]
    session.executemany(_OPEN, rows)


def grow_joins(session: Session, joins: Sequence[OpenJoin]) -> None:
    session.executemany(
        _GROW,
        [(join.size, join.group) for join in joins],
    )


def close_join(session: Session, sequel: Sequel) -> bool:
    """True if it was open and nobody but this owner was about to fire it."""
    group = sequel.group
    closed = session.execute(_CLOSE, (group, sequel.owner, session.now)).rowcount
    if not closed:
        return False
    session.execute("DELETE FROM parts WHERE id = ?", (group,))
    if sequel.foreign:
        over = (group, _OVER, session.now + OVER_SECONDS)
        session.execute("INSERT INTO joins (id, size, expires) VALUES (?, ?, ?)", over)
    return True


def _count(session: Session, part: Part) -> Counted:
    row = session.execute("SELECT size, expires FROM joins WHERE id = ?", (part.group,)).fetchone()
    if row is not None and row[1] is not None and row[1] <= session.now:
        _forget_old(session)
        row = None
    if (row is None and part.declared) or (row is not None and row[0] == _OVER):
        return Counted(Count.OVER)
    _enter(session, part, row is None)
    size, more, there = session.execute(
        _STANDING,
        (part.group,),
    ).fetchone()
    if size is None or there < size + more:
        return Counted(Count.OPEN)
    if not _hold(session, part.group, part.owner):
        return Counted(Count.TAKEN)
    rows = session.execute("SELECT payload FROM parts WHERE id = ? ORDER BY place, task", (part.group,)).fetchall()
    return Counted(Count.COMPLETE, tuple(payload for (payload,) in rows), not part.declared)


def _enter(session: Session, part: Part, new: bool) -> None:
    end = _end(session, part.ttl)
    if new:
        session.execute("INSERT INTO joins (id, expires) VALUES (?, ?)", (part.group, end))
    elif end is None:
        session.execute("UPDATE joins SET expires = NULL WHERE id = ?", (part.group,))
    else:
        session.execute("UPDATE joins SET expires = ? WHERE id = ? AND expires < ?", (end, part.group, end))
    place = _BEHIND_ALL if part.index is None else part.index
    counted = session.execute(
        "INSERT OR IGNORE INTO parts VALUES (?, ?, ?, ?)", (part.group, place, part.task_id, part.payload)
    ).rowcount
    if counted:
        session.execute(_COUNTED, (part.more, part.group))


def _hold(session: Session, group: str, owner: str) -> bool:
    return bool(
        session.execute(
            _HOLD,
            (owner, session.now + FIRING_SECONDS, group, owner, session.now),
        ).rowcount
    )


def _forget_old(session: Session) -> None:
    """Joins whose parts have stopped coming, a few at a time."""
    old = session.execute(_FORGET, (session.now,))
    session.executemany("DELETE FROM parts WHERE id = ?", old.fetchall())


def _end(session: Session, ttl: float | None) -> float | None:
    return None if ttl is None else session.now + ttl
