"""The pool of a sync link: never more lines than the limit, dead ones replaced, and whoever waits gets the next."""

import threading
import time
from collections.abc import Callable

import pytest

from celeriac.adapters.lines import Limit, Lines
from celeriac.core.errors import OperationalError

LONG = 60.0


class Wire:
    """A connection that knows how it ended."""

    def __init__(self, deadline: float) -> None:
        self.alive = True
        self.ended: list[str] = []

    def close(self) -> None:
        self.ended.append("closed")

    def drop(self) -> None:
        self.ended.append("dropped")


def pool(most: int) -> Lines[Wire]:
    return Lines(Limit(most, "Nowhere at all"), Wire, lambda line: line.alive, Wire.drop)


def soon() -> float:
    return time.monotonic() + LONG


def test_the_last_one_given_back_is_the_next_one_taken() -> None:
    lines = pool(3)
    first, second = lines.take(soon()), lines.take(soon())
    lines.give(second)
    lines.give(first)
    assert lines.take(soon()) is first
    assert lines.take(soon()) is second


def test_a_line_that_died_while_idle_is_dropped_and_leaves_room_for_another() -> None:
    lines = pool(1)
    dead = lines.take(soon())
    lines.give(dead)
    dead.alive = False
    assert lines.take(soon()) is not dead
    assert dead.ended == ["dropped"]


def test_when_all_are_in_use_the_error_says_what_to_do() -> None:
    lines = pool(1)
    lines.take(soon())
    with pytest.raises(
        OperationalError, match="All 1 connections to Nowhere at all are in use: raise broker_pool_limit"
    ):
        lines.take(time.monotonic() + 0.01)


@pytest.mark.parametrize("end", [Lines.give, Lines.drop])
def test_whoever_waits_gets_the_one_that_is_given_back_or_the_room_of_one_that_is_dropped(
    end: Callable[[Lines[Wire], Wire], None],
) -> None:
    lines = pool(1)
    held = lines.take(soon())
    taken: list[Wire] = []
    waiter = threading.Thread(target=lambda: taken.append(lines.take(soon())))
    waiter.start()
    end(lines, held)
    waiter.join(LONG)
    assert (taken[0] is held) == (end is Lines.give)


def test_a_line_that_could_not_be_made_takes_no_room() -> None:
    refused = [True]

    def connect(deadline: float) -> Wire:
        if refused.pop():
            raise OperationalError("not now")
        return Wire(deadline)

    lines = Lines(Limit(1, "here"), connect, lambda line: True)
    with pytest.raises(OperationalError, match="not now"):
        lines.take(soon())
    refused.append(False)
    lines.take(soon())


def test_closing_ends_what_is_idle_in_good_order_and_what_is_in_use_stays() -> None:
    lines = pool(2)
    idle, used = lines.take(soon()), lines.take(soon())
    lines.give(idle)
    lines.close()
    assert (idle.ended, used.ended) == (["closed"], [])
    lines.give(used)
    assert lines.take(soon()) is used
