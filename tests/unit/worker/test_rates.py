"""How fast a task may run, and when one that can't run yet asks again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.worker.rates import AGAIN, RETURNS, Bucket, per_second


@pytest.mark.parametrize(
    ("limit", "rate"),
    [("10/s", 10), ("10/m", 1 / 6), ("36/h", 0.01), ("5", 5), (" 1.5 / s", 1.5), (2, 2), (0.5, 0.5)],
)
def test_a_limit_is_so_many_runs_a_second(limit: object, rate: float) -> None:
    assert per_second(limit) == pytest.approx(rate)


@pytest.mark.parametrize("limit", [None, "", 0, "0/s", "0"])
def test_no_limit_is_no_rate(limit: object) -> None:
    assert per_second(limit) is None


@pytest.mark.parametrize("limit", ["fast", "10/d", "/s", "-1/s", -1, "1/s/s", True, [1]])
def test_what_is_no_limit_is_refused_by_its_text(limit: object) -> None:
    with pytest.raises(ValueError, match=r"is no rate limit"):
        per_second(limit)


def test_there_is_no_burst_after_a_pause() -> None:
    bucket = Bucket(10)
    bucket.enter(100.0)
    assert bucket.wait(100.0) == pytest.approx(0.1)
    assert bucket.wait(200.0) == 0
    bucket.enter(200.0)
    assert bucket.wait(200.0) == pytest.approx(0.1)


@given(st.floats(0.01, 1000), st.lists(st.floats(0, 5), min_size=2, max_size=100))
def test_runs_that_wait_as_they_are_told_keep_to_the_rate(rate: float, gaps: list[float]) -> None:
    bucket, now, begins = Bucket(rate), 1000.0, []
    for gap in gaps:
        now += gap
        begins.append(now + bucket.wait(now))
        bucket.enter(now)
    between = [later - earlier for earlier, later in pairwise(begins)]
    assert all(pause >= 1 / rate - 1e-6 for pause in between)


@given(st.floats(0.001, 10_000), st.integers(1, 3000))
def test_a_backlog_asks_again_at_a_bounded_pace_and_in_its_order(rate: float, backlog: int) -> None:
    bucket, now = Bucket(rate), 1000.0
    bucket.enter(now)
    times = [bucket.later(now) for _ in range(backlog)]
    assert times == sorted(times)
    assert now < times[0] <= now + AGAIN + 1
    pace = max(RETURNS, 2 * rate)
    assert times[-1] - times[0] == pytest.approx((backlog - 1) / pace, abs=1e-3)
