"""Which of the ticks that are due are run."""

import pytest

from celeriac.beat.policy import ALL, DEFAULT, SKIP, Policy, chosen, policy_of
from celeriac.core.errors import ImproperlyConfigured

S = 1_000_000


def test_once_runs_the_last_of_the_missed_ticks() -> None:
    assert chosen(DEFAULT, [1 * S, 2 * S, 3 * S], 3600 * S) == [3 * S]


def test_all_runs_the_last_so_many_in_order() -> None:
    assert chosen(Policy(ALL, 2), [1 * S, 2 * S, 3 * S], 3600 * S) == [2 * S, 3 * S]


def test_skip_runs_none_that_was_missed() -> None:
    assert chosen(Policy(SKIP), [1 * S, 2 * S], 3600 * S) == []


def test_skip_runs_what_is_late_by_no_more_than_a_takeover() -> None:
    assert chosen(Policy(SKIP), [1 * S, 2 * S], 9 * S) == [2 * S]


@pytest.mark.parametrize("policy", [DEFAULT, Policy(ALL, 5), Policy(SKIP)])
def test_nothing_is_run_later_than_the_deadline(policy: Policy) -> None:
    assert chosen(policy, [1 * S, 5 * S], 8 * S, deadline=2 * S) == []
    assert list(chosen(policy, [1 * S, 5 * S], 8 * S, deadline=3 * S)) == [5 * S]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"missed": "never"}, "missed is one of skip, once, all, not 'never'"),
        ({"overlap": "maybe"}, "overlap is one of allow, skip, queue, not 'maybe'"),
        ({"missed_limit": 0}, "more than 0"),
        ({"missed_limit": "many"}, "int"),
        ({"overlap_timeout": -1}, "more than 0"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_entrys_name(given: dict, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="nightly") as caught:
        policy_of("nightly", given)
    assert said in str(caught.value)
