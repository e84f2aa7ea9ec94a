"""How deliveries end: all of a batch in one transaction, each only if it is still the owner's."""

from collections.abc import Sequence
from typing import Any

import msgspec

from celeriac.core.delivery import Action, Settlement, still_held
from celeriac.core.join import Sequel
from celeriac.core.record import Record

from .claiming import requeue
from .entering import enter_posts
from .joins import close_join, grow_joins, open_joins
from .session import Session, number_list

_KEPT = (
    "ON CONFLICT (id, kind) DO UPDATE SET state = excluded.state, payload = excluded.payload, "
    "expires = excluded.expires, stored = excluded.stored "
    "WHERE results.state <> 'SUCCESS' OR results.expires <= excluded.stored"
)


def settle(session: Session, owner: str, settlements: Sequence[Settlement]) -> tuple[bool, ...]:
    """True for each that was the owner's: its tag is that of the claim under which the message is held."""
    numbers = number_list(settlement.delivery.tag.partition(".")[0] for settlement in settlements)
    found = session.execute(
        "SELECT json_group_array(id || '.' || claim) FROM held "
        "WHERE id IN (SELECT value FROM json_each(?)) AND owner = ?",
        (numbers, owner),
    ).fetchone()[0]
    answers, ours = still_held(settlements, msgspec.json.decode(found))
    _end(session, ours)
    return answers


def _end(session: Session, settlements: list[Settlement]) -> None:
    by_action: dict[Action, list[Settlement]] = {}
    records: list[Record] = []
    for settlement in settlements:
        by_action.setdefault(settlement.action, []).append(settlement)
        if settlement.record is not None:
            records.append(settlement.record)
    for action, ended in by_action.items():
        _ENDINGS[action](session, ended)
    if records:
        keep(session, records)
    posts = [post for settlement in settlements for post in settlement.posts]
    if posts:
        enter_posts(session, posts)
    for settlement in settlements:
        if settlement.sequels:
            _follow(session, settlement.sequels)


def _follow(session: Session, sequels: Sequence[Sequel]) -> None:
    for sequel in sequels:
        if sequel.group and not close_join(session, sequel):
            continue
        open_joins(session, sequel.opens)
        grow_joins(session, sequel.grows)
        if sequel.records:
            keep(session, sequel.records)
        if sequel.drops:
            drop_pieces(session, sequel.drops)
        enter_posts(session, sequel.posts)


def _number(settlement: Settlement) -> int:
    return int(settlement.delivery.tag.partition(".")[0])


def _acknowledge(session: Session, settlements: list[Settlement]) -> None:
    numbers = (number_list(map(_number, settlements)),)
    session.execute("DELETE FROM held WHERE id IN (SELECT value FROM json_each(?))", numbers)
    session.execute("DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))", numbers)


def _replace(session: Session, settlements: list[Settlement]) -> None:
    rows = [(settlement.raw, _number(settlement)) for settlement in settlements if settlement.raw is not None]
    if rows:
        session.executemany("UPDATE messages SET raw = ? WHERE id = ?", rows)


def _requeue(session: Session, settlements: list[Settlement]) -> None:
    _replace(session, settlements)
    requeue(session, number_list(map(_number, settlements)))


def _defer(session: Session, settlements: list[Settlement]) -> None:
    _replace(session, settlements)
    rows: list[tuple[Any, ...]] = [(settlement.due or 0.0, _number(settlement)) for settlement in settlements]
    session.executemany(
        "INSERT INTO delayed SELECT queue, ?, id, rank, deliveries FROM held WHERE id = ?",
        rows,
    )
    numbers = number_list(map(_number, settlements))
    session.execute("DELETE FROM held WHERE id IN (SELECT value FROM json_each(?))", (numbers,))
    session.queues.update(settlement.delivery.queue for settlement in settlements)


def _bury(session: Session, settlements: list[Settlement]) -> None:
    _replace(session, settlements)
    session.executemany(
        "INSERT INTO dead (queue, rank, raw, reason, died_at) "
        "SELECT queue, rank, raw, ?, ? FROM held JOIN messages USING (id) WHERE id = ?",
        [(settlement.reason, session.now, _number(settlement)) for settlement in settlements],
    )
    _acknowledge(session, settlements)


_ENDINGS = {Action.ACK: _acknowledge, Action.REQUEUE: _requeue, Action.DEFER: _defer, Action.DEAD: _bury}


def keep(session: Session, records: Sequence[Record]) -> None:
    """Store records; a success that has not outlived its ttl stays as it is."""
    now = session.now
    rows: list[tuple[Any, ...]] = [
        (record.id, record.kind, record.state, record.payload, None if record.ttl is None else now + record.ttl, now)
        for record in records
    ]
    session.insert("INSERT INTO results (id, kind, state, payload, expires, stored)", 6, rows, _KEPT)
    session.results.extend(record.id for record in records)


def drop_pieces(session: Session, ids: Sequence[str]) -> None:
    """Forget pieces of chains."""
    session.executemany("DELETE FROM results WHERE id = ? AND kind = 'chain'", [(id,) for id in ids])
