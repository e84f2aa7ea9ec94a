"""Time limits on every pool and against every kind of task: one end each, and a slot that can be used again."""

from collections.abc import Sequence

import pytest

from celeriac.core.errors import SoftTimeLimitExceeded, TimeLimitExceeded
from patience import in_time

from .conftest import HELD_UP, Campaign, wait_for

POOLS = ["prefork", "threads", "asyncio", "solo"]
KILLING = ["prefork", "threads", "asyncio"]  # solo runs in the worker's own process: nothing can be killed


# What shares its process with others is not killed for a run that does not feel its limit at once.
GENTLE = {"SUBJECT_GRACE": "60"}


def run(campaign: Campaign, pool: str, ids: Sequence[str], within: float, more: dict[str, str] | None = None) -> None:
    """These, and others before and after them. Each has one end, on time: they would last 20 s."""
    campaign.fleet.arguments = ("-c", "2" if pool != "solo" else "1", "-P", pool)
    (worker,) = campaign.fleet.start_ready(1, more)
    wait_for(lambda: ids[0] in campaign.ledger.runs(), 15)
    others = campaign.send("work", 0.01, count=20)
    ended: dict[str, float] = {}
    for id in ids:
        wait_for(campaign.app.AsyncResult(id).ready, 15)
        ended[id] = campaign.now()
    campaign.wait_ended(others, 15)
    again = campaign.send("work", 0.01, count=20)
    campaign.wait_ended(again, 15)
    runs = campaign.ledger.runs()
    assert [len(runs[id]) for id in ids] == [1] * len(ids)
    assert in_time(max(ended[id] - runs[id][0].begin for id in ids), within + HELD_UP)
    verdict = campaign.ledger.verdict()
    assert verdict.duplicated == 0, verdict
    assert not campaign.letters()
    assert worker.stop() == 0


@pytest.mark.parametrize("pool", POOLS)
def test_limits_are_felt_in_the_task(pool: str, campaign: Campaign) -> None:
    (soft,) = campaign.send("linger", "python", 20.0, soft_time_limit=0.5)
    (tidy,) = campaign.send("linger", "tidy", 20.0, soft_time_limit=0.5)
    (hard,) = campaign.send("linger", "python", 20.0, time_limit=0.5)
    (backwards,) = campaign.send("linger_backwards")  # its hard limit is below the soft one
    run(campaign, pool, [soft, tidy, hard, backwards], within=2.5, more=GENTLE)
    get = campaign.app.AsyncResult
    assert get(tidy).get(timeout=60) == "tidied up"
    with pytest.raises(SoftTimeLimitExceeded):
        get(soft).get(timeout=60)
    for id in (hard, backwards):
        with pytest.raises(TimeLimitExceeded):
            get(id).get(timeout=60)


@pytest.mark.parametrize("pool", POOLS)
def test_the_hard_limit_follows_a_soft_one_that_was_let_pass(pool: str, redis_campaign: Campaign) -> None:
    """And on the pools that share a process, the neighbour that ran beside it goes on."""
    (neighbour,) = redis_campaign.send("work", 1.5)
    ids = redis_campaign.send("linger", "patient", 20.0, soft_time_limit=0.3, time_limit=0.8)
    run(redis_campaign, pool, ids, within=2.8, more=GENTLE)
    assert len(redis_campaign.ledger.runs()[neighbour]) == 1
    with pytest.raises(TimeLimitExceeded):
        redis_campaign.app.AsyncResult(ids[0]).get(timeout=60)


@pytest.mark.parametrize("pool", KILLING)
@pytest.mark.parametrize("how", ["swallow", "compute"])
def test_the_hard_limit_ends_a_task_that_does_not_listen(how: str, pool: str, redis_campaign: Campaign) -> None:
    """One that catches everything, and one that computes in C and holds the interpreter's lock."""
    ids = redis_campaign.send("linger", how, 20.0, soft_time_limit=0.3, time_limit=0.8)
    run(redis_campaign, pool, ids, within=2.8)
    with pytest.raises(TimeLimitExceeded):
        redis_campaign.app.AsyncResult(ids[0]).get(timeout=60)
