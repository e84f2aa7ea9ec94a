"""The dead-letter store on Redis: a hash of letters and a set that keeps them in the order they died."""

from collections.abc import Sequence

import msgspec

from ...core.delivery import DeadLetter
from ...core.flow import Flow
from .keys import Keys
from .scripts import script
from .unacked import priority

# KEYS: letters, index. ARGV: per letter its id, list and message. A letter that is gone already stays gone.
_REPLAY = script(
    """
local replayed = 0
for i = 1, #ARGV, 3 do
  if redis.call('HDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('ZREM', KEYS[2], ARGV[i])
    redis.call('LPUSH', ARGV[i + 1], ARGV[i + 2])
    replayed = replayed + 1
  end
end
return replayed
"""
)

# KEYS: letters, index. ARGV: seconds, how many. An id begins with the time of death, so that of a moment sorts
# before all that died later.
_EXPIRE = script(
    """
local time = redis.call('TIME')
local bound = string.format('%017.6f', time[1] + time[2] / 1000000 - ARGV[1])
local ids = redis.call('ZRANGEBYLEX', KEYS[2], '-', '(' .. bound, 'LIMIT', 0, ARGV[2])
if #ids > 0 then
  redis.call('HDEL', KEYS[1], unpack(ids))
  redis.call('ZREM', KEYS[2], unpack(ids))
end
return #ids
"""
)

_Letter = tuple[str, str, bytes]  # queue, reason, message
_CHUNK = 500


class RedisDeadLetters:
    """Flows of commands. An id starts with the time of death, and all scores are 0: the order is the ids' order."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._decoder = msgspec.msgpack.Decoder(_Letter)

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        start = f"({after}" if after else "-"
        (ids,) = yield (("ZRANGEBYLEX", self._keys.dead_index, start, "+", "LIMIT", 0, limit),)
        if not ids:
            return ()
        (values,) = yield (("HMGET", self._keys.dead, *ids),)
        return tuple(self._letter(id.decode(), value) for id, value in zip(ids, values, strict=True) if value)

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        replayed = 0
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            (values,) = yield (("HMGET", self._keys.dead, *some),)
            letters = [self._letter(id, value) for id, value in zip(some, values, strict=True) if value]
            replayed += yield from self._replay(letters)
        return replayed

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        keys = self._keys
        if ids is None:
            number, _ = yield (("HLEN", keys.dead), ("UNLINK", keys.dead, keys.dead_index))
            return int(number)
        if not ids:
            return 0
        number, _ = yield (("HDEL", keys.dead, *ids), ("ZREM", keys.dead_index, *ids))
        return int(number)

    def expire(self, ttl: float) -> Flow[int]:
        (expired,) = yield (("EVALSHA", _EXPIRE, 2, self._keys.dead, self._keys.dead_index, ttl, _CHUNK),)
        return int(expired)

    def _replay(self, letters: Sequence[DeadLetter]) -> Flow[int]:
        if not letters:
            return 0
        arguments: list[str | bytes] = []
        for letter in letters:
            step = self._keys.step(priority(letter.raw))
            arguments += (letter.id, self._keys.line(letter.queue, step), letter.raw)
        keys = (self._keys.dead, self._keys.dead_index)
        (replayed,) = yield (("EVALSHA", _REPLAY, 2, *keys, *arguments),)
        return int(replayed)

    def _letter(self, id: str, value: bytes) -> DeadLetter:
        queue, reason, raw = self._decoder.decode(value)
        return DeadLetter(id=id, queue=queue, raw=raw, reason=reason, died_at=float(id.partition("-")[0]))
