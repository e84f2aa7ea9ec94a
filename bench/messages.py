"""Messages exactly as Celery's producer writes them, in any number: one real message serves as the mould."""

import json
import uuid
from collections.abc import Iterator

import redis

from bench.floor import QUEUE

CHUNK = 5_000


class Mould:
    """A message Celery has published; copies differ in the id and the delivery tag only."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        message = json.loads(raw)
        self._id = message["headers"]["id"].encode()
        self._tag = message["properties"]["delivery_tag"].encode()

    def naming(self, task: str) -> "Mould":
        """The same message for another task."""
        name = json.loads(self.raw)["headers"]["task"]
        return Mould(self.raw.replace(f'"task": "{name}"'.encode(), f'"task": "{task}"'.encode()))

    def many(self, n: int) -> Iterator[tuple[str, bytes]]:
        """(id, message), n times, each with a fresh id and tag."""
        for _ in range(n):
            id, tag = str(uuid.uuid4()), str(uuid.uuid4()).encode()
            yield id, self.raw.replace(self._id, id.encode()).replace(self._tag, tag)


def fill(client: "redis.Redis", mould: Mould, n: int) -> None:
    """Puts n messages into the queue."""
    chunk: list[bytes] = []
    for _, raw in mould.many(n):
        chunk.append(raw)
        if len(chunk) == CHUNK:
            client.lpush(QUEUE, *chunk)
            chunk = []
    if chunk:
        client.lpush(QUEUE, *chunk)
