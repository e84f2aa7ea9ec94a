"""The lease port on Redis: a key with a time to live says who holds a name; the server's clock decides."""

from ...core.flow import Flow
from .keys import Keys
from .scripts import script

# KEYS: lease, last holders, term counter, owners, owners being swept.
# ARGV: name, holder, ttl in milliseconds, owner ('' unless the name is a worker's).
# A worker's name stays in `owners` until somebody has put back all it had claimed.
_ACQUIRE = script(
    """
local value = redis.call('GET', KEYS[1])
if value then
  local term, holder = string.match(value, '^(%d+) (.*)$')
  if holder ~= ARGV[2] then return false end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return tonumber(term)
end
if ARGV[4] ~= '' then
  if redis.call('SISMEMBER', KEYS[5], ARGV[4]) == 1 then return false end
  redis.call('SADD', KEYS[4], ARGV[4])
end
local term = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[1], term .. ' ' .. ARGV[2], 'PX', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], term .. ' ' .. ARGV[2])
return term
"""
)

# KEYS: lease, last holders. ARGV: name, holder, ttl in milliseconds.
# A lease that ran out is taken up again if nobody had it in between and nobody swept its claims.
_RENEW = script(
    """
local value = redis.call('GET', KEYS[1]) or redis.call('HGET', KEYS[2], ARGV[1])
if not value or string.match(value, '^%d+ (.*)$') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
return 1
"""
)

# KEYS: lease, last holders. ARGV: name, holder.
_RELEASE = script(
    """
local last = redis.call('HGET', KEYS[2], ARGV[1])
if last and string.match(last, '^%d+ (.*)$') == ARGV[2] then redis.call('HDEL', KEYS[2], ARGV[1]) end
local value = redis.call('GET', KEYS[1])
if not value or string.match(value, '^%d+ (.*)$') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""
)

WORKER = "worker/"


class RedisLease:
    """Flows of commands; no I/O."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        keys = self._keys
        owner = name.removeprefix(WORKER) if name.startswith(WORKER) else ""
        named = (keys.lease(name), keys.leases, keys.term, keys.owners, keys.dying)
        (term,) = yield (("EVALSHA", _ACQUIRE, 5, *named, name, holder, _milliseconds(ttl), owner),)
        return None if term is None else int(term)

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        keys = (self._keys.lease(name), self._keys.leases)
        (renewed,) = yield (("EVALSHA", _RENEW, 2, *keys, name, holder, _milliseconds(ttl)),)
        return bool(renewed)

    def release(self, name: str, holder: str) -> Flow[bool]:
        keys = (self._keys.lease(name), self._keys.leases)
        (released,) = yield (("EVALSHA", _RELEASE, 2, *keys, name, holder),)
        return bool(released)

    def holder(self, name: str) -> Flow[str | None]:
        (value,) = yield (("GET", self._keys.lease(name)),)
        return None if value is None else str(value.decode().partition(" ")[2])


def _milliseconds(ttl: float) -> int:
    return max(int(ttl * 1000), 1)
