"""Joins in tables: a row a join, a row a part; the row of a join is locked while one of its parts is counted."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from ...core.flow import Flow
from ...core.join import Count, Counted, OpenJoin, Part, Sequel
from ...core.ports.joins import FIRING_SECONDS, OVER_SECONDS
from . import request
from .names import key
from .request import NOW, Answer, Ask, Statement, Work, Write

# In table joins `size` is NULL as long as nobody has declared the join, and -1 when it is over and late parts
# are to find that.
_BEHIND_ALL: Final = 1 << 62  # the place of a part that names none

_OPEN: Final = f"""
INSERT INTO joins AS old (id, size, expires)
SELECT id, size, {NOW} + ttl FROM unnest(%s::text[], %s::integer[], %s::float8[]) AS new (id, size, ttl)
ON CONFLICT (id) DO UPDATE SET size = excluded.size, owner = '',
expires = CASE WHEN old.expires IS NULL OR excluded.expires IS NULL THEN NULL
  ELSE greatest(old.expires, excluded.expires) END
WHERE old.size IS NULL OR old.size = -1"""
_GROW: Final = """
UPDATE joins SET more = joins.more + new.more FROM unnest(%s::text[], %s::integer[]) AS new (id, more)
WHERE joins.id = new.id AND size IS DISTINCT FROM -1"""
_MINE: Final = f"size <> -1 AND (owner IN ('', %s) OR held_until <= {NOW})"
_HOLD: Final = f"UPDATE joins SET owner = %s, held_until = {NOW} + {FIRING_SECONDS} WHERE id = %s AND {_MINE}"
# One row: how many joins were closed. The parts go with the join.
_CLOSE: Final = f"""
WITH closed AS (DELETE FROM joins WHERE id = %s AND {_MINE} RETURNING id),
gone AS (DELETE FROM parts WHERE id IN (SELECT id FROM closed))
SELECT count(*) FROM closed"""
# For others than this product: the row stays for a while and says that it is over.
_CLOSE_FOREIGN: Final = f"""
WITH closed AS (UPDATE joins SET size = -1, more = 0, there = 0, owner = '', held_until = 0,
  expires = {NOW} + {OVER_SECONDS} WHERE id = %s AND {_MINE} RETURNING id),
gone AS (DELETE FROM parts WHERE id IN (SELECT id FROM closed))
SELECT count(*) FROM closed"""
_FORGET: Final = f"""
WITH old AS (DELETE FROM joins WHERE id IN (
  SELECT id FROM joins WHERE expires <= {NOW} LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING id)
DELETE FROM parts WHERE id IN (SELECT id FROM old)"""

_LOOK: Final = f"SELECT size, coalesce(expires <= {NOW}, false) FROM joins WHERE id = %s FOR UPDATE"
_DROP: Final = (
    "WITH old AS (DELETE FROM joins WHERE id = %s RETURNING id) DELETE FROM parts USING old WHERE parts.id = old.id"
)
_FOUND: Final = f"INSERT INTO joins (id, expires) VALUES (%s, {NOW} + %s::float8) ON CONFLICT DO NOTHING"
# Counting rows would take ever longer, so the join counts them. Who completes it takes the firing upon itself.
_ENTER: Final = f"""
WITH new AS (INSERT INTO parts VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1),
counted AS (SELECT count(*)::integer AS parts FROM new)
UPDATE joins SET there = there + counted.parts, more = more + counted.parts * %s,
expires = CASE WHEN %s::float8 IS NULL OR expires IS NULL THEN NULL ELSE greatest(expires, {NOW} + %s::float8) END
FROM counted WHERE id = %s
RETURNING size, more, there"""
_PARTS: Final = "SELECT payload FROM parts WHERE id = %s ORDER BY place, task"


class PostgresJoins:
    """Flows of statements and transactions."""

    def open(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield Ask([Statement(_FORGET), *open_statements(joins)])

    def part(self, part: Part) -> Flow[Counted]:
        counted: Counted = yield Write(partial(_count, part=part))
        return counted

    def grow(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        if joins:
            yield Ask(grow_statements(joins))

    def hold(self, group: str, owner: str) -> Flow[bool]:
        answers: list[Answer] = yield Ask([_hold(key(group), owner)])
        return answers[0].count > 0

    def close(self, group: str, owner: str, foreign: bool = False) -> Flow[bool]:
        answers: list[Answer] = yield Ask(close_statements(Sequel(group=group, owner=owner, foreign=foreign)))
        return bool(answers[0].rows[0][0])


def open_statements(joins: Sequence[OpenJoin]) -> list[Statement]:
    """A join that is named twice is opened once."""
    rows = sorted(
        {join.group: (key(join.group), join.size, join.ttl) for join in joins}.values(), key=lambda row: row[0]
    )
    return [Statement(_OPEN, [list(column) for column in zip(*rows, strict=True)])] if rows else []


def grow_statements(joins: Sequence[OpenJoin]) -> list[Statement]:
    more: dict[str, int] = {}
    for join in joins:
        name = key(join.group)
        more[name] = more.get(name, 0) + join.size
    names = sorted(more)
    return [Statement(_GROW, (names, [more[name] for name in names]))] if names else []


def close_statements(sequel: Sequel) -> list[Statement]:
    """One statement; its one row says whether it was open, and nobody but this owner was about to fire it."""
    return [Statement(_CLOSE_FOREIGN if sequel.foreign else _CLOSE, (key(sequel.group), sequel.owner))]


def _hold(group: str, owner: str) -> Statement:
    return Statement(_HOLD, (owner, group, owner))


def _count(work: Work, part: Part) -> request.Part[Counted]:
    group = key(part.group)
    (found,) = yield [Statement(_LOOK, (group,))]
    row: tuple[Any, ...] | None = found.rows[0] if found.rows else None
    before: list[Statement] = []
    if row is not None and row[1]:
        before = [Statement(_DROP, (group,))]  # nobody gave a sign of life of it for too long
        row = None
    if (row is None and part.declared) or (row is not None and row[0] == -1):
        yield work.last(*before)
        return Counted(Count.OVER)
    if row is None:
        before.append(Statement(_FOUND, (group, part.ttl)))
    place = _BEHIND_ALL if part.index is None else part.index
    new = (group, place, key(part.task_id), part.payload, part.more, part.ttl, part.ttl, group)
    answers = yield [*before, Statement(_ENTER, new)]
    size, more, there = answers[-1].rows[0]
    if size is None or there < size + more:
        return Counted(Count.OPEN)
    held, parts = yield work.last(_hold(group, part.owner), Statement(_PARTS, (group,)))
    if not held.count:
        return Counted(Count.TAKEN)
    return Counted(Count.COMPLETE, tuple(payload for (payload,) in parts.rows), not part.declared)
