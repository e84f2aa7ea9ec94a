"""A client program, run with a system's own Python: `client.py APP MEASURE N` prints one JSON object."""

import importlib
import json
import os
import sys
import time

import counter


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


def left(app, noop, n):
    """Messages whose sender is gone when they are run: their results stay in its queue."""
    app.send_many([(noop, (), {}, {})] * n)
    print(json.dumps({"queue": app.oid}), flush=True)
    os._exit(0)  # whoever ends in good order takes the queue along


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


def group(app, noop, n):
    """A group from its making to the list of its results."""
    make = _canvas(app)
    make.group([noop.si() for _ in range(20)]).apply_async().get(timeout=60)
    start = time.perf_counter()
    values = make.group([noop.si() for _ in range(n)]).apply_async().get(timeout=150)
    seconds = time.perf_counter() - start
    assert len(values) == n
    return {"group": n / seconds}


def chord(app, noop, n):
    """Chords of n and of four times n; growth is what a header task of the larger costs, by one of the smaller."""
    make = _canvas(app)
    seconds = []
    for size in (20, n, 4 * n):
        start = time.perf_counter()
        make.chord([noop.si() for _ in range(size)], noop.si()).apply_async().get(timeout=150)
        seconds.append((time.perf_counter() - start) / size)
    return {"chord": 1 / seconds[2], "chord_growth": seconds[2] / seconds[1]}


def chain(app, noop, n):
    """One chain, link after link."""
    make = _canvas(app)
    make.chain(*[noop.si() for _ in range(20)]).apply_async().get(timeout=60)
    start = time.perf_counter()
    make.chain(*[noop.si() for _ in range(n)]).apply_async().get(timeout=150)
    return {"chain": n / (time.perf_counter() - start)}


def long_chain(app, noop, n):
    """Chains of n and of six times n; growth is what a link of the longer costs, by one of the shorter."""
    make = _canvas(app)
    seconds = []
    for size in (20, n, 6 * n):
        start = time.perf_counter()
        make.chain(*[noop.si() for _ in range(size)]).apply_async().get(timeout=150)
        seconds.append((time.perf_counter() - start) / size)
    return {"long_chain": 1 / seconds[2], "chain_growth": seconds[2] / seconds[1]}


def listen(app, noop, n):
    """A monitor that counts the events of tasks it hears, until it is killed."""
    tally = counter.Tally(os.environ["BENCH_HEARD"])

    def count(event):
        if event["type"].startswith("task-"):
            tally.ran()

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": count})
        steps = receiver.itercapture(limit=None, timeout=None, wakeup=False)
        next(steps)
        tally.ran()
        for _ in steps:
            pass


def _canvas(app):
    """The package that the app is of: both have group, chord and chain at its top."""
    return importlib.import_module(type(app).__module__.partition(".")[0])


def main(module, measure, n):
    program = importlib.import_module(module)
    measures = (delay, bulk, left, delayed, round_trip, group, chord, chain, long_chain, listen)
    chosen = {function.__name__: function for function in measures}[measure]
    print(json.dumps(chosen(program.app, program.noop, int(n))))


if __name__ == "__main__":
    main(*sys.argv[1:])
