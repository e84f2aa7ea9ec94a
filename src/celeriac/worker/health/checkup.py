"""The check-up: is the worker ready, and what do its parts say in figures."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

import celeriac
from celeriac.core.errors import OperationalError
from celeriac.worker.connection import ConnectionClosed, State
from celeriac.worker.shutdown import Phase

from . import metrics
from .metrics import Metric, Sample
from .tally import Tally

_FETCHED_WITHIN: Final = 15.0  # seconds: an idle worker looks every five
_COUNT_WITHIN: Final = 0.02  # seconds that a scrape waits for the lengths of queues; else it tells the last known ones


class CheckUp:
    """Looks at one worker."""

    def __init__(self, worker: Any, tally: Tally) -> None:
        self._worker = worker
        self._tally = tally
        self._lengths: dict[str, int] = {}
        self._counting: asyncio.Task[None] | None = None

    def why_not_ready(self) -> str:
        """Empty if it is ready: it has fetched lately, or has its hands full and the broker answers."""
        worker, consumer = self._worker, self._worker.consumer
        if worker.phase is not Phase.RUNNING:
            return "it is shutting down"
        if not worker.started:
            return "it is starting"
        connection, now = consumer.connection, time.monotonic()
        if connection.state is not State.UP:
            return "the broker is away"
        ttl = float(consumer.conf["worker_lease_ttl"])
        if now - connection.last_success > max(ttl, _FETCHED_WITHIN):
            return f"the broker has not answered for {now - connection.last_success:.0f} s"
        full = len(consumer.hands) >= consumer.window.slots
        if not full and now - consumer.claimer.last_fetch > _FETCHED_WITHIN:
            return f"nothing was fetched for {now - consumer.claimer.last_fetch:.0f} s although there is room"
        return ""

    async def metrics(self) -> str:
        """As Prometheus reads them."""
        if self._worker.started:
            await self._count_queues()
        return metrics.text([*self._of_worker(), *metrics.of_tally(self._tally)])

    async def _count_queues(self) -> None:
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        await asyncio.wait([self._counting], timeout=_COUNT_WITHIN)

    async def _count(self) -> None:
        consumer = self._worker.consumer
        names = [queue.name for queue in consumer.claimer.queues]
        try:
            self._lengths = await consumer.connection.attempt(consumer.connection.transport.broker.count(names))
        except (OperationalError, ConnectionClosed):
            self._lengths = {}  # not known: better none than old ones

    async def close(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])

    def _of_worker(self) -> Iterator[Metric]:
        worker = self._worker
        about = {"hostname": worker.hostname, "version": celeriac.__version__, "pool": worker.options.pool}
        yield Metric("celeriac_worker_info", "gauge", "Who this is.", [Sample(1, about)])
        yield _gauge("celeriac_ready", "1 if the worker consumes.", not self.why_not_ready())
        yield _gauge("celeriac_uptime_seconds", "How long it has run.", worker.clock.now() - worker.started_at)
        if not worker.started:
            return
        consumer, now = worker.consumer, time.monotonic()
        running = sum(1 for _ in worker.pool.running())
        yield _gauge("celeriac_slots", "How many tasks can run at once.", worker.pool.slots)
        yield _gauge("celeriac_tasks_running", "How many run.", running)
        yield _gauge("celeriac_tasks_in_hand", "How many were claimed and have not ended.", len(consumer.hands))
        yield _gauge("celeriac_last_fetch_age_seconds", "How long ago it fetched.", now - consumer.claimer.last_fetch)
        yield Metric(
            "celeriac_broker_losses_total",
            "counter",
            "How often the connection to the broker was lost.",
            [Sample(consumer.connection.losses)],
        )
        yield Metric(
            "celeriac_recovered_tasks_total",
            "counter",
            "Tasks of dead workers that this one brought back.",
            [Sample(consumer.recoverer.recovered)],
        )
        yield Metric(
            "celeriac_events_dropped_total",
            "counter",
            "Events for monitors that were forgotten because they could not be sent in time.",
            [Sample(consumer.event_dispatcher.dropped)],
        )
        yield Metric(
            "celeriac_queue_messages",
            "gauge",
            "Messages that wait in the queues this worker consumes.",
            [Sample(length, {"queue": name}) for name, length in self._lengths.items()],
        )


def _gauge(name: str, help: str, value: float) -> Metric:
    return Metric(name, "gauge", help, [Sample(float(value))])
