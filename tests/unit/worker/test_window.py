"""How much a worker takes ahead: as much as will be run in a moment, less where that was given back."""

import pytest

from celeriac.worker.window import Window

SLOTS = 4


def wary_window() -> Window:
    """Of a worker whose broker counts what is given back."""
    window = Window(SLOTS)
    window.wary = True
    return window


class Pace:
    """Runs that end at a steady rate."""

    def __init__(self, window: Window, rate: float) -> None:
        self.window = window
        self.rate = rate
        self.done = 0
        self.now = 0.0

    def go(self, seconds: float) -> int:
        """The window's size after that."""
        for _ in range(round(seconds / 0.005)):
            self.now += 0.005
            self.done += round(self.rate * 0.005)
            self.window.measure(self.done, self.now)
        return self.window.size


@pytest.mark.parametrize(("rate", "size"), [(0, SLOTS), (2000, SLOTS + 50), (20_000, SLOTS + 500)])
def test_it_holds_what_will_end_in_a_moment(rate: int, size: int) -> None:
    assert Pace(Window(SLOTS), rate).go(0.1) == pytest.approx(size, abs=1)


def test_what_was_given_back_is_not_taken_ahead_again() -> None:
    pace = Pace(wary_window(), 1000)
    assert pace.go(0.1) == pytest.approx(SLOTS + 25, abs=1)
    for _ in range(10):
        pace.window.stalled()
        assert pace.window.size == SLOTS
    assert pace.go(0.05) == SLOTS


def test_quick_tasks_win_the_trust_back_within_a_second() -> None:
    pace = Pace(wary_window(), 4000)
    for _ in range(10):
        pace.window.stalled()
    assert pace.go(0.02) < SLOTS + 10
    assert pace.go(1.0) == pytest.approx(SLOTS + 100, abs=1)


def test_one_give_back_costs_little() -> None:
    pace = Pace(wary_window(), 10_000)
    pace.go(0.1)
    pace.window.stalled()
    assert pace.go(0.005) >= SLOTS + 100


def test_another_size_of_the_pool_is_no_mistake() -> None:
    pace = Pace(Window(SLOTS), 1000)
    for slots in (8, 2, 8, SLOTS):
        pace.window.resize(slots, None)
    assert pace.go(0.05) == pytest.approx(SLOTS + 25, abs=1)


def test_a_bound_of_the_user_holds() -> None:
    window = Window(SLOTS, most=6)
    assert Pace(window, 10_000).go(0.1) == 6
    window.stalled()
    assert window.size == SLOTS


def test_where_nobody_counts_a_give_back_changes_nothing() -> None:
    pace = Pace(Window(SLOTS), 4000)
    for _ in range(10):
        pace.window.stalled()
    assert pace.go(0.02) == pytest.approx(SLOTS + 100, abs=1)
