"""A client program, run with a system's own Python: `client.py APP MEASURE N` prints one JSON object."""

import importlib
import json
import sys
import time


def delay(app, noop, n):
    """Messages sent one by one, each confirmed before the next."""
    for _ in range(20):
        noop.delay()
    start = time.perf_counter()
    for _ in range(n):
        noop.delay()
    return {"delay": n / (time.perf_counter() - start)}


def bulk(app, noop, n):
    """Many messages at once, by the best public call the system has for it."""
    noop.delay()
    start = time.perf_counter()
    if hasattr(app, "send_many"):
        app.send_many([(noop, (), {}, {})] * n)
    else:
        for _ in range(n):
            noop.delay()
    return {"bulk": n / (time.perf_counter() - start)}


def delayed(app, noop, n):
    """Messages that are due in an hour."""
    for sent in range(0, n, 10_000):
        app.send_many([(noop, (), {}, {"countdown": 3600})] * min(10_000, n - sent))
    return {}


def round_trip(app, noop, n):
    """Seconds from delay() to the result in hand, one at a time."""
    for _ in range(max(20, n // 10)):
        noop.delay().get(timeout=30)
    seconds = []
    for _ in range(n):
        start = time.perf_counter()
        noop.delay().get(timeout=30)
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds}


def main(module, measure, n):
    program = importlib.import_module(module)
    measures = {"delay": delay, "bulk": bulk, "delayed": delayed, "round_trip": round_trip}
    print(json.dumps(measures[measure](program.app, program.noop, int(n))))


if __name__ == "__main__":
    main(*sys.argv[1:])
