"""What is kept by id: results of tasks and groups, and pieces of chains, in one table."""

from collections.abc import Sequence
from typing import Final

from ...core.flow import Flow
from ...core.record import Record
from .channels import RESULT, Channels
from .names import key
from .request import NOW, Answer, Ask, Statement, Work

KEEP_NEW: Final = "INSERT INTO results AS old (id, kind, state, payload, expires)"
# A success that has not outlived its ttl stays as it is.
KEPT_BEFORE: Final = f"""
ON CONFLICT (id, kind) DO UPDATE SET state = excluded.state, payload = excluded.payload, expires = excluded.expires
WHERE old.state <> 'SUCCESS' OR old.expires <= {NOW}"""
_KEEP: Final = f"""
{KEEP_NEW}
SELECT id, kind, state, payload, {NOW} + ttl
FROM unnest(%b::text[], %b::text[], %b::text[], %s::bytea[], %s::float8[]) AS new (id, kind, state, payload, ttl)
{KEPT_BEFORE}"""
_FETCH: Final = f"""
SELECT id, payload FROM results
WHERE id = ANY(%b::text[]) AND kind = %s AND (expires IS NULL OR expires > {NOW})"""
_FORGET: Final = "DELETE FROM results WHERE id = ANY(%b::text[]) AND kind = %s"
_EXPIRE: Final = f"""
DELETE FROM results WHERE (id, kind) IN (
  SELECT id, kind FROM results WHERE expires <= {NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED)"""
_RENEW: Final = f"UPDATE results SET expires = {NOW} + %s::float8 WHERE id = ANY(%b::text[]) AND kind = 'chain'"
_LOAD: Final = 8 << 20  # bytes that one statement may carry


class PostgresResults:
    """Flows; results of one id and kind are one row."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def store(self, records: Sequence[Record]) -> Flow[None]:
        if records:
            work = Work(self._channels)
            statements = keep_statements(work, records)
            yield Ask(statements, work.wakes())

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        if not ids:
            return ()
        keys = [key(id) for id in ids]
        answers: list[Answer] = yield Ask([Statement(_FETCH, (keys, kind))])
        found: dict[str, bytes] = dict(answers[0].rows)
        return tuple(map(found.get, keys))

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        yield Ask([Statement(_FORGET, (sorted(map(key, ids)), kind))])

    def expire(self) -> Flow[int]:
        answers: list[Answer] = yield Ask([Statement(_EXPIRE)])
        return answers[0].count

    def channel(self, id: str) -> str:
        return RESULT + key(id)


class PostgresChains:
    """Pieces are rows of a kind of their own among the results."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def keep(self, pieces: Sequence[Record]) -> Flow[None]:
        if pieces:
            yield Ask(keep_statements(Work(self._channels), pieces))

    def read(self, id: str, later: Sequence[str] = (), ttl: float | None = None) -> Flow[bytes | None]:
        renew = [Statement(_RENEW, (ttl, sorted(map(key, later))))] if later else []
        answers: list[Answer] = yield Ask([*renew, Statement(_FETCH, ([key(id)], "chain"))])
        rows = answers[-1].rows
        return rows[0][1] if rows else None

    def drop(self, ids: Sequence[str]) -> Flow[None]:
        if ids:
            yield Ask(drop_statements(ids))


def keep_statements(work: Work, records: Sequence[Record]) -> list[Statement]:
    """Store records, in one order everywhere, so that two who store the same do not wait in a circle."""
    last: dict[tuple[str, str], Record] = {}
    for record in records:  # a statement may change a row only once
        place = (key(record.id), record.kind)
        if place not in last or last[place].state != "SUCCESS":
            last[place] = record
    work.records.extend(key(record.id) for record in records if record.kind != "chain")
    statements = []
    some: list[Record] = []
    size = 0
    for _, record in sorted(last.items()):
        if some and size + len(record.payload) > _LOAD:
            statements.append(_keep(some))
            some, size = [], 0
        some.append(record)
        size += len(record.payload)
    if some:
        statements.append(_keep(some))
    return statements


def _keep(records: Sequence[Record]) -> Statement:
    rows = [(key(record.id), record.kind, record.state, record.payload, record.ttl) for record in records]
    return Statement(_KEEP, [list(column) for column in zip(*rows, strict=True)])


def drop_statements(ids: Sequence[str]) -> list[Statement]:
    """Forget pieces of chains."""
    return [Statement(_FORGET, (sorted(map(key, ids)), "chain"))] if ids else []
