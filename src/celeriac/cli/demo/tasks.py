"""The tasks of the demo; a program of your own would look like this."""

import asyncio
import time
from typing import Any

from celeriac import Celeriac

app = Celeriac("demo", task_default_queue="celeriac-demo")


@app.task(name="demo.add")
def add(x: int, y: int) -> int:
    """The smallest task."""
    return x + y


@app.task(name="demo.flaky", bind=True, max_retries=5)
def flaky(self: Any) -> str:
    """Fails twice, and asks to be tried again."""
    if self.request.retries < 2:
        raise self.retry(countdown=0.2, exc=ConnectionError("the other side hung up"))
    return f"worked at attempt {self.request.retries + 1}"


@app.task(name="demo.download", bind=True)
def download(self: Any, parts: int) -> str:
    """Tells how far it is."""
    for part in range(parts):
        self.update_state(state="PROGRESS", meta={"done": part, "parts": parts})
        time.sleep(0.08)
    return f"{parts} parts"


@app.task(name="demo.now")
def now() -> float:
    """When it ran."""
    return time.time()


@app.task(name="demo.nap")
async def nap(seconds: float) -> str:
    """Async tasks run on every pool."""
    await asyncio.sleep(seconds)
    return f"slept {seconds} s without holding a thread"


@app.task(name="demo.divide")
def divide(x: int, y: int) -> float:
    """Fails if you let it."""
    return x / y
