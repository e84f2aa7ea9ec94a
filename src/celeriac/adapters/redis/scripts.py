"""The Lua scripts: each is one atomic step of the broker, and runs in a few microseconds a message."""

import hashlib
from typing import Final

from ...core.ports.joins import OVER_SECONDS

# What the driver needs when a server answers NOSCRIPT.
SOURCES: Final[dict[str, str]] = {}


def script(source: str) -> str:
    """Registers a script and returns its digest, to be used with EVALSHA."""
    digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
    SOURCES[digest] = source
    return digest


# The server's clock as text, so that no worker's clock decides anything.
NOW = """
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
"""

# Moves due messages of one queue to its lists, earliest at the end that is served next.
# A delayed message is kept in `unacked` like a claimed one, so that a fleet of Celery workers alone
# still finds it (see RedisBroker.wait); its tag says which priority step it returns to.
_PROMOTE = """
local function promote(delayed, unacked, index, suffix, lists, now, limit)
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, limit)
  for i = #due, 1, -1 do
    local tag = due[i]
    local value = redis.call('HGET', unacked, tag)
    if value then
      local step = tonumber(string.match(tag, '^celeriac%-delayed%.(%d+)%.'))
      redis.call('RPUSH', lists(step), string.sub(value, 2, -(#suffix + 1)))
      redis.call('HDEL', unacked, tag)
      redis.call('ZREM', index, tag)
    end
    redis.call('ZREM', delayed, tag)
  end
end
"""

# KEYS: lease, unacked, index, version of the revocations, then per queue its delayed set, then the lists in the
# order they are served.
# ARGV: tag prefix, first number, limit, number of queues, number of steps, per queue the end of its unacked value.
# Tags are added last first: a small sorted set is searched from its start, and so each is found a place at once.
# A list that gave less than was wanted is read after that (LLEN): with client tracking on, this read is
# what makes the server ring when the list changes.
CLAIM = script(
    NOW
    + _PROMOTE
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local prefix, number, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local queues, steps = tonumber(ARGV[4]), tonumber(ARGV[5])
local unacked, index = KEYS[2], KEYS[3]
local first = 4 + queues
local next_due = false
for q = 1, queues do
  local delayed = KEYS[4 + q]
  local head = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  if head[2] and tonumber(head[2]) <= tonumber(now) then
    promote(delayed, unacked, index, ARGV[5 + q],
      function(step) return KEYS[first + step * queues + q] end, now, math.max(want, 100))
    head = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  end
  if head[2] and (not next_due or tonumber(head[2]) < tonumber(next_due)) then next_due = head[2] end
end
local out = { next_due or '', redis.call('GET', KEYS[4]) or '0' }
for k = 0, queues * steps - 1 do
  if want <= 0 then break end
  local list = KEYS[first + 1 + k]
  local got = redis.call('RPOP', list, want)
  local n = got and #got or 0
  if n > 0 then
    local q = k % queues + 1
    local suffix = ARGV[5 + q]
    local values, scores = {}, {}
    for i = 1, n do
      local tag = prefix .. number
      number = number + 1
      values[2 * i - 1], values[2 * i] = tag, '[' .. got[i] .. suffix
      scores[2 * (n - i) + 1], scores[2 * (n - i) + 2] = now, tag
    end
    redis.call('HSET', unacked, unpack(values))
    redis.call('ZADD', index, unpack(scores))
    out[#out + 1] = q
    out[#out + 1] = got
    want = want - n
  end
  if want > 0 then redis.call('LLEN', list) end
end
return out
"""
)

# Stores a result unless a SUCCESS is there already, and tells who waits for it. Other serializers than
# JSON begin in another way, but all of them write the state's name near the start. Where the payload is
# compressed, a ttl with an `s` says that it is a SUCCESS, and a mark beside the result keeps that in mind.
# The mark's name is in the result's slot of a cluster.
_KEEP = """
local function mark_of(key)
  if string.find(key, '{[^}]+}') then return key .. '.success' end
  return '{' .. key .. '}.success'
end
local function succeeded(key)
  local head = redis.pcall('GETRANGE', key, 0, 35)
  if type(head) ~= 'string' then return false end
  if string.byte(head) == 0 then return redis.call('EXISTS', mark_of(key)) == 1 end
  if string.sub(head, 1, 1) == '{' then
    return string.find(head, '^{"status": ?"SUCCESS"') ~= nil
  end
  return string.find(head, 'status.?.?.?.?.?SUCCESS') ~= nil
end
local function mark(key, ttl, success)
  if not success then
    redis.call('DEL', mark_of(key))
  elseif ttl == '0' then
    redis.call('SET', mark_of(key), '1')
  else
    redis.call('SET', mark_of(key), '1', 'PX', ttl)
  end
end
local function keep(key, ttl, payload)
  local fresh
  local success = string.sub(ttl, -1) == 's'
  if success then ttl = string.sub(ttl, 1, -2) end
  if ttl == '0' then
    fresh = redis.call('SET', key, payload, 'NX')
  else
    fresh = redis.call('SET', key, payload, 'PX', ttl, 'NX')
  end
  if not fresh then
    if succeeded(key) then return end
    if ttl == '0' then
      redis.call('SET', key, payload)
    else
      redis.call('SET', key, payload, 'PX', ttl)
    end
  end
  if string.byte(payload) == 0 then mark(key, ttl, success) end
  redis.call('PUBLISH', key, payload)
end
"""

# KEYS: the record keys. ARGV: per record its ttl in milliseconds (0: for ever; see _KEEP) and payload.
STORE = script(
    _KEEP
    + """
for i = 1, #KEYS do keep(KEYS[i], ARGV[2 * i - 1], ARGV[2 * i]) end
return #KEYS
"""
)

# Celery's workers fire only while `.c` is free; `owner` has it for some seconds, we renew it with every step.
# A join is open as long as it has a size: closing deletes all of it.
JOINS: Final = (
    f"local OVER = {int(OVER_SECONDS)}"
    + """
local function open_to(name, owner)
  if redis.call('EXISTS', name .. '.s') == 0 then return false end
  local holder = redis.call('GET', name .. '.c')
  return not holder or holder == owner
end
local function close(name, foreign)
  redis.call('DEL', name .. '.j', name .. '.t', name .. '.s', name .. '.d', name .. '.c')
  if foreign == '1' then redis.call('SET', name .. '.c', 'done', 'EX', OVER) end
end
local function declare(name, size, ttl)
  if redis.call('GET', name .. '.c') == 'done' then redis.call('DEL', name .. '.c') end
  if ttl == '0' then
    redis.call('SET', name .. '.s', size, 'NX')
  else
    redis.call('SET', name .. '.s', size, 'NX', 'PX', ttl)
  end
end
local function grow(name, more)
  if redis.call('EXISTS', name .. '.s') == 1 then redis.call('INCRBY', name .. '.t', more) end
end
"""
)

# Goes from ARGV[p] to the end through steps (label, what, a, b, c), but for those whose label is `missing`:
# a message to hold until it is due, a dead letter, or a command of two arguments.
STEPS = """
while ARGV[p] do
  local what, a, b, c = ARGV[p + 1], ARGV[p + 2], ARGV[p + 3], ARGV[p + 4]
  if not missing[ARGV[p]] then
    if what == 'DELAY' then
      local tag, overdue = string.match(c, '^([^ ]+) ([^ ]+) ')
      redis.call('HSET', unacked, tag, string.sub(c, #tag + #overdue + 3))
      redis.call('ZADD', index, overdue, tag)
      redis.call('ZADD', a, b, tag)
    elseif what == 'DEAD' then
      local id = string.format('%017.6f', now) .. '-' .. a
      redis.call('HSET', dead, id, b)
      redis.call('ZADD', deaths, 0, id)
    else
      redis.call(what, a, b)
    end
  end
  p = p + 5
end
"""

# KEYS: unacked, index, dead letters, their index.
# ARGV: number of tags, number of records, our database, the results' database, number of joins' steps, the tags,
#   per step of a join (label, what, its name, a, b), per record (label, key, ttl, payload),
#   per further step (label, what, a, b, c).
# A label is the number of a tag, or what a step CLOSE is called: if that join was over, nothing happens for it.
# Deleting tells whether a claim was still ours: only if one was not, they are looked at one by one.
# Returns the numbers of those that were not: nothing is done for them.
SETTLE = script(
    NOW
    + _KEEP
    + JOINS
    + """
local n, records, joins = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local unacked, index, dead, deaths = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local lost, missing = {}, {}
if redis.call('HDEL', unacked, unpack(ARGV, 6, 5 + n)) == n then
  redis.call('ZREM', index, unpack(ARGV, 6, 5 + n))
else
  for i = 1, n do
    if redis.call('ZREM', index, ARGV[5 + i]) == 0 then
      missing[tostring(i)] = true
      lost[#lost + 1] = i
    end
  end
end
local p = 6 + n
if records + joins > 0 then
  if ARGV[3] ~= ARGV[4] then redis.call('SELECT', ARGV[4]) end
  for j = 1, joins do
    local label, what, name, a, b = ARGV[p], ARGV[p + 1], ARGV[p + 2], ARGV[p + 3], ARGV[p + 4]
    if missing[label] then
      missing[what] = true
    elseif what == 'OPEN' then
      declare(name, a, b)
    elseif what == 'GROW' then
      grow(name, a)
    elseif what == 'DROP' then
      redis.call('DEL', name)
    elseif open_to(name, a) then
      close(name, b)
    else
      missing[what] = true
    end
    p = p + 5
  end
  for r = 1, records do
    if not missing[ARGV[p]] then keep(ARGV[p + 1], ARGV[p + 2], ARGV[p + 3]) end
    p = p + 4
  end
  if ARGV[3] ~= ARGV[4] then redis.call('SELECT', ARGV[3]) end
end
"""
    + STEPS
    + "return lost"
)

# KEYS: index. ARGV: tags. Says that these claims are alive, so that a Celery worker's sweep leaves them alone.
TOUCH = script(
    NOW
    + """
local scores = {}
for i = 1, #ARGV do scores[2 * i - 1], scores[2 * i] = now, ARGV[i] end
redis.call('ZADD', KEYS[1], 'XX', unpack(scores))
return 1
"""
)

# KEYS: unacked, index, delayed set, lists. Returns how many messages are gone.
PURGE = script(
    """
local gone = 0
for i = 4, #KEYS do
  gone = gone + redis.call('LLEN', KEYS[i])
  redis.call('UNLINK', KEYS[i])
end
while true do
  local tags = redis.call('ZRANGE', KEYS[3], 0, 999)
  if #tags == 0 then return gone end
  gone = gone + redis.call('HDEL', KEYS[1], unpack(tags))
  redis.call('ZREM', KEYS[2], unpack(tags))
  redis.call('ZREM', KEYS[3], unpack(tags))
end
"""
)
