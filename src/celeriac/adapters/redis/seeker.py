"""Looks for one task in lists and hashes, some messages at a time, so that the server never stands still for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from ...core.errors import DecodeError
from ...core.flow import Flow
from ...core.whereabouts import Whereabouts
from ...wire.envelope import is_of
from . import unacked
from .keys import Keys
from .scripts import script

_FIRST: Final = 50  # messages in the first step, when nothing is known of their size
_MOST: Final = 1000
_BYTES: Final = 2 * 1024 * 1024  # looked through in a step: a millisecond or two

# ARGV[1] and ARGV[2]: the id as a JSON string, as kombu and as we write what is not ASCII. True if it is what some
# "id" says, not "root_id" or "parent_id": a million children of one task must not all be sent to be looked at.
_MATCH = """
local function says(value, text)
  local at = string.find(value, text, 1, true)
  while at do
    if string.sub(value, at - 5, at - 1) == '"id":' or string.sub(value, at - 6, at - 1) == '"id": ' then
      return true
    end
    at = string.find(value, text, at + 1, true)
  end
  return false
end
local function holds(value)
  return says(value, ARGV[1]) or (ARGV[2] ~= ARGV[1] and says(value, ARGV[2]))
end
"""

# KEYS: list. ARGV: two forms of the id, start, how many. Returns how many there were, their bytes, those that match.
_LOOK_IN_LIST = script(
    _MATCH
    + """
local bytes, found = 0, {}
local got = redis.call('LRANGE', KEYS[1], ARGV[3], ARGV[3] + ARGV[4] - 1)
for _, value in ipairs(got) do
  bytes = bytes + #value
  if holds(value) then found[#found + 1] = value end
end
return { #got, bytes, found }
"""
)

# KEYS: hash. ARGV: two forms of the id, cursor, how many. Returns the same and the next cursor; field and value.
_LOOK_IN_HASH = script(
    _MATCH
    + """
local bytes, found = 0, {}
local page = redis.call('HSCAN', KEYS[1], ARGV[3], 'COUNT', ARGV[4])
for i = 1, #page[2], 2 do
  bytes = bytes + #page[2][i + 1]
  if holds(page[2][i + 1]) then
    found[#found + 1] = page[2][i]
    found[#found + 1] = page[2][i + 1]
  end
end
return { #page[2] / 2, bytes, found, page[1] }
"""
)

_letter = msgspec.msgpack.Decoder(tuple[str, str, bytes]).decode


class RedisSeeker:
    """Flows of commands. A message that moves while we look is found where it was or where it went: lists are read
    from the end where messages enter, then what is claimed, then the lists once more for what came back."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def find(self, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
        forms = json.dumps(id), json.dumps(id, ensure_ascii=False)
        lists = [key for queue in queues for key in self._keys.lines(queue)]
        steps = (self._in_lists, self._in_unacked, self._in_lists, self._in_dead)
        for look in steps:
            found = yield from look(id, forms, lists)
            if found is not None:
                return found
        return Whereabouts.UNKNOWN

    def _in_lists(self, id: str, forms: tuple[str, str], lists: list[str]) -> Flow[Whereabouts | None]:
        for key in lists:
            start, step = 0, _FIRST
            while True:
                (reply,) = yield (("EVALSHA", _LOOK_IN_LIST, 1, key, *forms, start, step),)
                if any(is_of(raw, id) for raw in reply[2]):
                    return Whereabouts.QUEUED
                if reply[0] < step:
                    break
                start, step = start + step, _next_step(reply)
        return None

    def _in_unacked(self, id: str, forms: tuple[str, str], lists: list[str]) -> Flow[Whereabouts | None]:
        tags = yield from self._in_hash(self._keys.unacked, forms, lambda value: is_of(unacked.parse(value)[0], id))
        if not tags:
            return None
        # Delayed messages are kept in the same hash, under a tag of their own.
        return Whereabouts.DELAYED if tags[0].startswith(unacked.DELAYED.encode()) else Whereabouts.CLAIMED

    def _in_dead(self, id: str, forms: tuple[str, str], lists: list[str]) -> Flow[Whereabouts | None]:
        fields = yield from self._in_hash(self._keys.dead, forms, lambda value: is_of(_letter(value)[2], id))
        return Whereabouts.DEAD if fields else None

    def _in_hash(self, key: str, forms: tuple[str, str], fits: Callable[[bytes], bool]) -> Flow[list[bytes]]:
        cursor, step = b"0", _FIRST
        while True:
            (reply,) = yield (("EVALSHA", _LOOK_IN_HASH, 1, key, *forms, cursor, step),)
            found = [field for field, value in _pairs(reply[2]) if _fits(fits, value)]
            cursor, step = reply[3], _next_step(reply)
            if found or cursor == b"0":
                return found


def _pairs(flat: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _next_step(reply: list[Any]) -> int:
    """As many as make up the bytes of one step, going by those that were just seen."""
    number, size = int(reply[0]), int(reply[1])
    return _FIRST if not number or not size else max(1, min(_MOST, _BYTES * number // size))


def _fits(fits: Callable[[bytes], bool], value: bytes) -> bool:
    try:
        return fits(value)
    except (DecodeError, msgspec.DecodeError):
        return False
