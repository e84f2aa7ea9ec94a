"""Tasks that go to and fro between workers of both kinds, and the clients that call them, under either library."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from either import SIDE
from mixed import chords
from shared_tasks import app, call, fail, new_errback, notes, old_errback, ran

if SIDE == "celery":
    from kombu import Exchange, Queue  # type: ignore[import-not-found,unused-ignore]
    from kombu.common import Broadcast  # type: ignore[import-not-found,unused-ignore]

    # kombu on Redis knows that an exchange is a fanout only where the same process has declared it
    TO_ALL: dict[str, Any] = {"queue": "news", "declare": [Exchange("news", type="fanout")]}
else:
    from celeriac import Exchange, Queue
    from celeriac.contrib.kombu import Broadcast

    TO_ALL = {"queue": "news"}

TIMEOUT = 120.0
QUORUM = app.conf.task_default_queue_type == "quorum"
# Celery can't delay to a quorum queue by less than a second: it refuses to send the message.
DELAYS = (1.1, 1.3) if QUORUM else (0, 0.2)
OTHER = {"celery": "celeriac", "celeriac": "celery"}


def queue(name: str) -> Any:
    """As it is by default; or a quorum queue, on an exchange to which Celery's clients can delay."""
    if not QUORUM:
        return Queue(name)
    kind = {"x-queue-type": "quorum"}
    return Queue(name, Exchange("crew", type="topic"), routing_key=name, queue_arguments=kind)


# Every worker hears the queue that all share, one of its own kind (-Q), and the news.
app.conf.task_queues = [*map(queue, ("celery", "only-celery", "only-celeriac")), Broadcast("news")]
app.conf.task_send_sent_event = False


@app.task(name="i.hop", bind=True, max_retries=20)
def hop(self: Any, way: list[str], countdown: float, label: str = "") -> None:
    """Is retried on one queue after the other."""
    notes.rpush(f"interop:way:{label}", f"{self.request.retries} {SIDE}")
    if way:
        raise self.retry(args=(way[1:], countdown), kwargs={"label": label}, queue=way[0], countdown=countdown)


@app.task(name="i.when")
def when(due: float, label: str = "") -> float:
    """How late it runs."""
    ran(label)
    return time.time() - due


@app.task(name="i.order")
def order(line: str, what: Any) -> str:
    notes.rpush(line, f"{what}")
    return SIDE


@app.task(name="i.paced")
def paced(line: str) -> str:
    notes.rpush(line, repr(time.time()))
    return SIDE


@app.task(name="i.news")
def news(what: str) -> None:
    ran(f"news-{what}", SIDE)


@app.task(name="i.hold", bind=True)
def hold(self: Any, seconds: float) -> str:
    """Runs for long, unless somebody began it before."""
    if notes.hsetnx("interop:begun", self.request.id, SIDE):
        time.sleep(seconds)
    return SIDE


def hops(label: str, rounds: int) -> list[Any]:
    """From each kind's queue to the other's and back: who ran each in turn.

    No result is waited for: Celery stores RETRY after the next try is on its way, and may so undo its SUCCESS.
    """
    names = []
    for start in OTHER:
        for countdown in DELAYS:
            way = [f"only-{OTHER[start]}", f"only-{start}"] * rounds
            name = f"{label}-{start}-{countdown}"
            hop.apply_async((way, countdown), {"label": name}, queue=f"only-{start}")
            names.append(name)
    _until(lambda: all(notes.llen(f"interop:way:{name}") == 1 + 2 * rounds for name in names))
    return [_texts(f"interop:way:{name}") for name in names]


def waits(label: str, count: int, after: float) -> dict[str, Any]:
    """Calls for a moment that is told in several ways, on the queue of all: how late each ran, and the runs of each."""
    zone, sent = timezone(timedelta(hours=5, minutes=30)), {}
    for number in range(count):
        due = time.time() + after
        at: dict[str, Any] = {
            0: {"countdown": after},
            1: {"eta": datetime.fromtimestamp(due, UTC)},
            2: {"eta": datetime.fromtimestamp(due, zone)},
        }[number % 3]
        at["expires"] = 120 if number % 2 else None
        sent[f"{label}-{number}"] = when.apply_async((due,), {"label": f"{label}-{number}"}, **at)
    late = [found.get(timeout=TIMEOUT) for found in sent.values()]
    return {"late": late, "runs": _runs(sent)}


def too_late(label: str, count: int) -> dict[str, Any]:
    """Calls that have expired when their time has come."""
    late = max(0.4, DELAYS[0])
    sent = {
        f"{label}-{number}": call.apply_async((), {"label": f"{label}-{number}"}, countdown=late, expires=0.1)
        for number in range(count)
    }
    _until(lambda: all(found.ready() for found in sent.values()))
    return {"states": sorted({found.state for found in sent.values()}), "runs": _runs(sent)}


def linked(label: str) -> dict[str, Any]:
    """A task and what follows it, on the queues of both kinds: how often each of these ran."""
    expected = set()
    for first, then in OTHER.items():
        name, queues = f"{label}-{first}", {"queue": f"only-{then}"}
        call.apply_async((1,), {"label": name}, queue=f"only-{first}", link=call.s(label=f"{name}-next").set(**queues))
        old, new = old_errback.s(label=f"{name}-old").set(**queues), new_errback.s(label=f"{name}-new").set(**queues)
        failed = fail.apply_async((), {"label": f"{name}-fail"}, queue=f"only-{first}", link_error=[old, new])
        expected |= {name, f"{name}-next", f"{name}-fail"}
        expected |= {f"{name}-old:{failed.id}", f"{name}-new:{failed.id}:ValueError"}
    _until(lambda: expected <= set(_all_runs()))
    return {"runs": sorted({_all_runs()[name] for name in expected})}


def ended(count: int) -> dict[str, Any]:
    """More long tasks on the queue of all than run at once, all of them terminated: who ran, who said so, what came."""
    sent = [hold.apply_async((600,)) for _ in range(count)]
    ids = [found.id for found in sent]
    _until(lambda: sum(notes.hexists("interop:begun", id) for id in ids) == 2)
    running: dict[str, list[bool]] = {}

    def known() -> bool:
        """A worker hears of the beginning of a run after its process has begun it."""
        active = app.control.inspect(timeout=TIMEOUT, limit=2).active()
        running.update({node: [task["id"] in ids for task in tasks] for node, tasks in active.items()})
        return len(running) == 2 and all(running.values())

    _until(known)
    app.control.revoke(ids, terminate=True, reply=True, timeout=TIMEOUT, limit=2)
    _until(lambda: all(found.ready() for found in sent))
    began = [who.decode() for who in notes.hmget("interop:begun", ids) if who]
    begun = {side: began.count(side) for side in OTHER}
    return {"running": running, "states": sorted({found.state for found in sent}), "begun": begun}


def in_order(queue: str, priorities: list[int]) -> None:
    """Calls of these priorities on a queue that nobody hears yet."""
    for priority in priorities:
        order.apply_async((f"interop:order:{queue}", priority), queue=queue, priority=priority)


def heard(queue: str, node: str, count: int) -> list[int]:
    """One worker alone is made to hear that queue: what lies in it, in the order in which it runs."""
    app.control.add_consumer(queue, destination=[node], reply=True, timeout=TIMEOUT, limit=1)
    _until(lambda: notes.llen(f"interop:order:{queue}") == count)
    app.control.cancel_consumer(queue, destination=[node], reply=True, timeout=TIMEOUT, limit=1)
    return [int(priority) for priority in _texts(f"interop:order:{queue}")]


def paced_by(label: str, rate: str, count: int) -> dict[str, float]:
    """Calls of a task whose rate was limited: after how many seconds the last one began, by the side of the worker."""
    app.control.rate_limit("i.paced", rate, reply=True, timeout=TIMEOUT, limit=2)
    lists, since = {side: f"interop:paced:{label}:{side}" for side in OTHER}, time.time()
    sent = [paced.apply_async((lists[side],), queue=f"only-{side}") for side in lists for _ in range(count)]
    ran_by = [found.get(timeout=TIMEOUT) for found in sent]
    assert ran_by == [side for side in lists for _ in range(count)]
    app.control.rate_limit("i.paced", "0", reply=True, timeout=TIMEOUT, limit=2)
    return {side: max(map(float, _texts(line))) - since for side, line in lists.items()}


def told_to_all(what: str) -> list[Any]:
    """One call to everybody: who ran it, how often each."""
    news.apply_async((what,), **TO_ALL)
    names = [f"news-{what}:{side}" for side in OTHER]
    _until(lambda: set(names) <= set(_all_runs()))
    runs = _all_runs()
    return [runs[name] for name in names]


def everything(label: str) -> dict[str, Any]:
    """All that clients may do at the same time."""
    return {
        "hops": hops(label, 1),
        "waits": waits(label, 9, 2.2),
        "too_late": too_late(f"late-{label}", 4),
        "linked": linked(f"link-{label}"),
        "told_to_all": told_to_all(label),
        "chords": chords([f"{label}.{number}" for number in range(10)], 4),
    }


def _until(true: Any) -> None:
    end = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def _texts(line: str) -> list[str]:
    return [text.decode() for text in notes.lrange(line, 0, -1)]


def _all_runs() -> dict[str, int]:
    return {label.decode(): int(count) for label, count in notes.hgetall("interop:runs").items()}


def _runs(names: Any) -> list[int]:
    """How often these ran, each number once."""
    runs = _all_runs()
    return sorted({runs.get(name, 0) for name in names})
