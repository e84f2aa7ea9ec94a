"""The acts of the demo, in order: each shows one thing, and fails the demo if it is not so."""

import asyncio
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any, Final

import msgspec

from celeriac.core.errors import TimeoutError as ResultTimeoutError
from celeriac.result import AsyncResult

from . import tasks
from .company import Company
from .stage import Stage

_PATIENCE: Final = 15.0
_LONG_PATIENCE: Final = 45.0
_LOOK: Final = 0.04
_ROUND_TRIPS: Final = 200
_IO: Final = 10.0


class NotAsExpected(Exception):
    """An act showed something else than it should."""


class Tour(msgspec.Struct):
    """What the acts share."""

    stage: Stage
    company: Company
    many: int

    def wait(self, result: "AsyncResult[Any]", seconds: float = _PATIENCE) -> Any:
        """The result, as long as the worker lives."""
        end = time.monotonic() + seconds
        while True:
            self.company.check()
            try:
                return result.get(timeout=0.5)
            except ResultTimeoutError:
                if time.monotonic() > end:
                    raise

    def expect(self, found: object, wanted: object) -> None:
        """Raises NotAsExpected unless they are equal."""
        if found != wanted:
            raise NotAsExpected(f"{found!r} came where {wanted!r} was expected")


def call(tour: Tour) -> None:
    """The first act also waits for the worker to be up."""
    tour.stage.act("A call and its result", "add.delay(2, 3).get()")
    tour.expect(tour.wait(tasks.add.delay(2, 3), 30.0), 5)
    began = time.perf_counter()
    tour.expect(tour.wait(tasks.add.delay(2, 3)), 5)
    tour.stage.outcome(f"5, in {1000 * (time.perf_counter() - began):.1f} ms there and back")


def retry(tour: Tour) -> None:
    tour.stage.act("A task that fails, and is tried again", "raise self.retry(countdown=0.2, exc=ConnectionError(...))")
    tour.stage.outcome(tour.wait(tasks.flaky.delay()))


def progress(tour: Tour) -> None:
    tour.stage.act("A task that tells how far it is", "self.update_state(state='PROGRESS', meta={'done': 3, ...})")
    parts, seen = 20, set()
    result = tasks.download.delay(parts)
    end = time.monotonic() + _PATIENCE
    with tour.stage.progress(parts) as move:
        while not result.ready() and time.monotonic() < end:
            tour.company.check()
            if result.state == "PROGRESS":
                seen.add(result.info["done"])
                move(result.info["done"])
            time.sleep(_LOOK)
    tour.expect(tour.wait(result), f"{parts} parts")
    tour.stage.outcome(f"{parts} parts; {len(seen)} states were seen on the way")


def delayed(tour: Tour) -> None:
    tour.stage.act("A task for later", "now.apply_async(countdown=1)")
    due = time.time() + 1
    late = tour.wait(tasks.now.apply_async(countdown=1)) - due
    if late < -0.05:
        raise NotAsExpected(f"a task that was due in 1 s ran {-late:.3f} s too early")
    tour.stage.outcome(f"ran {1000 * max(late, 0):.0f} ms after its time")


def asynchronous(tour: Tour) -> None:
    tour.stage.act("Async from end to end", "await (await nap.adelay(0.3))     # and `async def nap(seconds)`")

    async def client() -> Any:
        result = await tasks.nap.adelay(0.3)
        return await result.aget(timeout=_PATIENCE)

    tour.stage.outcome(asyncio.run(client()))


def failure(tour: Tour) -> None:
    tour.stage.act("A task that fails", "divide.delay(1, 0).get()")
    try:
        tour.wait(tasks.divide.delay(1, 0))
    except ZeroDivisionError as exc:
        tour.stage.outcome(f"raises {type(exc).__name__}({exc}) here, with the worker's traceback in the result")
    else:
        raise NotAsExpected("dividing by zero did not fail")


def many(tour: Tour) -> None:
    """Sent in batches, run one by one, every result stored and read back."""
    count = tour.many
    tour.stage.act(f"{count:,} tasks", f"app.send_many((add, (n, n)) for n in range({count}))")
    began = time.perf_counter()
    results: list[AsyncResult[Any]] = []
    for start in range(0, count, 1000):
        results += tasks.app.send_many((tasks.add, (n, n)) for n in range(start, min(start + 1000, count)))
    sent = time.perf_counter()
    with tour.stage.progress(count) as move:
        _until_done(tour, [result.id for result in results], move)
    done = time.perf_counter()
    tour.expect([result.get(timeout=_IO) for result in results[::997]], [2 * n for n in range(count)[::997]])
    tour.stage.outcome(f"{count / (sent - began):,.0f} sent a second")
    tour.stage.outcome(f"{count / (done - began):,.0f} a second sent, run and with their results stored")


def _until_done(tour: Tour, ids: list[str], move: Callable[[float], None]) -> None:
    """Results appear in the order of the calls, nearly: so only those still missing are asked for, some at a time."""
    store = tasks.app.transports.results
    assert store is not None
    assert store.results is not None
    end = time.monotonic() + _LONG_PATIENCE
    missing = ids
    while missing:
        tour.company.check()
        if time.monotonic() > end:
            raise NotAsExpected(f"{len(missing):,} of {len(ids):,} results are missing after {_LONG_PATIENCE:.0f} s")
        page = missing[:1000]
        found = store.link().run(store.results.fetch(page), _IO)
        left = [id for id, payload in zip(page, found, strict=True) if payload is None]
        if len(left) == len(page):
            time.sleep(_LOOK)
        missing = left + missing[1000:]
        move(len(ids) - len(missing))


def latency(tour: Tour) -> None:
    tour.stage.act("Round trips, one after the other", f"add.delay(1, 1).get()     # {_ROUND_TRIPS} times")
    times = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        tour.wait(tasks.add.delay(1, 1))
        times.append(1000 * (time.perf_counter() - began))
    points = quantiles(times, n=100)
    tour.stage.outcome(f"p50 {points[49]:.2f} ms, p99 {points[98]:.2f} ms")


ACTS: Final = (call, retry, progress, delayed, asynchronous, failure, many, latency)
