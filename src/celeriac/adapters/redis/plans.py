"""Plans on Redis: hashes of definitions and marks; a tick's mark and its messages are one script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core.errors import LeaseLost
from ...core.flow import Flow
from ...core.ports.plans import Book, Change, Firing, Mark, Plan, Tenure
from .keys import Keys
from .packing import Argument, Command
from .scripts import NOW, STEPS, script

if TYPE_CHECKING:
    from .broker import RedisBroker

_CHECK = """
local function leads(key, tenure)
  return tenure == '' or redis.call('GET', key) == tenure
end
"""

# KEYS: lease, revision, definitions, marks, paused. ARGV: term and holder ('' if nobody need lead), then per change
# its name, 1 to remove it, definition, paused (1, 0 or ''), start, restart ('' leaves a part as it is).
_CHANGE = script(
    _CHECK
    + """
if not leads(KEYS[1], ARGV[1]) then return -1 end
local p = 2
while ARGV[p] do
  local name, definition, paused, start, restart = ARGV[p], ARGV[p + 2], ARGV[p + 3], ARGV[p + 4], ARGV[p + 5]
  if ARGV[p + 1] == '1' then
    redis.call('HDEL', KEYS[3], name)
    redis.call('HDEL', KEYS[4], name)
    redis.call('SREM', KEYS[5], name)
  else
    if definition ~= '' then redis.call('HSET', KEYS[3], name, definition) end
    if redis.call('HEXISTS', KEYS[3], name) == 1 then
      if paused == '1' then redis.call('SADD', KEYS[5], name) end
      if paused == '0' then redis.call('SREM', KEYS[5], name) end
      local mark = redis.call('HGET', KEYS[4], name)
      if not mark and start ~= '' then redis.call('HSET', KEYS[4], name, start .. ' 0 0 ') end
      if mark and restart ~= '' then
        redis.call('HSET', KEYS[4], name, restart .. string.match(mark, '^%-?%d+(.*)$'))
      end
    end
  end
  p = p + 6
end
return redis.call('INCR', KEYS[2])
"""
)

# KEYS: lease, definitions, marks, unacked, index, dead letters, their index. ARGV: term and holder, number of ticks,
# per tick its name, what its mark must begin with, the new mark; then per step the number of its tick, what, a, b, c.
_FIRE = script(
    NOW
    + _CHECK
    + """
if not leads(KEYS[1], ARGV[1]) then return -1 end
local unacked, index, dead, deaths = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local count, p, missing, done = tonumber(ARGV[2]), 3, {}, {}
for i = 1, count do
  local name, after = ARGV[p], ARGV[p + 1] .. ' '
  local mark = redis.call('HGET', KEYS[3], name)
  done[i], missing[tostring(i)] = 0, true
  if mark and string.sub(mark, 1, #after) == after and redis.call('HEXISTS', KEYS[2], name) == 1 then
    redis.call('HSET', KEYS[3], name, ARGV[p + 2])
    done[i], missing[tostring(i)] = 1, nil
  end
  p = p + 3
end
"""
    + STEPS
    + "return done"
)


class RedisPlans:
    """Flows of commands; no I/O."""

    def __init__(self, keys: Keys, broker: RedisBroker) -> None:
        self._keys = keys
        self._broker = broker

    def load(self, book: str) -> Flow[Book]:
        counter, definitions, marks, paused = self._keys.plans(book)
        # The revision first: what changes between two of these is then read again, never missed.
        revision, defined, marked, stopped = yield (
            ("GET", counter),
            ("HGETALL", definitions),
            ("HGETALL", marks),
            ("SMEMBERS", paused),
        )
        marked, stopped = _pairs(marked), set(stopped)
        plans = (
            Plan(name.decode(), definition, name in stopped, _mark(marked.get(name)))
            for name, definition in sorted(_pairs(defined).items())
        )
        return Book(int(revision or 0), tuple(plans))

    def revision(self, book: str) -> Flow[int]:
        (revision,) = yield (("GET", self._keys.plans(book)[0]),)
        return int(revision or 0)

    def change(self, book: str, changes: Sequence[Change], tenure: Tenure | None = None) -> Flow[int]:
        counter, definitions, marks, paused = self._keys.plans(book)
        lease = self._keys.lease("" if tenure is None else tenure.lease)
        arguments: list[Argument] = []
        for change in changes:
            stopped = "" if change.paused is None else int(change.paused)
            arguments += (change.name, int(change.remove), change.definition or "", stopped)
            arguments += ("" if moment is None else moment for moment in (change.start, change.restart))
        keys = (lease, counter, definitions, marks, paused)
        (revision,) = yield (("EVALSHA", _CHANGE, len(keys), *keys, _leader(tenure), *arguments),)
        if revision == -1:
            raise _lost(tenure)
        return int(revision)

    def fire(self, book: str, tenure: Tenure, firings: Sequence[Firing]) -> Flow[tuple[bool, ...]]:
        if not firings:
            return ()
        bound = yield from self._broker.bound([post for firing in firings for post in firing.posts])
        (done,) = yield (self._fire_command(book, tenure, firings, bound),)
        if done == -1:
            raise _lost(tenure)
        return tuple(bool(one) for one in done)

    def _fire_command(
        self, book: str, tenure: Tenure, firings: Sequence[Firing], bound: dict[str, Sequence[bytes]]
    ) -> Command:
        _, definitions, marks, _ = self._keys.plans(book)
        ticks: list[Argument] = []
        steps: list[Argument] = []
        for number, firing in enumerate(firings, 1):
            ticks += (firing.name, firing.after, _written(firing.mark))
            for post in firing.posts:
                for step in self._broker.steps(post, bound):
                    steps += (number, *step)
        keys = (self._keys.lease(tenure.lease), definitions, marks, *self._broker.settle_keys)
        return ("EVALSHA", _FIRE, len(keys), *keys, _leader(tenure), len(firings), *ticks, *steps)


def _leader(tenure: Tenure | None) -> str:
    """The value of the lease's key while this tenure lasts."""
    return "" if tenure is None else f"{tenure.term} {tenure.holder}"


def _lost(tenure: Tenure | None) -> LeaseLost:
    assert tenure is not None
    return LeaseLost(f"{tenure.holder} does not lead {tenure.lease} (any more).")


def _written(mark: Mark) -> str:
    return f"{mark.last} {mark.ran} {mark.runs} {mark.task_id}"


def _mark(value: bytes | None) -> Mark | None:
    if value is None:
        return None
    last, ran, runs, task_id = value.decode().split(" ", 3)
    return Mark(int(last), int(ran), int(runs), task_id)


def _pairs(reply: list[bytes] | dict[bytes, bytes]) -> dict[bytes, bytes]:
    """A hash, as either protocol version answers."""
    if isinstance(reply, dict):
        return reply
    return dict(zip(reply[::2], reply[1::2], strict=True))
