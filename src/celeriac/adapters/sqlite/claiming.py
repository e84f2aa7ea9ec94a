"""How an owner takes messages, and how the claims of dead owners come back."""

from collections.abc import Sequence

import msgspec

from celeriac.core.delivery import Claim, Delivery
from celeriac.core.errors import LeaseLost
from celeriac.core.message import Queue
from celeriac.core.ports.broker import Mark

from .session import Session, number_list

_decode = msgspec.json.decode
_INLINE = 16_384  # larger messages are read one by one
_RECOVER_AT_ONCE = 500

_DEAD_ROWS = """SELECT held.id, raw FROM held JOIN messages USING (id) WHERE owner NOT IN
(SELECT holder FROM leases WHERE name = 'worker/' || holder AND expires > ?) LIMIT ?"""
_HAS_DEAD = """SELECT EXISTS (SELECT 1 FROM held WHERE owner NOT IN
(SELECT holder FROM leases WHERE name = 'worker/' || holder AND expires > ?))
OR EXISTS (SELECT 1 FROM leases WHERE name LIKE 'worker/%' AND expires <= ?)"""
# parameters: a JSON list of ids, and the claim they must still be part of (None: whichever)
_RETURN = (
    "INSERT INTO ready SELECT queue, rank, id, deliveries + ? FROM held "
    "WHERE id IN (SELECT value FROM json_each(?)) AND claim = coalesce(?, claim)"
)
_LET_GO = "DELETE FROM held WHERE id IN (SELECT value FROM json_each(?)) AND claim = coalesce(?, claim)"
_QUEUES = "SELECT DISTINCT queue FROM held WHERE id IN (SELECT value FROM json_each(?))"


def claim(session: Session, owner: str, queues: Sequence[Queue], limit: int) -> Claim:
    """Take the first `limit` of these queues. Few statements, however many messages: see Session.insert."""
    row = session.execute(
        "SELECT value, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revoked'), 0) "
        "FROM counters WHERE name = 'claim' AND EXISTS "
        "(SELECT 1 FROM leases WHERE name = ? AND holder = ? AND expires > ?)",
        (f"worker/{owner}", owner, session.now),
    ).fetchone()
    if row is None:
        raise LeaseLost(f"Worker {owner} holds no lease (any more), so it may not claim messages.")
    number = row[0] + 1
    dues = [due for queue in queues if (due := ripen(session, queue.name)) is not None]
    taken: list[Delivery] = []
    for queue in queues:
        if len(taken) < limit:
            taken += _take(session, (number, owner, queue.name), limit - len(taken))
    if taken:
        session.execute("UPDATE counters SET value = ? WHERE name = 'claim'", (number,))
    _touch(session, queues)
    return Claim(tuple(taken), min(dues, default=None), row[1])


def held(session: Session, owner: str) -> tuple[Delivery, ...]:
    """What the owner has claimed and not settled, oldest first."""
    rows = session.execute(
        "SELECT id, claim, queue, raw, deliveries FROM held JOIN messages USING (id) "
        "WHERE owner = ? ORDER BY claim, id",
        (owner,),
    ).fetchall()
    return tuple(Delivery(f"{id}.{claim}", queue, raw, count > 0, count) for id, claim, queue, raw, count in rows)


def ripen(session: Session, queue: str) -> float | None:
    """Delayed messages that are due become ready; returns when the next one will."""
    due = _next_due(session, queue)
    if due is None or due > session.now:
        return due
    session.execute(
        "INSERT INTO ready SELECT queue, rank, id, deliveries FROM delayed WHERE queue = ? AND due <= ?",
        (queue, session.now),
    )
    session.execute("DELETE FROM delayed WHERE queue = ? AND due <= ?", (queue, session.now))
    return _next_due(session, queue)


def _next_due(session: Session, queue: str) -> float | None:
    due: float | None = session.execute("SELECT min(due) FROM delayed WHERE queue = ?", (queue,)).fetchone()[0]
    return due


def _take(session: Session, claim: tuple[int, str, str], limit: int) -> list[Delivery]:
    """Move the first rows of one queue from `ready` to `held`."""
    number, owner, queue = claim
    row = session.execute(
        "SELECT json_group_array(id), json_group_array(deliveries), json_group_array(rank) FROM "
        "(SELECT id, deliveries, rank FROM ready WHERE queue = ? ORDER BY rank, id LIMIT ?)",
        (queue, limit),
    ).fetchone()
    ids: list[int] = _decode(row[0])
    if not ids:
        return []
    last_rank = _decode(row[2])[-1]
    session.execute(
        "INSERT INTO held SELECT id, ?, ?, queue, rank, deliveries FROM ready WHERE queue = ? AND (rank, id) <= (?, ?)",
        (number, owner, queue, last_rank, ids[-1]),
    )
    session.execute("DELETE FROM ready WHERE queue = ? AND (rank, id) <= (?, ?)", (queue, last_rank, ids[-1]))
    counts: list[int] = _decode(row[1])
    return [
        Delivery(f"{id}.{number}", queue, raw, count > 0, count)
        for id, raw, count in zip(ids, _read(session, ids), counts, strict=True)
    ]


def _read(session: Session, ids: list[int]) -> list[bytes]:
    """The bytes of these messages, all small ones in one row as hexadecimal text."""
    if len(ids) == 1:
        return [session.execute("SELECT raw FROM messages WHERE id = ?", (ids[0],)).fetchone()[0]]
    text: str = session.execute(
        "SELECT group_concat(CASE WHEN length(raw) <= ? THEN hex(raw) ELSE '' END) "
        "FROM json_each(?) AS wanted CROSS JOIN messages ON messages.id = wanted.value",
        (_INLINE, number_list(ids)),
    ).fetchone()[0]
    return [
        bytes.fromhex(part) if part else session.execute("SELECT raw FROM messages WHERE id = ?", (id,)).fetchone()[0]
        for id, part in zip(ids, text.split(","), strict=True)
    ]


def _touch(session: Session, queues: Sequence[Queue]) -> None:
    """Queues that go when they are not used are used by claiming from them; noted a few times per ttl."""
    for queue in queues:
        if queue.auto_delete or queue.exclusive or queue.expires:
            session.execute(
                "UPDATE passing SET used = ? WHERE queue = ? AND used < ? - ttl / 4",
                (session.now, queue.name, session.now),
            )


def give_back(session: Session, reply: Claim) -> None:
    """Undo a claim that nobody is waiting for any more."""
    tags = [delivery.tag.split(".") for delivery in reply.deliveries]
    if tags:
        _return(session, number_list(id for id, _ in tags), int(tags[0][1]))


def requeue(session: Session, numbers: str) -> None:
    """These held messages are ready again, unchanged."""
    _return(session, numbers, None)


def has_dead(session: Session) -> bool:
    """True if messages are held by owners without a lease, or worker leases are to be swept."""
    return bool(session.execute(_HAS_DEAD, (session.now, session.now)).fetchone()[0])


def recover(session: Session, mark: Mark) -> int:
    """Some of what dead owners held is ready again. Their leases go first, so that none of them can wake up again
    between two rounds; if this process dies between rounds, the next one that looks goes on.
    """
    session.execute("DELETE FROM leases WHERE name LIKE 'worker/%' AND expires <= ?", (session.now,))
    rows: list[tuple[int, bytes]] = session.execute(_DEAD_ROWS, (session.now, _RECOVER_AT_ONCE)).fetchall()
    session.executemany("UPDATE messages SET raw = ? WHERE id = ?", [(mark(raw), id) for id, raw in rows])
    _return(session, number_list(id for id, _ in rows), None, more=1)
    return len(rows)


def _return(session: Session, numbers: str, claim: int | None, more: int = 0) -> None:
    """From `held` back to `ready`, where the old id gives the old place."""
    session.queues.update(queue for (queue,) in session.execute(_QUEUES, (numbers,)).fetchall())
    session.execute(_RETURN, (more, numbers, claim))
    session.execute(_LET_GO, (numbers, claim))


def drop_unused(session: Session) -> None:
    """Queues that nobody has used for their ttl go, with their messages and bindings."""
    unused = session.execute("SELECT queue FROM passing WHERE used + ttl < ?", (session.now,)).fetchall()
    for (queue,) in unused:
        purge(session, queue)
        session.execute("DELETE FROM bindings WHERE queue = ?", (queue,))
        session.execute("DELETE FROM passing WHERE queue = ?", (queue,))
    session.execute("DELETE FROM parcels WHERE told < ?", (session.now - 60.0,))


def purge(session: Session, queue: str) -> int:
    """Drop what is ready or delayed."""
    dropped = 0
    for forget, drop in _PURGES:
        session.execute(forget, (queue,))
        dropped += session.execute(drop, (queue,)).rowcount
    return dropped


_PURGES = (
    ("DELETE FROM messages WHERE id IN (SELECT id FROM ready WHERE queue = ?)", "DELETE FROM ready WHERE queue = ?"),
    (
        "DELETE FROM messages WHERE id IN (SELECT id FROM delayed WHERE queue = ?)",
        "DELETE FROM delayed WHERE queue = ?",
    ),
)
