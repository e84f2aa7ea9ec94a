"""What the soak's workers run: tasks of every length and kind of end; the last try of each is in the ledger."""

import os
import time
from typing import Any

from celeriac import Celeriac
from faults import ledger

LEDGER = os.environ["LEDGER"]
LEASE = 10.0  # the machine may be slow, and a lease that is lost is another campaign's subject
app = Celeriac("soak", broker=os.environ["SUBJECT_BROKER"], backend=os.environ["SUBJECT_BACKEND"])
app.conf.update(
    worker_lease_ttl=LEASE,
    worker_lease_renew=LEASE / 4,
    worker_recover_interval=1.0,
    worker_pool_restarts=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
)
_hoard: list[bytearray] = []


def run(task: Any, seconds: float) -> None:
    ledger.record(LEDGER, task.request.id, "start")
    if seconds:
        time.sleep(seconds)
    ledger.record(LEDGER, task.request.id, "end")


@app.task(name="soak.work", bind=True)
def work(self: Any, seconds: float = 0.0) -> str:
    """Sleeps."""
    run(self, seconds)
    return "x" * 100


@app.task(name="soak.victim", bind=True)
def victim(self: Any, seconds: float) -> None:
    """Sleeps in slices; it may be revoked."""
    ledger.record(LEDGER, self.request.id, "start")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
    ledger.record(LEDGER, self.request.id, "end")


@app.task(name="soak.fail", bind=True)
def fail(self: Any) -> None:
    """Ends, and fails."""
    run(self, 0.0)
    raise ValueError("as told")


@app.task(name="soak.again", bind=True, max_retries=5)
def again(self: Any, times: int) -> None:
    """Tells of its last try only."""
    if self.request.retries < times:
        raise self.retry(countdown=0.2)
    run(self, 0.0)


@app.task(name="soak.rated", bind=True, rate_limit="50/s")
def rated(self: Any) -> None:
    """Its limit is changed while it waits."""
    run(self, 0.0)


@app.task(name="soak.hoard", bind=True)
def hoard(self: Any) -> None:
    """Its process grows until it is replaced."""
    _hoard.append(bytearray(b"x") * 2_000_000)
    run(self, 0.0)


@app.task(name="soak.part", bind=True)
def part(self: Any, value: int) -> int:
    """A member of a chord's header."""
    run(self, 0.0)
    return value


@app.task(name="soak.body", bind=True)
def body(self: Any, values: list[int]) -> int:
    """Ends if it was called with all of them."""
    if values == list(range(len(values))):
        run(self, 0.0)
    return len(values)
