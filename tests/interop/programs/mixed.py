"""Chords for a fleet of both kinds of workers: every tenth header has a task that fails."""

import time
from typing import Any

from either import library
from shared_tasks import RUNS, app, call, fail, new_errback, notes


def chords(names: list[str], size: int) -> list[Any]:
    """Send them all, wait for all; [what the body returned or failed with, how often it or its errback ran] of each."""
    app.finalize()
    sent = []
    for number, name in enumerate(names):
        header = [call.s(place, label=f"{name}.{place}") for place in range(size)]
        if number % 10 == 9:
            header[3] = fail.s(label=f"{name}.3")
        body = call.s(label=name)
        body.link_error(new_errback.s(label=name))
        sent.append(library.chord(header)(body))
    end = time.monotonic() + 120
    while time.monotonic() < end and not all(result.ready() for result in sent):
        time.sleep(0.05)
    while time.monotonic() < end and not all(map(_runs, names)):  # errbacks are called after the failure is stored
        time.sleep(0.05)
    return [[_outcome(result), _runs(name)] for name, result in zip(names, sent, strict=True)]


def _outcome(result: Any) -> Any:
    if not result.ready():
        return "not ready"
    return repr(result.result) if result.failed() else result.result


def _runs(name: str) -> int:
    """Of the body or its errback."""
    runs = {label.decode(): int(count) for label, count in notes.hgetall(RUNS).items()}
    return sum(count for label, count in runs.items() if label == name or label.startswith(f"{name}:"))
