"""How an owner takes messages: what is due becomes ready, and one statement takes what nobody else is taking."""

from collections.abc import Sequence
from typing import Final

from ...core.delivery import Claim, Delivery
from ...core.errors import LeaseLost
from ...core.flow import Flow
from ...core.message import Queue
from .request import NOW, Answer, Ask, Statement, Take
from .routes import passes

_RIPEN: Final = f"""
WITH ripe AS MATERIALIZED (
  SELECT id FROM messages WHERE queue = ANY(%s::text[]) AND due <= {NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE messages SET due = NULL FROM ripe WHERE messages.id = ripe.id"""
# Queues are gone through in the order of the array; the inner limit looks no further than what is still wanted.
# The lock on the lease keeps whoever sweeps it away waiting until what is claimed here can be seen. It comes last: who
# finds nothing locks nothing, and a transaction that has changed nothing has no commit to wait for.
_TAKE: Final = f"""
WITH picked AS MATERIALIZED (
  SELECT ready.id FROM unnest(%s::text[]) AS wanted (queue), LATERAL (
    SELECT id FROM messages WHERE queue = wanted.queue AND owner IS NULL AND due IS NULL
    ORDER BY rank, id LIMIT %s FOR UPDATE SKIP LOCKED) AS ready
  LIMIT %s
), alive AS MATERIALIZED (
  SELECT 1 FROM leases
  WHERE name = %s AND holder = %s AND expires > {NOW} AND EXISTS (SELECT FROM picked) FOR KEY SHARE)
UPDATE messages SET owner = %s, claim = claim + 1 FROM picked, alive WHERE messages.id = picked.id
RETURNING messages.id, claim, queue, rank, deliveries, raw"""
# Asked after the claim: it tells of every revocation that was there before anything was taken.
_STATE: Final = f"""
SELECT EXISTS (SELECT FROM leases WHERE name = %s AND holder = %s AND expires > {NOW}),
(SELECT min(next.due) FROM unnest(%s::text[]) AS wanted (queue), LATERAL (
  SELECT due FROM messages WHERE queue = wanted.queue AND due IS NOT NULL ORDER BY due LIMIT 1) AS next),
(SELECT value FROM counters WHERE name = 'revoked')"""
_USE: Final = f"UPDATE passing SET used = {NOW} WHERE queue = ANY(%s::text[]) AND used < {NOW} - ttl / 4"
_HELD: Final = "SELECT id, claim, queue, rank, deliveries, raw FROM messages WHERE owner = %s"

_Row = tuple[int, int, str, int, int, bytes]


def claim(owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
    """One round trip."""
    names = list(dict.fromkeys(queue.name for queue in queues))
    lease = f"worker/{owner}"
    used = [queue.name for queue in queues if passes(queue)]
    answers: list[Answer] = yield Take(
        [
            *([Statement(_USE, (used,))] if used else []),
            Statement(_RIPEN, (names,)),
            Statement(_TAKE, (names, limit, limit, lease, owner, owner)),
            Statement(_STATE, (lease, owner, names)),
        ]
    )
    taken, state = answers[-2:]
    alive, due, revoked = state.rows[0]
    if not taken.rows and not alive:
        raise LeaseLost(f"Worker {owner} holds no lease (any more), so it may not claim messages.")
    places = {name: place for place, name in enumerate(names)}
    # What is returned is in the order of its update.
    rows: list[_Row] = sorted(taken.rows, key=lambda row: (places[row[2]], row[3], row[0]))
    return Claim(tuple(map(_delivery, rows)), due, revoked)


def held(owner: str) -> Flow[tuple[Delivery, ...]]:
    """What the owner has claimed and not settled, oldest first."""
    answers: list[Answer] = yield Ask([Statement(_HELD, (owner,))])
    return tuple(map(_delivery, sorted(answers[0].rows)))


def _delivery(row: _Row) -> Delivery:
    id, claim, queue, _, count, raw = row
    return Delivery(f"{id}.{claim}", queue, raw, count > 0, count)
