"""The Lua scripts of joins: Celery's own keys, so that parts run by Celery's workers and ours count into one join.

A join has five keys under one name: `.s` the size its client declared, `.t` how many parts were added since,
`.j` the parts (a sorted set by place, or a list), `.d` which have been counted (`task:place`), and `.c` who is
about to fire what follows, or `done`.
"""

from typing import Final

from .scripts import JOINS, script

# KEYS: the join's name. ARGV: size, ttl in milliseconds.
OPEN: Final = script(JOINS + "declare(KEYS[1], ARGV[1], ARGV[2]) return 1")

# KEYS: the join's name. ARGV: how many.
GROW: Final = script(JOINS + "grow(KEYS[1], ARGV[1]) return 1")

# KEYS: the join's name. ARGV: owner, seconds.
HOLD: Final = script(
    JOINS
    + """
if not open_to(KEYS[1], ARGV[1]) then return 0 end
redis.call('SET', KEYS[1] .. '.c', ARGV[1], 'EX', ARGV[2])
return 1
"""
)

# KEYS: the join's name. ARGV: owner, whether others count here.
CLOSE: Final = script(
    JOINS
    + """
if not open_to(KEYS[1], ARGV[1]) then return 0 end
close(KEYS[1], ARGV[2])
return 1
"""
)

# KEYS: the join's name. ARGV: task, place, payload, owner, seconds to fire in, ttl in milliseconds,
#   whether the join was declared before, how many more are to come, whether parts are kept in order.
# Returns what core.join.Count calls it, then the parts if they are all there.
# A ttl is never shortened: a part with a short one must not end a join that others wait for.
PART: Final = script(
    """
local name, task, place, payload, owner = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local ttl, ordered = tonumber(ARGV[6]), ARGV[9] == '1'
local parts, counted, claim = name .. '.j', name .. '.d', name .. '.c'
local holder = redis.call('GET', claim)
if holder == 'done' then return { 3 } end
local size = redis.call('GET', name .. '.s')
if not size and ARGV[7] == '1' then return { 3 } end
if redis.call('SADD', counted, task .. ':' .. place) == 1 then
  if ordered then
    redis.call('ZADD', parts, place, payload)
  else
    redis.call('RPUSH', parts, payload)
  end
  if ARGV[8] ~= '0' then redis.call('INCRBY', name .. '.t', ARGV[8]) end
end
for _, end_of in ipairs({ '.j', '.t', '.s', '.d' }) do
  local left = redis.call('PTTL', name .. end_of)
  if ttl == 0 then
    redis.call('PERSIST', name .. end_of)
  elseif left >= 0 and left < ttl or left == -1 and end_of ~= '.s' then
    redis.call('PEXPIRE', name .. end_of, ttl)
  end
end
if not size then return { 0 } end
local there = ordered and redis.call('ZCARD', parts) or redis.call('LLEN', parts)
if there < tonumber(size) + tonumber(redis.call('GET', name .. '.t') or 0) then return { 0 } end
if holder and holder ~= owner then return { 2 } end
redis.call('SET', claim, owner, 'EX', ARGV[5])
if ordered then return { 1, redis.call('ZRANGE', parts, 0, -1) } end
return { 1, redis.call('LRANGE', parts, 0, -1) }
"""
)
