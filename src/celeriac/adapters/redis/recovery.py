"""Puts back what dead workers had claimed; may be killed at any step, and any number may do it at once."""

from typing import Any

from ...core.delivery import Delivery
from ...core.flow import Flow
from ...core.ports.broker import Mark
from . import unacked
from .attendance import attend
from .keys import Keys
from .options import RedisOptions
from .packing import Argument
from .routing import queues_bound
from .scripts import script

_DELAYED = unacked.DELAYED.encode()

# KEYS: owners, owners being swept, last holders. ARGV: start of lease keys.
# Owners without a lease are set apart first, so that a late worker can't take up its lease again while
# its messages are put back.
_SET_APART = script(
    """
for _, owner in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('EXISTS', ARGV[1] .. owner) == 0 then
    redis.call('SMOVE', KEYS[1], KEYS[2], owner)
    redis.call('HDEL', KEYS[3], 'worker/' .. owner)
  end
end
return redis.call('SMEMBERS', KEYS[2])
"""
)

# KEYS: unacked, index. ARGV: cursor, owners. Returns the next cursor, then tag and value of what they had claimed.
_LOOK = script(
    """
local wanted = {}
for i = 2, #ARGV do wanted[ARGV[i]] = true end
local page = redis.call('ZSCAN', KEYS[2], ARGV[1], 'COUNT', 500)
local out = { page[1] }
for i = 1, #page[2], 2 do
  local tag = page[2][i]
  if wanted[string.match(tag, '^([^.]*)%.')] then
    out[#out + 1] = tag
    out[#out + 1] = redis.call('HGET', KEYS[1], tag) or ''
  end
end
return out
"""
)

# KEYS: unacked, index, owners. ARGV: age in seconds, limit. Claims nobody has touched for so long,
# except those of living workers of ours; and delayed messages that are overdue.
_LOOK_AT_OLD = script(
    """
local time = redis.call('TIME')
local out = {}
local tags = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', time[1] - ARGV[1], 'LIMIT', 0, ARGV[2])
for _, tag in ipairs(tags) do
  local owner = string.match(tag, '^([^.]*)%.')
  if not owner or redis.call('SISMEMBER', KEYS[3], owner) == 0 then
    out[#out + 1] = tag
    out[#out + 1] = redis.call('HGET', KEYS[1], tag) or ''
  end
end
return out
"""
)

# KEYS: unacked, index. ARGV: per message its tag, new form and number of lists, then the lists.
# Deleting the claim and putting the message back are one step, done by whoever comes first.
_PUT_BACK = script(
    """
local back, i = 0, 1
while ARGV[i] do
  local lists = tonumber(ARGV[i + 2])
  local held = redis.call('HDEL', KEYS[1], ARGV[i])
  redis.call('ZREM', KEYS[2], ARGV[i])
  if held == 1 then
    back = back + 1
    for k = 1, lists do redis.call('RPUSH', ARGV[i + 2 + k], ARGV[i + 1]) end
  end
  i = i + 3 + lists
end
return back
"""
)


def recover(keys: Keys, options: RedisOptions, mark: Mark) -> Flow[int]:
    """Messages of our dead workers at once, those of Celery workers after the visibility timeout."""
    named = (keys.owners, keys.dying, keys.leases)
    (dead,) = yield (("EVALSHA", _SET_APART, 3, *named, keys.lease("worker/")),)
    back = 0
    if dead:
        back += yield from _sweep(keys, dead, mark)
        for owner in dead:
            yield from attend(keys, owner.decode(), ())
        yield (("SREM", keys.dying, *dead),)
    return back + (yield from _restore_old(keys, options, mark))


def _sweep(keys: Keys, dead: list[bytes], mark: Mark) -> Flow[int]:
    back = 0
    cursor: Argument = "0"
    while True:
        (found,) = yield (("EVALSHA", _LOOK, 2, keys.unacked, keys.index, cursor, *dead),)
        back += yield from _put_back(keys, found[1:], mark)
        cursor = found[0]
        if cursor == b"0":
            return back


def held(keys: Keys, owner: str) -> Flow[tuple[Delivery, ...]]:
    """All that one owner has claimed, oldest first."""
    found: dict[bytes, bytes] = {}
    cursor: Argument = "0"
    while cursor != b"0":
        (page,) = yield (("EVALSHA", _LOOK, 2, keys.unacked, keys.index, cursor, owner),)
        cursor = page[0]
        found.update(zip(page[1::2], page[2::2], strict=True))  # a scan may show an entry twice
    entries = [(tag.decode(), *unacked.parse(found[tag])) for tag in sorted(found, key=_number) if found[tag]]
    return tuple(Delivery(tag, queue, raw, unacked.redelivered(raw)) for tag, raw, _, queue in entries)


def _restore_old(keys: Keys, options: RedisOptions, mark: Mark) -> Flow[int]:
    named = (keys.unacked, keys.index, keys.owners)
    (found,) = yield (("EVALSHA", _LOOK_AT_OLD, 3, *named, options.visibility_timeout, options.unacked_restore_limit),)
    back: int = yield from _put_back(keys, found, mark)
    return back


def _put_back(keys: Keys, found: list[bytes], mark: Mark) -> Flow[int]:
    if not found:
        return 0
    entries = sorted(zip(found[::2], found[1::2], strict=True), key=lambda entry: _number(entry[0]), reverse=True)
    parsed = [(tag, *unacked.parse(value)) for tag, value in entries if value]
    exchanges = list(dict.fromkeys(exchange for _, _, exchange, _ in parsed if exchange))
    bound: dict[str, list[bytes]] = {}
    if exchanges:
        replies = yield tuple(("SMEMBERS", keys.bindings(exchange)) for exchange in exchanges)
        bound = dict(zip(exchanges, replies, strict=True))
    arguments: list[Any] = []
    for tag, raw, exchange, routing_key in parsed:
        queues = queues_bound(bound[exchange], keys.sep, routing_key) if exchange else [routing_key]
        step = keys.step(unacked.priority(raw))
        lists = [keys.line(queue, step) for queue in queues]
        # A delayed message was in nobody's hands: no worker of ours consumes its queue.
        back = raw if tag.startswith(_DELAYED) else unacked.marked(raw, mark)
        arguments += (tag, back, len(lists), *lists)
    if not arguments:
        return 0
    overdue = tuple(("ZREM", keys.delayed(queue), tag) for tag, _, _, queue in parsed if tag.startswith(_DELAYED))
    (count, *_) = yield (("EVALSHA", _PUT_BACK, 2, keys.unacked, keys.index, *arguments), *overdue)
    return int(count)


def _number(tag: bytes) -> tuple[int, bytes]:
    """Orders the claims of one worker as they were made: the last goes back first, so the first is served first."""
    return len(tag), tag
