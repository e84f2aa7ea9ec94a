"""How the claims of dead owners come back, and what is tidied up along with that."""

from typing import Final

from ...core.flow import Flow
from ...core.ports.broker import Mark
from .request import NOW, Answer, Ask, Part, Statement, Work, Write

_AT_ONCE: Final = 500
_KEPT: Final = 60.0  # seconds that parcels lie there
_ORPHANED: Final = "owner IS NOT NULL AND NOT EXISTS (SELECT FROM leases WHERE name = 'worker/' || owner)"
_LOOK: Final = f"""
SELECT EXISTS (SELECT FROM leases WHERE name LIKE 'worker/%%' AND expires <= {NOW})
OR EXISTS (SELECT FROM messages WHERE {_ORPHANED}),
EXISTS (SELECT FROM passing WHERE used + ttl < {NOW}) OR EXISTS (SELECT FROM parcels WHERE told < {NOW} - {_KEPT})"""
# Leases go first, so that their owners can't wake up again between two rounds. Nobody waits here for anybody: what
# another recoverer has locked is his, and who is claiming right now is swept the next time.
_SWEEP: Final = f"""
DELETE FROM leases WHERE name IN (
  SELECT name FROM leases WHERE name LIKE 'worker/%%' AND expires <= {NOW} FOR UPDATE SKIP LOCKED)"""
_FIND: Final = f"SELECT id, queue, raw FROM messages WHERE {_ORPHANED} LIMIT {_AT_ONCE} FOR UPDATE SKIP LOCKED"
_RETURN: Final = """
UPDATE messages SET owner = NULL, deliveries = deliveries + 1, raw = marked.raw
FROM unnest(%s::bigint[], %s::bytea[]) AS marked (id, raw) WHERE messages.id = marked.id"""

_UNUSED: Final = f"""
WITH gone AS (DELETE FROM passing WHERE used + ttl < {NOW} RETURNING queue),
unbound AS (DELETE FROM bindings WHERE queue IN (SELECT queue FROM gone) RETURNING 1),
emptied AS (DELETE FROM messages WHERE owner IS NULL AND queue IN (SELECT queue FROM gone))
UPDATE counters SET value = value + 1 WHERE name = 'bindings' AND EXISTS (SELECT FROM unbound)"""
_OLD_PARCELS: Final = f"DELETE FROM parcels WHERE told < {NOW} - {_KEPT}"


def recover(mark: Mark) -> Flow[int]:
    """Asks first, which costs little: every worker does so every few seconds."""
    found: list[Answer] = yield Ask([Statement(_LOOK)])
    dead, untidy = found[0].rows[0]
    if untidy:
        yield Ask([Statement(_UNUSED), Statement(_OLD_PARCELS)])
    recovered = 0

    def step(work: Work) -> Part[int]:
        return (yield from _return(work, mark))

    while dead:
        some: int = yield Write(step)
        recovered += some
        dead = some > 0
    return recovered


def _return(work: Work, mark: Mark) -> Part[int]:
    """Some of what dead owners held is ready again; if this process dies between rounds, the next one goes on."""
    yield [Statement(_SWEEP)]
    (found,) = yield [Statement(_FIND)]  # in a statement of its own: it sees what the sweep had waited for
    if found.rows:
        work.queues.update(queue for _, queue, _ in found.rows)
        ids = [id for id, _, _ in found.rows]
        yield work.last(Statement(_RETURN, (ids, [mark(raw) for _, _, raw in found.rows])))
    return len(found.rows)
