"""Lets one thread at a time read a configuration; one for all, so that Settings objects hold no lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from ..core.errors import ImproperlyConfigured

TIMEOUT = 30.0
_lock = RLock()


@contextmanager
def one_reader(timeout: float = TIMEOUT) -> Iterator[None]:
    """Waits for a thread that is reading; the same thread may come again.

    Reading imports modules, and an import may wait for a thread that waits here: better an error than for ever.
    """
    lock = _lock
    if not lock.acquire(timeout=timeout):
        raise ImproperlyConfigured(
            f"Another thread has been reading settings for {timeout:g} s: "
            "the modules of settings and of tasks may be waiting for each other. Import them before starting threads."
        )
    try:
        yield
    finally:
        lock.release()


def _renew() -> None:
    # The thread that held the lock does not exist in a forked child.
    global _lock
    _lock = RLock()


os.register_at_fork(after_in_child=_renew)
