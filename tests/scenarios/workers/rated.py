"""A program with a task that may not run often, and one that may."""

import os
import time
from typing import Any

from celeriac import Celeriac

from .notes import note

STORE = os.environ["PROGRAM_STORE"]
app = Celeriac("rated", broker=STORE, backend=STORE)


@app.task(name="rated.slow", bind=True, rate_limit="25/s")
def slow(self: Any, number: int) -> int:
    note("ran", number, time.time())
    return number


@app.task(name="rated.hourly", rate_limit="1/h")
def hourly() -> None:
    pass


@app.task(name="rated.free")
def free() -> float:
    """When it ran."""
    return time.time()
