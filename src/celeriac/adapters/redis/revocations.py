"""What must not run, on Redis: marks in one sorted set by version, in another by their end.

Versions begin at the server's time in microseconds, so that they are new ones even after the database was emptied.
"""

from collections.abc import Sequence
from typing import Final

from ...core.flow import Flow
from ...core.revocation import Revocation, Revoked
from .keys import Keys
from .scripts import script

# KEYS: version, marks by version, marks by end. ARGV: ttl in milliseconds, most, the marks.
_REVOKE = script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], string.format('%d%06d', time[1], time[2]), 'NX')
local ttl = tonumber(ARGV[1])
while true do
  local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 1000)
  if #old == 0 then break end
  redis.call('ZREM', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[3], unpack(old))
end
local first = tonumber(redis.call('INCRBY', KEYS[1], #ARGV - 2)) - (#ARGV - 2)
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[2], string.format('%.0f', first + i - 2), ARGV[i])
  redis.call('ZADD', KEYS[3], string.format('%.0f', now + ttl), ARGV[i])
end
local excess = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[2])
while excess > 0 do
  local old = redis.call('ZRANGE', KEYS[2], 0, math.min(excess, 1000) - 1)
  redis.call('ZREM', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[3], unpack(old))
  excess = excess - #old
end
for i = 2, 3 do
  if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end
end
return 1
"""
)

# KEYS: version, marks by version, marks by end. ARGV: above which version, how many.
_SINCE = script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local out = { redis.call('GET', KEYS[1]) or '0' }
for i = 1, #found, 2 do
  local left = (tonumber(redis.call('ZSCORE', KEYS[3], found[i])) or 0) - now
  out[#out + 1] = found[i]
  out[#out + 1] = left
end
if #found / 2 == tonumber(ARGV[2]) then out[1] = found[#found] end
return out
"""
)
_CHUNK: Final = 2000


class RedisRevocations:
    """Flows of commands; no I/O."""

    def __init__(self, keys: Keys) -> None:
        self._keys = (keys.revoked, f"{keys.revoked}.marks", f"{keys.revoked}.ends")

    def revoke(self, marks: Sequence[str], ttl: float, most: int) -> Flow[None]:
        milliseconds = max(1, int(ttl * 1000))
        if marks:
            yield tuple(
                ("EVALSHA", _REVOKE, 3, *self._keys, milliseconds, most, *marks[start : start + _CHUNK])
                for start in range(0, len(marks), _CHUNK)
            )

    def since(self, version: int, limit: int = 10_000) -> Flow[Revoked]:
        (reply,) = yield (("EVALSHA", _SINCE, 3, *self._keys, version, limit),)
        pairs = zip(reply[1::2], reply[2::2], strict=True)
        entries = tuple(Revocation(mark.decode(), left / 1000.0) for mark, left in pairs if left > 0)
        return Revoked(int(float(reply[0])), entries, len(reply) // 2 == limit)
