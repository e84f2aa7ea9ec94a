"""A monitor of either library: what it hears of the workers, and of tasks that it calls."""

import threading
import time
from collections.abc import Callable
from typing import Any

from shared_tasks import app

PATIENCE = 40.0
LAST = {
    "i.call": {"task-succeeded"},
    "i.fail": {"task-failed"},
    "i.again": {"task-retried", "task-succeeded"},
    "i.nobody": {"task-failed"},
    "i.tell": {"task-told", "task-succeeded"},
}
SENT = {"task-sent"}  # the client's own, which may come after those of a quick worker


@app.task(name="i.tell", bind=True)
def tell(self: Any) -> None:
    self.send_event("task-told", more=[1, 2])


def heard(queues: list[str]) -> dict[str, Any]:
    """By queue and task: the events, and what the library's own State makes of them."""
    app.conf.task_send_sent_event = True
    events: list[dict[str, Any]] = []
    state = app.events.State()
    listens = threading.Event()

    def hear(event: dict[str, Any]) -> None:
        state.event(dict(event))
        events.append(event)

    def listen() -> None:
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": hear})
            for _ in receiver.itercapture(limit=None, timeout=None, wakeup=True):
                listens.set()

    threading.Thread(target=listen, daemon=True).start()
    assert listens.wait(PATIENCE)
    nodes = {f"{queue}@here" for queue in queues}
    _until(lambda: nodes <= set(_hearts(events)))
    app.control.enable_events(reply=True, timeout=PATIENCE, limit=len(queues))
    calls: dict[str, set[str]] = {}

    def all_heard() -> bool:
        return all(
            last <= {one["type"] for one in _of_tasks(events) if one["uuid"] == id} for id, last in calls.items()
        )

    for queue in queues:
        for name, last in LAST.items():
            id = f"{queue}-{name}"
            app.send_task(name, queue=queue, task_id=id)
            calls[id] = last | SENT
    _until(all_heard)
    calls.update({f"{queue}-expired": {"task-revoked"} | SENT for queue in queues})
    _call_expired(queues, all_heard)
    _until(lambda: nodes == _alive(state))  # a heart may have been held up
    told: dict[str, Any] = {}
    for event in _of_tasks(events):
        told.setdefault(event["uuid"], {}).setdefault(event["type"], event)
    return {
        "tasks": told,
        "workers": _hearts(events),
        "alive": sorted(nodes),
        "states": {id: state.tasks[id].state for id in calls},
    }


def _call_expired(queues: list[str], all_heard: Callable[[], bool]) -> None:
    """RabbitMQ drops what has expired unless a worker has room for it at that very moment: then it is sent again."""
    sent = 0.0

    def done() -> bool:
        nonlocal sent
        if all_heard():
            return True
        if time.monotonic() - sent > 3.0:
            sent = time.monotonic()
            for queue in queues:
                app.send_task("i.call", queue=queue, task_id=f"{queue}-expired", expires=-1)
        return False

    _until(done)


def revoked_before(id: str) -> bool:
    """The worker that is there now is told: has it heard?"""
    return bool(app.control.revoke(id, reply=True, timeout=PATIENCE, limit=1))


def known_as_revoked(node: str, id: str, patience: float) -> bool:
    """By a worker that came later, in so many seconds."""
    end = time.monotonic() + patience
    while id not in (app.control.inspect([node], timeout=PATIENCE).revoked() or {}).get(node, ()):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _hearts(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The last full one of each worker: Celery's are shorter when they were asked for."""
    return {one["hostname"]: one for one in list(events) if one["type"] == "worker-heartbeat" and "active" in one}


def _alive(state: Any) -> set[str]:
    """The nodes that State says to be alive."""
    try:
        return {worker.hostname for worker in state.alive_workers()}
    except RuntimeError:  # the listening thread has just changed it
        return set()


def _of_tasks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in list(events) if event["type"].startswith("task-")]


def _until(true: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
