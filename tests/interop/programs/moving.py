"""The load of fleets that change under it: calls of every kind, sent by either library until it is told to stop."""

import random
import time
from typing import Any

from either import library
from shared_tasks import app, notes, wait_for_retry_to_be_stored

STOP = "interop:stop"
BEGUN = "interop:begun"  # which call began, and where


@app.task(name="i.work", bind=True)
def work(self: Any, label: str, seconds: float = 0.0) -> str:
    """Takes so long; says who it was."""
    _begun(self, label)
    time.sleep(seconds)
    return label


@app.task(name="i.persist", bind=True, max_retries=5)
def persist(self: Any, label: str) -> str:
    """Succeeds at the third try."""
    if self.request.retries < 2:
        _begun(self, f"{label}.{self.request.retries}")
        raise self.retry(countdown=1)
    wait_for_retry_to_be_stored(self)
    _begun(self, label)
    return label


@app.task(name="i.gather", bind=True)
def gather(self: Any, got: list[str] | str, label: str) -> str:
    _begun(self, label)
    return f"{label}<{got if isinstance(got, str) else ','.join(got)}>"


def _begun(task: Any, label: str) -> None:
    notes.rpush(BEGUN, f"{label} {task.request.hostname}")


def one(label: str, seconds: float) -> Any:
    """A call that takes so long."""
    return work.delay(label, seconds).get(timeout=120)


def held(count: int, delayed: int, after: float) -> list[Any]:
    """Calls of which two do not end where they are begun first, and some for later; which came back wrong."""
    sent = {f"later{n}": work.apply_async((f"later{n}",), countdown=after) for n in range(delayed)}
    sent |= {f"held{n}": (stuck if n < 2 else work).delay(f"held{n}") for n in range(count)}
    return [label for label, found in sent.items() if found.get(timeout=120) != label]


@app.task(name="i.stuck", bind=True)
def stuck(self: Any, label: str) -> str:
    """Its first run never ends."""
    _begun(self, label)
    if notes.incr(f"interop:stuck:{label}") == 1:
        time.sleep(600)
    return label


def load(name: str, at_once: int, patience: float, least: int = 0) -> dict[str, Any]:
    """Send until the key says stop, never having more than `at_once` unfinished; then wait for every result.

    So many are sent at least, however soon that is said.
    """
    app.finalize()
    kinds, sent, waiting = list(_KINDS.values()), {}, []
    end = None
    while waiting or end is None:
        if end is None and len(sent) >= least and notes.exists(STOP):
            end = time.monotonic() + patience
        if end is None and len(waiting) < at_once:
            label = f"{name}{len(sent)}"
            sent[label] = kinds[len(sent) % len(kinds)](label)
            waiting.append(label)
        elif end is not None and time.monotonic() > end:
            break
        else:
            time.sleep(0.05)
            waiting = [label for label in waiting if not sent[label][0].ready()]
    wrong = {label: repr(_value(found)) for label, (found, right) in sent.items() if _value(found) != right}
    return {"sent": len(sent), "wrong": wrong}


def _value(found: Any) -> Any:
    return found.result if found.ready() else "not there"


def _plain(label: str) -> Any:
    return work.delay(label, random.uniform(0.0, 0.03)), label


def _delayed(label: str) -> Any:
    # Celery can't delay to a quorum queue by less than a second.
    return work.apply_async((label,), countdown=random.uniform(1.1, 2.0)), label


def _retried(label: str) -> Any:
    return persist.delay(label), label


def _joined(label: str) -> Any:
    parts = [f"{label}.{number}" for number in range(3)]
    header = [work.s(part, 0.005) for part in parts]
    return library.chord(header)(gather.s(label=label)), f"{label}<{','.join(parts)}>"


def _linked(label: str) -> Any:
    steps = library.chain(work.s(f"{label}.0"), gather.s(label=label))
    return steps.apply_async(), f"{label}<{label}.0>"


_KINDS = {"plain": _plain, "delayed": _delayed, "retried": _retried, "joined": _joined, "linked": _linked}
