"""The tasks of the events scenarios: every way a run can end."""

import os
import time
from typing import Any

from celeriac import Celeriac
from celeriac.exceptions import Reject

from ..workers.notes import note

STORE = os.environ["PROGRAM_STORE"]
app = Celeriac("events", broker=STORE, backend=STORE)


@app.task(name="events.add")
def add(x: int, y: int) -> int:
    return x + y


@app.task(name="events.fail")
def fail() -> None:
    raise ValueError("no")


@app.task(name="events.again", bind=True, max_retries=1)
def again(self: Any) -> str:
    if not self.request.retries:
        raise self.retry(countdown=0, exc=OSError("again"))
    return "done"


@app.task(name="events.reject")
def reject() -> None:
    raise Reject("not wanted", requeue=False)


@app.task(name="events.sleep", bind=True)
def sleep(self: Any, seconds: float) -> None:
    note("begin", self.request.id)
    time.sleep(seconds)


@app.task(name="events.tell", bind=True)
def tell(self: Any) -> None:
    self.send_event("task-progress", done=7)


@app.task(name="events.die", reject_on_worker_lost=False)
def die() -> None:
    os._exit(3)


@app.task(name="events.silent", send_events=False)
def silent() -> None:
    return None
