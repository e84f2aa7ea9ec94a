"""The workers that live in this process, for names of Celery's that look into them."""

import os
from typing import Any
from weakref import WeakSet

from celeriac.core import signals

_workers: WeakSet[Any] = WeakSet()
_pid = os.getpid()


def remember(sender: Any = None, **_: Any) -> None:
    """A worker is about to start."""
    global _pid
    if _pid != os.getpid():  # forked since: those were the parent's
        _workers.clear()
        _pid = os.getpid()
    _workers.add(sender)


def consumers() -> list[Any]:
    """What the workers of this very process have in hand; a process that runs their tasks has none."""
    if _pid != os.getpid():
        return []
    found = (getattr(worker, "consumer", None) for worker in list(_workers))
    return [consumer for consumer in found if consumer is not None]


signals.worker_init.connect(remember, weak=False)
