"""Waiting for one socket: with poll where there is one, for other selectors cost system calls of their own."""

import select
import selectors
from math import ceil
from typing import Final

READ: Final = 1  # as psycopg and selectors have it
WRITE: Final = 2
_LONGEST: Final = (1 << 31) - 1  # milliseconds
_HAS_POLL: Final = hasattr(select, "poll")


def ready(fileno: int, wanted: int, seconds: float | None) -> int:
    """Which of READ and WRITE it is ready for; 0 if it took longer than that. Sockets that are gone are ready."""
    if not _HAS_POLL:
        return _selected(fileno, wanted, seconds)
    poll = select.poll()  # looked up each time: green threads put their own there
    poll.register(fileno, (select.POLLIN if wanted & READ else 0) | (select.POLLOUT if wanted & WRITE else 0))
    found = poll.poll(None if seconds is None else min(ceil(max(seconds, 0.0) * 1000), _LONGEST))
    if not found:
        return 0
    events = found[0][1]
    return wanted & ((READ if events & ~select.POLLOUT else 0) | (WRITE if events & ~select.POLLIN else 0))


def _selected(fileno: int, wanted: int, seconds: float | None) -> int:
    with selectors.DefaultSelector() as selector:
        selector.register(fileno, wanted)
        found = selector.select(None if seconds is None else max(seconds, 0.0))
    return found[0][1] if found else 0
