"""The tasks of the interop tests. They say what they got, so that what arrives where can be compared."""

import os
import time
from typing import Any

import redis
from either import make_app
from specs import build

app = make_app("interop", result_extended=True)
notes = redis.Redis.from_url(os.environ["INTEROP_URL"])
RUNS = "interop:runs"
TIMES = "interop:times"  # when each was run last


def shown(value: Any) -> str:
    """Plain data as text; the same in every process."""
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{shown(value[key])}' for key in sorted(value))}}}"
    return str(value)


def ran(label: str, *more: str) -> None:
    """Count an execution."""
    notes.hincrby(RUNS, ":".join((label, *more)), 1)
    notes.hset(TIMES, label, time.time())


def wait_for_retry_to_be_stored(task: Any) -> None:
    """Celery stores RETRY after it has sent the next try, and so over the success of one that was quicker."""
    if app.conf.result_backend.startswith("rpc"):
        return  # the first end that is told is the one that counts
    before, end = app.AsyncResult(task.request.id), time.monotonic() + 10
    while time.monotonic() < end and before.state not in ("SUCCESS", "FAILURE"):
        if before.state == "RETRY" and before.retries >= task.request.retries - 1:
            break
        time.sleep(0.01)


@app.task(name="i.call")
def call(*args: Any, label: str = "") -> str:
    ran(label)
    return f"{label}({','.join(map(shown, args))})"


@app.task(name="i.fail")
def fail(*args: Any, label: str = "") -> None:
    ran(label)
    raise ValueError(f"{label}({','.join(map(shown, args))})")


@app.task(name="i.again", bind=True, max_retries=2, default_retry_delay=0)
def again(self: Any, *args: Any, label: str = "") -> str:
    """Succeeds at the second try."""
    ran(label)
    if not self.request.retries:
        raise self.retry(countdown=0)
    wait_for_retry_to_be_stored(self)
    return f"{label}#{self.request.retries}({','.join(map(shown, args))})"


@app.task(name="i.instead", bind=True)
def instead(self: Any, *args: Any, label: str = "", by: Any = None) -> Any:
    """Becomes another workflow."""
    ran(label)
    return self.replace(build(app, by))


@app.task(name="i.sow", bind=True)
def sow(self: Any, *args: Any, label: str = "", seeds: Any = ()) -> str:
    """Sends others on its own."""
    ran(label)
    for seed in seeds:
        build(app, seed).apply_async()
    return f"{label}({','.join(map(shown, args))})"


@app.task(name="i.pair")
def pair(x: Any, y: Any = None) -> str:
    """Of map and starmap: it has no label of its own."""
    return f"<{shown(x)}{'' if y is None else ';' + shown(y)}>"


@app.task(name="i.new_errback")
def new_errback(request: Any, exc: Any, traceback: Any, label: str = "") -> None:
    ran(label, str(request.id), type(exc).__name__)


@app.task(name="i.old_errback", bind=True)
def old_errback(self: Any, task_id: str, label: str = "") -> str:
    ran(label, task_id)
    return f"{label}:old"
