"""How long who looked in vain rests before it looks again."""

from hypothesis import given
from hypothesis import strategies as st

from celeriac.adapters.postgres.bell import spread

LOOKS = st.integers(0, 10_000)
WORKERS = st.integers(0, 10_000)


@given(WORKERS)
def test_who_found_something_the_last_time_looks_at_once(workers: int) -> None:
    assert spread(0, workers) == 0.0


@given(LOOKS)
def test_a_lone_worker_never_rests(vain: int) -> None:
    assert spread(vain, 1) == 0.0


@given(LOOKS, WORKERS)
def test_nobody_rests_longer_than_a_quarter_of_a_second(vain: int, workers: int) -> None:
    assert spread(vain, workers) <= 0.25


@given(LOOKS, WORKERS)
def test_of_idle_workers_one_looks_within_milliseconds(vain: int, workers: int) -> None:
    assert spread(vain, workers) <= 0.005 * workers


@given(LOOKS, WORKERS)
def test_more_looks_in_vain_and_more_workers_never_shorten_it(vain: int, workers: int) -> None:
    assert spread(vain, workers) <= spread(vain + 1, workers)
    assert spread(vain, workers) <= spread(vain, workers + 1)
