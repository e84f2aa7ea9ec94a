"""A program whose broker is RabbitMQ and whose results, if any, are in SQLite."""

import os
import time
from typing import Any

from celeriac import Celeriac
from celeriac.core.message import Exchange, Queue
from scenarios.workers.notes import note, told

app = Celeriac("program", broker=os.environ["PROGRAM_BROKER"], backend=os.environ.get("PROGRAM_RESULTS", "disabled://"))
app.conf.update(
    broker_native_delayed_delivery_queue_type="classic",
    task_default_queue=os.environ.get("PROGRAM_QUEUE", "celery"),
    task_default_queue_type=os.environ.get("PROGRAM_QUEUE_TYPE", "classic"),
    publish_timeout=4,
    task_acks_late=os.environ.get("PROGRAM_ACKS_LATE", "1") == "1",
)
if os.environ.get("PROGRAM_QUEUES") == "many":
    name, topics, everybody = (
        app.conf.task_default_queue,
        Exchange("some-topics", "topic"),
        Exchange("everybody", "fanout"),
    )
    app.conf.task_queues = [
        Queue(name),
        Queue(f"{name}.news", topics, "news.#"),
        Queue(f"{name}.urgent", max_priority=9),
        Queue(f"bcast.{os.getpid()}", everybody, auto_delete=True),
    ]
if os.environ.get("PROGRAM_QUEUES") == "unknown":
    app.conf.task_queues = [Queue("odd", Exchange("odd", "x-no-such-type"), "key")]


@app.task(name="program.say")
def say(text: str) -> str:
    note("say", text)
    return text


@app.task(name="program.asay")
async def asay(text: str) -> str:
    note("say", text)
    return text


@app.task(name="program.repeat")
def repeat(text: str, times: int) -> str:
    return text * times


@app.task(name="program.nap", bind=True)
def nap(self: Any, seconds: float) -> None:
    note("begin", self.request.id)
    time.sleep(seconds)
    note("end", self.request.id)


@app.task(name="program.hold", bind=True)
def hold(self: Any) -> None:
    """Until it is told that it may end."""
    note("begin", self.request.id)
    end = time.monotonic() + 120
    while not told() and time.monotonic() < end:
        time.sleep(0.02)
    note("end", self.request.id)


@app.task(name="program.again", bind=True, max_retries=3)
def again(self: Any, countdown: float) -> int:
    note("try", self.request.retries, time.time())
    if self.request.retries < 2:
        raise self.retry(countdown=countdown)
    return int(self.request.retries)
