"""The ends that most runs come to: acknowledged, perhaps with a result. Many of them are one statement."""

from collections.abc import Sequence
from typing import Final

from ...core.delivery import Action, Settlement
from ...core.flow import Flow
from .channels import Channels
from .names import key
from .records import KEEP_NEW, KEPT_BEFORE
from .request import NOW, Answer, Ask, Statement, Work

_LOAD: Final = 4 << 20  # bytes of results
_END: Final = f"""
WITH ended AS (
  DELETE FROM messages USING unnest(%s::bigint[], %s::integer[]) AS mine (id, claim)
  WHERE messages.id = mine.id AND messages.claim = mine.claim AND owner = %s RETURNING messages.id
), kept AS (
  {KEEP_NEW}
  SELECT id, kind, state, payload, {NOW} + ttl
  FROM unnest(%s::bigint[], %b::text[], %b::text[], %b::text[], %s::bytea[], %s::float8[])
  AS new (message, id, kind, state, payload, ttl) WHERE message IN (SELECT id FROM ended) ORDER BY id, kind
  {KEPT_BEFORE}
)
SELECT id FROM ended"""
_Row = tuple[int, str, str, str, bytes, float | None]


def plain(settlements: Sequence[Settlement]) -> bool:
    """True if nothing but that becomes of any of them, and each is there once."""
    if any(one.action != Action.ACK or one.posts or one.sequels for one in settlements):
        return False
    records = [one.record for one in settlements if one.record is not None]
    return (
        len({one.delivery.tag for one in settlements}) == len(settlements)
        and len({(record.id, record.kind) for record in records}) == len(records)
        and sum(len(record.payload) for record in records) < _LOAD
    )


def acknowledge(owner: str, settlements: Sequence[Settlement], channels: Channels) -> Flow[tuple[bool, ...]]:
    """One round trip. Of a result that was refused with its message is told all the same: whoever looks finds none."""
    tags = [settlement.delivery.tag.split(".") for settlement in settlements]
    ids, claims = [int(id) for id, _ in tags], [int(claim) for _, claim in tags]
    rows: list[_Row] = []
    work = Work(channels)
    for id, settlement in zip(ids, settlements, strict=True):
        record = settlement.record
        if record is not None:
            rows.append((id, key(record.id), record.kind, record.state, record.payload, record.ttl))
            work.records.append(key(record.id))
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], [], [], []]
    answers: list[Answer] = yield Ask([Statement(_END, (ids, claims, owner, *columns))], work.wakes())
    ended = {id for (id,) in answers[0].rows}
    return tuple(id in ended for id in ids)
