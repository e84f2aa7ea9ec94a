"""The floor of a client: finished messages go out with a bare Redis client, a bare subscription hears the result."""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from bench.floor import QUEUE
from bench.messages import Mould


def delay(client: "redis.Redis", mould: Mould, n: int) -> dict[str, Any]:
    """One LPUSH a message."""
    messages = [raw for _, raw in mould.many(n)]
    client.ping()
    start = time.perf_counter()
    for raw in messages:
        client.lpush(QUEUE, raw)
    return {"delay": n / (time.perf_counter() - start)}


def bulk(client: "redis.Redis", mould: Mould, n: int) -> dict[str, Any]:
    """One LPUSH for all messages."""
    messages = [raw for _, raw in mould.many(n)]
    client.ping()
    start = time.perf_counter()
    client.lpush(QUEUE, *messages)
    return {"bulk": n / (time.perf_counter() - start)}


def round_trip(client: "redis.Redis", mould: Mould, n: int) -> dict[str, Any]:
    """Subscribe to the result, push the message, wait for the result."""
    trips = _trips(client, mould.many(n + max(20, n // 10)))
    return {"seconds": list(trips)[-n:]}


def _trips(client: "redis.Redis", messages: Iterator[tuple[str, bytes]]) -> Iterator[float]:
    ear: Any = client.pubsub()  # type: ignore[no-untyped-call]
    for id, raw in messages:
        channel = f"celery-task-meta-{id}"
        start = time.perf_counter()
        ear.subscribe(channel)
        client.lpush(QUEUE, raw)
        while (heard := ear.get_message(timeout=30)) and heard["type"] != "message":
            pass
        if heard is None:
            raise SystemExit(f"no result of {id} came within 30 s: is the floor worker running?")
        json.loads(heard["data"])
        yield time.perf_counter() - start
        ear.unsubscribe(channel)


MEASURES = {"delay": delay, "bulk": bulk, "round_trip": round_trip}


def main(measure: str, n: str) -> None:
    client = redis.Redis.from_url(os.environ["BENCH_BROKER"])
    mould = Mould(Path(os.environ["BENCH_MOULD"]).read_bytes())
    print(json.dumps(MEASURES[measure](client, mould, int(n))))


if __name__ == "__main__":
    main(*sys.argv[1:])
