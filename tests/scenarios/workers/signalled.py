"""A program that notes every signal: in which process, from whom, with which arguments."""

import os
import time
from typing import Any

from celeriac import Celeriac, signals
from celeriac.exceptions import Ignore, Reject

from .notes import note

app = Celeriac("signalled", broker=os.environ["PROGRAM_STORE"], backend=os.environ["PROGRAM_STORE"])
MAIN = os.getpid()


def _named(sender: Any) -> Any:
    if sender is None or isinstance(sender, str):
        return sender
    return getattr(sender, "name", None) or type(sender).__name__


def _receiver(name: str) -> Any:
    def receive(sender: Any = None, signal: Any = None, **given: Any) -> None:
        request = given.get("request")
        about = given.get("task_id") or given.get("id") or getattr(request, "id", None)
        if about is None and "headers" in given:
            about = given["headers"].get("id")
        if about is None and name == "task_success":
            about = sender.request.id
        note(name, about, "main" if os.getpid() == MAIN else "child", _named(sender), sorted(given))

    return receive


for _name in signals.__all__:
    if _name != "setup_logging":  # whoever listens to that one does the logging
        getattr(signals, _name).connect(_receiver(_name), weak=False)
for _name in ("on_configure", "on_after_configure", "on_after_finalize"):
    getattr(app, _name).connect(_receiver(_name), weak=False)


@signals.before_task_publish.connect
def add_header(headers: Any = None, **rest: Any) -> None:
    headers["traceparent"] = "added"


@signals.celeryd_after_setup.connect
def add_queue(instance: Any = None, **rest: Any) -> None:
    instance.app.amqp.queues.select_add("added_at_setup")


@app.task(name="signalled.well", bind=True)
def well(self: Any) -> Any:
    return getattr(self.request, "traceparent", None)


@app.task(name="signalled.badly")
def badly() -> None:
    raise ValueError("bad")


@app.task(name="signalled.again", bind=True, default_retry_delay=0)
def again(self: Any) -> Any:
    if self.request.retries < 1:
        raise self.retry(exc=OSError("again"))
    return self.request.traceparent


@app.task(name="signalled.rejected")
def rejected() -> None:
    raise Reject("no", requeue=False)


@app.task(name="signalled.ignored")
def ignored() -> None:
    raise Ignore


@app.task(name="signalled.lingers")
def lingers() -> None:
    for _ in range(2000):
        time.sleep(0.01)


@app.task(name="signalled.sends")
def sends() -> str:
    return str(well.delay().id)
