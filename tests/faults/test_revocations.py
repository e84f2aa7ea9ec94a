"""Revocations at scale: what was revoked while every worker was down never runs, and no termination hits another task.

CAMPAIGN_REVOKED=10000 and CAMPAIGN_TERMINATED=10000 in the environment make the campaigns larger.
"""

import os
import random
import time

import pytest

from celeriac.core.errors import TaskRevokedError

from .conftest import Campaign, wait_for

REVOKED = int(os.environ.get("CAMPAIGN_REVOKED", "2000"))
RACING = int(os.environ.get("CAMPAIGN_TERMINATED", "250"))
RESTARTS = 3
SECONDS = (0.02, 0.05, 0.2)  # of a run: some are long enough to be terminated on any machine
SLOTS = 8  # that many may be terminated after one look


def test_what_was_revoked_while_all_workers_were_down_never_runs(campaign: Campaign) -> None:
    """Queued and delayed ones, through restarts, a kill among them."""
    campaign.fleet.environment["SUBJECT_LEASE"] = "4"
    revoked = campaign.send("work", count=REVOKED // 2) + campaign.send("work", count=REVOKED // 2, countdown=1.0)
    kept = campaign.send("work", count=100) + campaign.send("work", count=100, countdown=1.5)
    random.shuffle(revoked)
    for start in range(0, len(revoked), 500):
        campaign.app.control.revoke(revoked[start : start + 500])
    left = list(revoked)

    def refused() -> bool:
        """All of them are known to be, also those which the killed worker held."""
        while left and campaign.app.AsyncResult(left[-1]).state == "REVOKED":
            left.pop()
        return not left

    (worker,) = campaign.fleet.start_ready(1)
    worker.kill()
    for _ in range(RESTARTS):
        (worker,) = campaign.fleet.start_ready(1)
        campaign.wait_ended(kept, 60)
        wait_for(refused, 120)
        wait_for(lambda: campaign.waiting() == 0, 60)
        kept += campaign.send("work", count=20)
        campaign.wait_ended(kept, 60)
        assert worker.stop() == 0
    assert set(campaign.ledger.runs()) == set(kept)
    assert not campaign.letters()


@pytest.mark.timeout(300 + RACING)
def test_a_termination_that_races_with_the_end_hits_no_other_task(redis_campaign: Campaign) -> None:
    race(redis_campaign, RACING)


def race(campaign: Campaign, size: int) -> None:
    """Whatever began and did not end was terminated by its own id; all others ran once, to their ends."""
    campaign.fleet.arguments = ("-c", str(SLOTS))
    campaign.fleet.start_ready(1)
    ids, victims = _terminate_some(campaign, size)
    campaign.wait_ended(set(ids) - victims, 60 + size / 10)
    wait_for(lambda: all(campaign.app.AsyncResult(id).ready() for id in ids), 60 + size / 10)
    runs = campaign.ledger.runs()
    unfinished = _unfinished(campaign)
    print(f"terminated={len(victims)} in_time={len(unfinished)} others={len(ids) - len(victims)}")
    assert unfinished <= victims
    assert len(unfinished) > size // 50
    assert [len(runs[id]) for id in ids if id not in victims] == [1] * (len(ids) - len(victims))
    assert max(len(runs[id]) for id in victims) == 1
    for id in unfinished:
        assert isinstance(campaign.app.AsyncResult(id).result, TaskRevokedError)


def _unfinished(campaign: Campaign) -> set[str]:
    """What began and did not end, or runs now."""
    return {id for id, some in campaign.ledger.runs().items() if any(run.end is None for run in some)}


def _terminate_some(campaign: Campaign, size: int) -> tuple[list[str], set[str]]:
    """All tasks, and so many of them that ran a moment ago, each terminated at a random moment of its run: until some
    terminations were in time, else it is no race."""
    inspect, ids = campaign.app.control.inspect(timeout=10, limit=1), []
    victims: set[str] = set()
    end = time.monotonic() + 120 + size
    while len(victims) < size or len(_unfinished(campaign) & victims) <= size // 50 + SLOTS:
        assert time.monotonic() < end, campaign.ledger.verdict()
        if campaign.waiting() < 20 * SLOTS:
            ids += campaign.send_mixed([("work", (random.choice(SECONDS),)) for _ in range(40 * SLOTS)])
        for node in (inspect.active() or {}).values():
            for task in node:
                if task["id"] not in victims and time.time() - task["time_start"] > random.uniform(0.0, 0.03):
                    victims.add(task["id"])
                    campaign.app.control.terminate(task["id"], signal=random.choice(("SIGTERM", "SIGKILL", "SIGINT")))
    return ids, victims
