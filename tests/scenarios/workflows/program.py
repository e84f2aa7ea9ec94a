"""A program of workflows: tasks that fail, try again, replace themselves, and note what they were called with."""

import os
import time
from typing import Any

from celeriac import Celeriac
from celeriac.canvas import chain, chord, group
from celeriac.exceptions import Ignore, Reject

from ..workers.notes import note, told

app = Celeriac("flows", broker=os.environ["FLOWS_BROKER"], backend=os.environ["FLOWS_BACKEND"])
app.conf.update(
    worker_lease_ttl=4,
    worker_lease_renew=1,
    worker_recover_interval=1,
    task_acks_late=os.environ.get("FLOWS_EARLY") != "1",
    result_chord_retry_interval=0.2,
    result_chord_expires=float(os.environ.get("FLOWS_CHORD_EXPIRES", "0")) or None,
    result_expires=float(os.environ.get("FLOWS_EXPIRES", "3600")),
)


@app.task(name="flows.add")
def add(x: Any, y: Any = 0) -> Any:
    return x + y


@app.task(name="flows.aadd")
async def aadd(x: Any, y: Any = 0) -> Any:
    return x + y


@app.task(name="flows.fail")
def fail(*args: Any) -> None:
    raise ValueError("as told")


@app.task(name="flows.gather", bind=True)
def gather(self: Any, values: list[Any]) -> list[Any]:
    """A body: notes that it ran and with what."""
    note("body", self.request.id, values)
    return values


@app.task(name="flows.total")
def total(values: list[Any]) -> Any:
    return sum(values)


@app.task(name="flows.noted", bind=True)
def noted(self: Any, value: Any, about: str = "") -> Any:
    note("noted", about or self.request.id, value)
    return value


@app.task(name="flows.witness", bind=True)
def witness(self: Any, x: Any) -> Any:
    note("run", x, bool(self.request.delivery_info["redelivered"]))
    return x


@app.task(name="flows.slow")
def slow(x: Any, seconds: float) -> Any:
    time.sleep(seconds)
    note("slept", x)
    return x


@app.task(name="flows.held")
def held(x: Any) -> Any:
    """Until it is told that it may end."""
    end = time.monotonic() + 120
    while not told() and time.monotonic() < end:
        time.sleep(0.01)
    return x


@app.task(name="flows.patient", bind=True, max_retries=3)
def patient(self: Any, x: Any) -> Any:
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return x


@app.task(name="flows.hopeless", bind=True, max_retries=1)
def hopeless(self: Any, x: Any) -> Any:
    raise self.retry(exc=OSError("no hope"), countdown=0)


@app.task(name="flows.dying", bind=True)
def dying(self: Any) -> None:
    """Takes its process with it each time."""
    os._exit(3)


@app.task(name="flows.late", time_limit=0.5)
def late() -> None:
    time.sleep(30)


@app.task(name="flows.rejected")
def rejected() -> None:
    raise Reject("not wanted", requeue=False)


@app.task(name="flows.ignored")
def ignored() -> None:
    raise Ignore


@app.task(name="flows.unwritable")
def unwritable() -> Any:
    return object()


@app.task(name="flows.silent", ignore_result=True)
def silent(x: Any) -> Any:
    return x


@app.task(name="flows.send_chord", bind=True)
def send_chord(self: Any, how: str) -> str:
    """Sends a chord from within a worker; the id of its body."""
    member = {"slow": slow.s(2, 0.6), "chain": chain(add.s(1), add.s(1)), "fail": fail.s(), "silent": silent.s(2)}[how]
    body = gather.s().on_error(old_errback.s())
    return str(chord([add.s(1), member])(body).id)


# -- errbacks of both styles


@app.task(name="flows.old_errback", bind=True)
def old_errback(self: Any, task_id: str) -> None:
    note("old errback", task_id, self.request.parent_id)


@app.task(name="flows.new_errback")
def new_errback(request: Any, exc: BaseException, traceback: str) -> None:
    note("new errback", request.id, repr(exc), "Traceback" in str(traceback))


# -- tasks that change the workflow they are in


@app.task(name="flows.replaced", bind=True)
def replaced(self: Any, kind: str, x: int) -> Any:
    new: dict[str, Any] = {
        "task": add.s(x, 1),
        "chain": chain(add.s(x, 1), add.s(1)),
        "group": group(add.s(x, 1), add.s(x, 2)),
        "chord": chord([add.s(x, 1), add.s(x, 2)], total.s()),
    }
    raise self.replace(new[kind])


@app.task(name="flows.growing", bind=True)
def growing(self: Any, x: int, by: int) -> int:
    for number in range(by):
        self.add_to_chord(add.s(x, number + 1))
    return x


@app.task(name="flows.growing_patiently", bind=True, max_retries=2)
def growing_patiently(self: Any, x: int) -> int:
    """Adds a part and is tried again before its own part ends."""
    if self.request.retries == 0:
        self.add_to_chord(add.s(x, 1))
        raise self.retry(countdown=0.3)
    return x


@app.task(name="flows.family", bind=True)
def family(self: Any, *args: Any) -> dict[str, Any]:
    request = self.request
    return {
        "id": request.id, "root_id": request.root_id, "parent_id": request.parent_id, "group": request.group,
        "priority": (request.delivery_info or {}).get("priority"),
    }  # fmt: skip
