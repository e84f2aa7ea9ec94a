"""What tests wait by: limits grow with what is measured of the machine, and never shrink."""

import time

import pytest

import patience
from patience import Pace, in_time, soon, until


class Machine:
    """Its clock stands until somebody measures."""

    def __init__(self, *took: float) -> None:
        self.now = 100.0
        self.took = list(took)
        self.measured = 0

    def measure(self) -> float:
        self.measured += 1
        return self.took.pop(0)


def pace(machine: Machine) -> Pace:
    return Pace(machine.measure, lambda: machine.now)


def test_nothing_is_measured_before_half_of_the_time_has_passed() -> None:
    machine = Machine()
    assert not pace(machine).over(95.1, 10.0)
    assert machine.measured == 0


def test_on_a_quick_machine_a_limit_is_what_it_says() -> None:
    machine = Machine(0.1, 0.1)
    found = pace(machine)
    assert not found.over(90.5, 10.0)
    assert found.over(89.5, 10.0)


def test_on_a_slow_machine_it_grows_and_the_slowest_measurement_counts() -> None:
    machine = Machine(4 * patience._USUAL, 0.1)  # four times too slow, then quick again
    found = pace(machine)
    assert not found.over(80.0, 10.0)
    machine.now += 10.0
    assert not found.over(75.0, 10.0)
    assert found.over(69.0, 10.0)
    assert machine.measured == 2


def test_a_measurement_is_good_for_some_seconds() -> None:
    machine = Machine(4 * patience._USUAL)
    found = pace(machine)
    assert [found.slowness() for _ in range(3)] == [4.0] * 3
    assert machine.measured == 1


def test_a_machine_that_stands_still_is_not_waited_for_without_end() -> None:
    assert pace(Machine(1000.0)).slowness() == 12.0


def test_a_promise_is_judged_by_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PACE", pace(Machine(2 * patience._USUAL)))
    assert in_time(1.9, 1.0)
    assert not in_time(2.1, 1.0)


def test_waiting_returns_what_was_found_and_says_what_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([0, "", "found"])
    assert until(lambda: next(answers)) == "found"
    monkeypatch.setattr(patience, "PACE", Pace(lambda: 0.1))
    with pytest.raises(AssertionError, match=r"not within \d+\.\d s .*: two of three"):
        soon(lambda: False, 0.1, lambda: "two of three")


def test_what_came_while_this_process_stood_still_is_found_although_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PACE", Pace(lambda: 0.1, lambda: time.monotonic() + 100.0))
    answers = iter([False, "there"])
    assert soon(lambda: next(answers), 0.1) == "there"


def test_the_piece_of_work_takes_some_time() -> None:
    assert 0.01 < patience.took() < 60.0
