"""Remote control from a client of either library, and the tasks it is about."""

import time
from typing import Any

from shared_tasks import app, notes

TIMEOUT = 120.0


@app.task(name="i.sleep", bind=True)
def sleep(self: Any, seconds: float) -> str:
    notes.hincrby("interop:begun", self.request.id, 1)
    time.sleep(seconds)
    return "slept"


def inspected(questions: list[str], nodes: int) -> dict[str, Any]:
    """What all nodes answer to these."""
    inspect = app.control.inspect(timeout=TIMEOUT, limit=nodes)
    return {question: getattr(inspect, question)() for question in questions}


def told(commands: list[list[Any]], nodes: int) -> list[Any]:
    """What is replied to (command, arguments, destination), one after the other."""
    return [
        app.control.broadcast(
            command, arguments, destination=to, reply=True, timeout=TIMEOUT, limit=len(to) if to else nodes
        )
        for command, arguments, to in commands
    ]


def ended(queue: str) -> dict[str, Any]:
    """A task that runs is terminated, one that waits for its time is revoked: what becomes of them and of another."""
    running = app.send_task("i.sleep", (60,), queue=queue)
    delayed = app.send_task("i.sleep", (0,), queue=queue, countdown=600)
    _until(lambda: notes.hexists("interop:begun", running.id))
    app.control.revoke(running.id, terminate=True)
    delayed.revoke()
    _until(lambda: running.ready() and delayed.ready())
    other = app.send_task("i.sleep", (0.01,), queue=queue)
    return {
        "running": [running.state, type(running.result).__name__],
        "delayed": [delayed.state, type(delayed.result).__name__],
        "other": other.get(timeout=TIMEOUT),
        "refused": refused(queue),
    }


def refused(queue: str) -> list[Any]:
    """Tasks that were revoked before any worker could know them: have they begun?"""
    ids = [f"refused-by-{queue}-{number}" for number in range(3)]
    app.control.revoke(ids, reply=True, timeout=TIMEOUT, limit=2)
    for id in ids:
        app.send_task("i.sleep", (0,), queue=queue, task_id=id)
    app.send_task("i.sleep", (0,), queue=queue).get(timeout=TIMEOUT)
    return [notes.hexists("interop:begun", id) for id in ids]


def _until(true: Any) -> None:
    end = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
