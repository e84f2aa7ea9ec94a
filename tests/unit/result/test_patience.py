"""Patience: when a wait looks again, ends, or gives up, by a clock that the test moves."""

import pytest

from celeriac.core.clock import ManualClock
from celeriac.core.errors import OperationalError, TimeoutError
from celeriac.result.patience import OUTAGE, Patience
from celeriac.result.source import Wait


def patience(clock: ManualClock, timeout: float | None = None, **how) -> Patience:
    return Patience("i", Wait(timeout, **how), clock, 5.0, 2.0)


def test_it_listens_until_it_is_time_to_look() -> None:
    clock = ManualClock()
    waiting = patience(clock)
    assert waiting.slice() == 2.0
    clock.advance(1.5)
    assert waiting.slice() == 0.5
    clock.advance(1)
    assert waiting.slice() == 0.0
    waiting.looked()
    assert waiting.slice() == 2.0


def test_it_comes_up_for_the_callers_interval_and_timeout() -> None:
    clock = ManualClock()
    assert patience(clock, on_interval=lambda: None, interval=0.3).slice() == 0.3
    assert patience(clock, 0.7).slice() == 0.7


def test_a_look_has_a_deadline_of_its_own() -> None:
    clock = ManualClock()
    waiting = patience(clock, 3.0)
    assert waiting.io_timeout == 3.0
    clock.advance(2.9)
    assert waiting.io_timeout == 0.25
    assert patience(clock).io_timeout == 5.0


def test_it_gives_up_when_time_is_up() -> None:
    clock = ManualClock()
    waiting = patience(clock, 3.0)
    waiting.check()
    clock.advance(3.0)
    with pytest.raises(TimeoutError, match=r"3\.0 seconds"):
        waiting.check()


def test_it_bears_a_store_that_is_away_for_a_while() -> None:
    clock = ManualClock()
    waiting, trouble = patience(clock), OperationalError("away")
    pauses = [waiting.pause(trouble) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 0.1 < pauses[-1] == 1.0
    clock.advance(OUTAGE)
    with pytest.raises(OperationalError, match="away"):
        waiting.pause(trouble)


def test_an_outage_that_ended_is_forgotten() -> None:
    clock = ManualClock()
    waiting, trouble = patience(clock), OperationalError("away")
    waiting.pause(trouble)
    clock.advance(OUTAGE - 1)
    waiting.looked()
    clock.advance(2)
    assert waiting.pause(trouble) == 0.02


def test_at_the_timeout_a_store_that_is_away_is_what_is_said() -> None:
    clock = ManualClock()
    waiting, trouble = patience(clock, 1.0), OperationalError("away")
    waiting.pause(trouble)
    clock.advance(1.0)
    with pytest.raises(OperationalError, match="away"):
        waiting.check()
