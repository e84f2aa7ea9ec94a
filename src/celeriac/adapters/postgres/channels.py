"""Which of the server's notification channels carries what, and how words are written into them.

A queue's bell has a channel of its own. Everything else (results, the bus) shares sixteen: whoever listens
sorts out what it does not want, and nobody needs a LISTEN, which is a transaction, for every result it waits for.
"""

import base64
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final
from zlib import crc32

_SHARDS: Final = 16
# The server takes less than 8000 bytes.
_LARGEST: Final = 7900
RESULT: Final = "result/"


class Channels:
    """Those of one schema: another schema of the same database is not heard."""

    def __init__(self, schema: str) -> None:
        self._schema = schema

    def bell(self, queue: str) -> str:
        """Queues that share a channel ring for each other, which a bell may do."""
        return f"{self._schema}.q.{crc32(queue.encode()):08x}"

    def bus(self, channel: str) -> str:
        return f"{self._schema}.b.{crc32(channel.encode()) % _SHARDS}"

    def wakes(self, queues: Collection[str], records: Collection[str]) -> Iterator[tuple[str, list[str]]]:
        """(channel, words) that tell of messages in these queues and of records of these ids."""
        for queue in sorted(queues):
            yield self.bell(queue), [""]
        shards: dict[str, list[str]] = {}
        for id in records:
            name = RESULT + id
            shards.setdefault(self.bus(name), []).append(name)
        for shard, names in sorted(shards.items()):
            yield shard, list(stored(names))


def stored(names: Iterable[str]) -> Iterator[str]:
    """Words that say of each of these channels that a record is there; as many in a word as there is room for."""
    some: list[str] = []
    size = 2
    for name in names:
        more = len(json.dumps(name)) + 2
        if some and size + more > _LARGEST:
            yield json.dumps(some)
            some, size = [], 2
        some.append(name)
        size += more
    if some:
        yield json.dumps(some)


def told(channel: str, payload: bytes) -> str | None:
    """The word for a payload; None if there is not enough room in one."""
    if len(payload) > _LARGEST:
        return None
    word = json.dumps({"to": channel, "payload": base64.b64encode(payload).decode()})
    return word if len(word) <= _LARGEST else None


def parcelled(channel: str) -> str:
    """The word for a payload that is left in a row; the row's number comes before it."""
    return json.dumps({"to": channel})


def heard(word: str) -> list[tuple[str, bytes | int]]:
    """(channel, payload, or the number of the row it is left in) of one word."""
    number, brace, rest = word.partition("{") if not word.startswith("[") else ("", "", word)
    found: Any = json.loads(brace + rest)
    if isinstance(found, list):
        return [(name, b"") for name in found]
    payload = found.get("payload")
    return [(found["to"], int(number) if payload is None else base64.b64decode(payload))]
