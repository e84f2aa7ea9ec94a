"""A blocking connection to the first node that lets us in."""

from __future__ import annotations

import random
import time

from .doorway import Doorway
from .line import Line
from .refusals import FAILURES, Lost, Refused, failure


def connect(doorway: Doorway, deadline: float, start: int = 0, heartbeat: float = 0.0) -> tuple[Line, int]:
    """A connection to the first node that lets us in, and its number; begins with the one that did last time."""
    servers = doorway.place.servers
    errors: list[BaseException] = []
    order = [(start + turn) % len(servers) for turn in range(len(servers))]
    if doorway.shuffled:
        random.shuffle(order)
    for turn, number in enumerate(order):
        # what is left of the time is for the nodes that are left
        share = max(deadline - time.monotonic(), 0.0) / (len(order) - turn)
        until = time.monotonic() + min(share, doorway.options.connect_timeout)
        try:
            return Line(doorway, servers[number], until, heartbeat), number
        except FAILURES as error:
            errors.append(error)
    raise failure(doorway.place, most_telling(errors))


def most_telling(errors: list[BaseException]) -> BaseException:
    """That a node refuses the password says more than that another one is away."""
    for kind in (Refused, Lost):
        for error in errors:
            if isinstance(error, kind):
                return error
    return errors[0] if errors else TimeoutError("no time was left to connect")


def alive(line: Line) -> bool:
    """False once the node has closed it."""
    try:
        return line.quiet()
    except FAILURES:
        return False
