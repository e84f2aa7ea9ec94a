"""Who serves which queues, and what becomes of a queue's delayed messages when the last of our workers leaves it.

Celery's workers look into a queue's list, not into our delayed store. So the messages go back into the list, from
where a Celery worker takes them as its own delayed ones, and one of ours puts them into the store again.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ...core.flow import Flow
from .keys import Keys
from .scripts import script
from .unacked import suffix

# So many messages of a queue go back at most, the soonest: a worker that leaves shall not take long, and one that
# comes shall not have to put a million of them into the store again.
MOST: Final = 10_000
# In a tag of the delayed store: the message says itself when it is due.
TIMED: Final = "eta."
_TIMED: Final = f".{TIMED}".encode()
_CHUNK: Final = 500
_BYTES: Final = 4 * 1024 * 1024  # moved by one step of the server, if messages are large: a few milliseconds

# KEYS: who serves what. ARGV: start of lease keys, owner, its queues from now on (JSON, '' for none).
# Returns those it served before, and that it and everybody else who lives do not serve.
_ATTEND = script(
    """
local before = redis.call('HGET', KEYS[1], ARGV[2])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
if not before or before == ARGV[3] then return {} end
local served = {}
local function serve(queues)
  for _, queue in ipairs(cjson.decode(queues)) do served[queue] = true end
end
if ARGV[3] ~= '' then serve(ARGV[3]) end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if redis.call('EXISTS', ARGV[1] .. all[i]) == 1 then serve(all[i + 1]) end
end
local left = {}
for _, queue in ipairs(cjson.decode(before)) do
  if not served[queue] then left[#left + 1] = queue end
end
return left
"""
)

# KEYS: unacked, index, delayed set, then the queue's lists by priority step.
# ARGV: how long the end of its unacked values is, bytes after which to stop, tags.
# Each goes to the end that is served next. Returns how many tags were looked at and how many messages went back:
# what has been taken out of the store meanwhile is in the list already, or in somebody's hands.
_RETURN = script(
    """
local looked, back, bytes = 0, 0, 0
local finish, most = -(tonumber(ARGV[1]) + 1), tonumber(ARGV[2])
for i = 3, #ARGV do
  local tag = ARGV[i]
  local value = redis.call('HGET', KEYS[1], tag)
  if value then
    local step = tonumber(string.match(tag, '^celeriac%-delayed%.(%d+)%.'))
    redis.call('RPUSH', KEYS[4 + step], string.sub(value, 2, finish))
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
    back = back + 1
    bytes = bytes + #value
  end
  redis.call('ZREM', KEYS[3], tag)
  looked = looked + 1
  if bytes > most then break end
end
return { looked, back }
"""
)


class RedisAttendance:
    """Flows of commands; no I/O."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def attend(self, owner: str, queues: Sequence[str]) -> Flow[int]:
        return attend(self._keys, owner, queues)


def attend(keys: Keys, owner: str, queues: Sequence[str]) -> Flow[int]:
    """See the port. A crash after the first step leaves messages in the store: sweeps find them after their time."""
    served = msgspec.json.encode(list(queues)) if queues else ""
    (left,) = yield (("EVALSHA", _ATTEND, 1, keys.serving, keys.lease("worker/"), owner, served),)
    back = 0
    for queue in left:
        back += yield from _give_back(keys, queue.decode())
    return back


def _give_back(keys: Keys, queue: str) -> Flow[int]:
    """The soonest last, for that is the end which is served next."""
    (found,) = yield (("ZRANGE", keys.delayed(queue), 0, MOST - 1),)
    tags = [tag for tag in reversed(found) if _TIMED in tag]
    lists = keys.lines(queue)
    named = (keys.unacked, keys.index, keys.delayed(queue), *lists)
    limits = (len(suffix(queue).encode()), _BYTES)
    back = at = 0
    while at < len(tags):
        some: list[Any] = tags[at : at + _CHUNK]
        ((looked, returned),) = yield (("EVALSHA", _RETURN, len(named), *named, *limits, *some),)
        back += returned
        at += looked
    return back
