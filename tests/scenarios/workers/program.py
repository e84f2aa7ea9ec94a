"""A program as users write it: tasks of every kind, in a module that a worker is started with."""

import asyncio
import os
import sys
import time
from typing import Any

from pydantic import BaseModel

from celeriac import Celeriac, Task, shared_task
from celeriac.exceptions import Ignore, Reject

from .notes import note, told

STORE = os.environ["PROGRAM_STORE"]
app = Celeriac("program", broker=STORE, backend=STORE)
app.conf.update(
    task_annotations={"program.annotated": {"greeting": "annotated"}, "*": {"everywhere": 1}},
    accept_content=["json", "yaml"],
    worker_lease_ttl=30,  # a worker may stand still for seconds
    worker_lease_renew=1,
    worker_recover_interval=1,
)


@app.task(name="program.add")
def add(x: int, y: int = 0) -> int:
    return x + y


@app.task(name="program.aadd")
async def aadd(x: int, y: int = 0) -> int:
    await asyncio.sleep(0)
    return x + y


@app.task(name="program.fail")
def fail(text: str) -> None:
    raise ValueError(text)


@app.task(name="program.sleep", bind=True)
def sleep(self: Any, seconds: float) -> str:
    note("begin", self.request.id)
    time.sleep(seconds)
    note("end", self.request.id)
    return "slept"


@app.task(name="program.wait_told", bind=True)
def wait_told(self: Any) -> str:
    """Runs until the test says that it may end, however slow the machine is."""
    note("begin", self.request.id)
    while not told():
        time.sleep(0.01)
    return "told"


@app.task(name="program.asleep")
async def asleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


@app.task(name="program.spin")
def spin(seconds: float) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)
    return "spun"


_grown: list[bytes] = []


@app.task(name="program.grow")
def grow(megabytes: int) -> int:
    _grown.append(b"x" * (megabytes << 20))
    return os.getpid()


@app.task(name="program.pid")
def pid() -> int:
    return os.getpid()


@shared_task(name="program.shared")
def shared() -> str:
    return "shared"


# -- bound tasks and task classes


class Counting(Task):
    """Keeps something from run to run in its process, and handles every way a run ends."""

    runs = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.runs += 1
        return super().__call__(*args, **kwargs)


class Noting(Task):
    """Notes its handlers."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        note("before_start", task_id, args, kwargs)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        note("on_success", task_id, retval)

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_failure", task_id, repr(exc), "Traceback" in str(einfo))

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_retry", task_id, repr(exc))

    def after_return(self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("after_return", task_id, status)


class Preparing(Task):
    """Takes its time before the body begins."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        time.sleep(2.5)


@app.task(name="program.prepared", base=Preparing)
def prepared(seconds: float) -> str:
    return str(spin(seconds))


@app.task(name="program.bound", bind=True)
def bound(self: Any) -> list[Any]:
    return [self.name, type(self).__name__, self.request.id, self.app.main]


@app.task(name="program.counted", bind=True, base=Counting)
def counted(self: Any) -> int:
    return self.runs


@app.task(name="program.noted", bind=True, base=Noting, max_retries=1)
def noted(self: Any, how: str) -> str:
    note("body", self.request.id)
    if how == "raise":
        raise KeyError("raised")
    if how == "retry":
        raise self.retry(exc=OSError("again"), countdown=0)
    return how


class Multiply(app.Task):  # type: ignore[name-defined, misc]
    """A task that is a class."""

    name = "program.multiply"

    def __init__(self) -> None:
        self.factor = 2

    def run(self, x: int) -> int:
        return x * self.factor


app.register_task(Multiply())


@app.task(name="program.annotated", bind=True, greeting="own")
def annotated(self: Any) -> list[Any]:
    return [self.greeting, self.everywhere]


@app.task(name="program.request", bind=True)
def request(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    names = (
        *("id", "args", "kwargs", "retries", "hostname", "origin", "root_id", "parent_id", "correlation_id"),
        *("delivery_info", "eta", "expires", "is_eager", "called_directly", "timelimit", "time_limit"),
        *("soft_time_limit", "headers", "reply_to", "group", "ignore_result", "shadow", "argsrepr", "task", "lang"),
        *("stamped_headers", "stamps", "replaced_task_nesting", "utc", "errbacks", "callbacks", "chain", "chord"),
    )
    return {name: getattr(self.request, name) for name in names}


@app.task(name="program.custom_header", bind=True)
def custom_header(self: Any) -> Any:
    return self.request.tenant


@app.task(name="program.parent")
def parent() -> list[Any]:
    return [request.delay().id, add.apply_async((1, 1), add_to_parent=False).id]


# -- tries


@app.task(name="program.patient", bind=True, max_retries=3)
def patient(self: Any, options: dict[str, Any], seen: Any = ()) -> list[Any]:
    note("try", self.request.id, self.request.retries, time.time())
    if self.request.retries < 2:
        raise self.retry(**options)
    return [self.request.retries, self.request.delivery_info["routing_key"], list(seen)]


@app.task(name="program.hopeless", bind=True, max_retries=2, default_retry_delay=0)
def hopeless(self: Any, with_exc: bool) -> None:
    raise self.retry(exc=OSError("no hope") if with_exc else None)


@app.task(
    name="program.automatic",
    bind=True,
    autoretry_for=(OSError,),
    dont_autoretry_for=(FileNotFoundError,),
    retry_kwargs={"max_retries": 3, "countdown": 0},
)
def automatic(self: Any, error: str, until: int) -> int:
    note("try", self.request.id, self.request.retries)
    if self.request.retries < until:
        raise {"os": OSError, "file": FileNotFoundError, "value": ValueError}[error]("it failed")
    return int(self.request.retries)


@app.task(name="program.backing_off", bind=True, autoretry_for=(OSError,), retry_backoff=True, retry_jitter=False)
def backing_off(self: Any) -> int:
    note("try", self.request.id, self.request.retries, time.time())
    if self.request.retries < 1:
        raise OSError("it failed")
    return int(self.request.retries)


@app.task(name="program.expected", throws=(KeyError,))
def expected() -> None:
    raise KeyError("a usual thing")


# -- arguments and results


class Order(BaseModel):
    """What comes in."""

    number: int
    item: str


class Receipt(BaseModel):
    """What goes out."""

    total: int


@app.task(name="program.buy", pydantic=True)
def buy(order: Order) -> Receipt:
    assert isinstance(order, Order)
    return Receipt(total=order.number * 2)


@app.task(name="program.echo")
def echo(*args: Any, **kwargs: Any) -> Any:
    return [list(args), kwargs]


@app.task(name="program.progress", bind=True)
def progress(self: Any, upto: int) -> str:
    for done in range(upto + 1):
        self.update_state(state="PROGRESS", meta={"done": done, "of": upto})
    note("progressed", self.request.id)
    while not os.path.exists(f"{os.environ['PROGRAM_NOTES']}.{self.request.id}"):
        time.sleep(0.01)
    return "complete"


@app.task(name="program.silent", ignore_result=True)
def silent() -> str:
    return "nobody hears"


@app.task(name="program.silent_but_errors", ignore_result=True, store_errors_even_if_ignored=True)
def silent_but_errors() -> None:
    raise ValueError("heard")


@app.task(name="program.tracked", bind=True, track_started=True)
def tracked(self: Any) -> None:
    while not os.path.exists(f"{os.environ['PROGRAM_NOTES']}.{self.request.id}"):
        time.sleep(0.01)


@app.task(name="program.large")
def large(size: int) -> str:
    return "x" * size


@app.task(name="program.unwritable")
def unwritable() -> Any:
    return object()


# -- ends that are neither success nor failure


@app.task(name="program.ignoring", bind=True)
def ignoring(self: Any) -> None:
    self.update_state(state="MINE", meta="stays")
    raise Ignore


@app.task(name="program.rejecting", bind=True)
def rejecting(self: Any, requeue: bool) -> str:
    note("rejecting", self.request.id, self.request.delivery_info["redelivered"])
    if requeue and self.request.delivery_info["redelivered"]:
        return "the second time"
    raise Reject("not wanted", requeue=requeue)


@app.task(name="program.rejecting_until")
def rejecting_until(name: str) -> str:
    if not os.path.exists(f"{os.environ['PROGRAM_NOTES']}.{name}"):
        raise Reject("not yet", requeue=True)
    return name


def _acks_task(name: str, **options: Any) -> Any:
    """A task that does what it is told, under some rules of acknowledgement."""

    @app.task(name=f"program.{name}", bind=True, **options)
    def obey(self: Any, what: str) -> str:
        note("run", self.request.id, bool(self.request.delivery_info["redelivered"]))
        if what == "raise":
            raise ValueError("as told")
        if what == "reject":
            raise Reject("as told", requeue=False)
        if what == "die":
            os._exit(3)
        if what == "sleep":
            time.sleep(60)
        return what

    return obey


early = _acks_task("early", acks_late=False)
late = _acks_task("late", acks_late=True)
keep_failures = _acks_task("keep_failures", acks_late=True, acks_on_failure=False)
keep_timeouts = _acks_task("keep_timeouts", acks_late=True, acks_on_timeout=False, time_limit=0.3)
ack_timeouts = _acks_task("ack_timeouts", acks_late=True, time_limit=0.3)
old_rule = _acks_task("old_rule", acks_late=True, acks_on_failure_or_timeout=False)
lost_is_failed = _acks_task("lost_is_failed", acks_late=True, reject_on_worker_lost=False)
lost_is_tried = _acks_task("lost_is_tried", retry_on_worker_lost=True, max_retries=1)
early_failing = _acks_task("early_failing", acks_late=False, acks_on_failure=False)


@app.task(name="program.limited", bind=True, soft_time_limit=0.3, time_limit=20)
def limited(self: Any) -> str:
    from celeriac.exceptions import SoftTimeLimitExceeded

    try:
        time.sleep(10)
    except SoftTimeLimitExceeded:
        return "cleaned up"
    return "too late"


@app.task(name="program.speak")
def speak(text: str) -> None:
    print(text)
    print(text.upper(), file=sys.stderr)
