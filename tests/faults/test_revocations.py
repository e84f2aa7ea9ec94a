"""Revocations at scale: what was revoked while every worker was down never runs, and no termination hits another task.

CAMPAIGN_REVOKED=10000 in the environment makes the campaigns larger.
"""

import os
import random
import time

from celeriac.core.errors import TaskRevokedError

from .conftest import Campaign, wait_for

REVOKED = int(os.environ.get("CAMPAIGN_REVOKED", "2000"))
RACING = REVOKED // 8


def test_what_was_revoked_while_all_workers_were_down_never_runs(campaign: Campaign) -> None:
    """Queued and delayed ones, through restarts, a kill among them."""
    revoked = campaign.send("work", count=REVOKED // 2) + campaign.send("work", count=REVOKED // 2, countdown=1.0)
    kept = campaign.send("work", count=100) + campaign.send("work", count=100, countdown=1.5)
    random.shuffle(revoked)
    for start in range(0, len(revoked), 500):
        campaign.app.control.revoke(revoked[start : start + 500])
    (worker,) = campaign.fleet.start_ready(1)
    worker.kill()
    (worker,) = campaign.fleet.start_ready(1)
    campaign.wait_ended(kept, 60)
    wait_for(lambda: campaign.waiting() == 0, 60)
    assert worker.stop() == 0
    (worker,) = campaign.fleet.start_ready(1)
    sentinel = campaign.send("work", count=20)
    campaign.wait_ended(sentinel, 30)
    assert set(campaign.ledger.runs()) == {*kept, *sentinel}
    states = {campaign.app.AsyncResult(id).state for id in random.sample(revoked, 50)}
    assert states == {"REVOKED"}
    assert not campaign.letters()


def test_a_termination_that_races_with_the_end_hits_no_other_task(redis_campaign: Campaign) -> None:
    """Whatever began and did not end was terminated by its own id; all others ran once, to their ends."""
    campaign = redis_campaign
    campaign.fleet.start_ready(1)
    ids = campaign.send("work", 0.02, count=RACING * 2)
    inspect = campaign.app.control.inspect(timeout=10, limit=1)
    victims: set[str] = set()
    end = time.monotonic() + 120
    while len(victims) < RACING and not set(ids) <= campaign.ledger.ended() | victims:
        assert time.monotonic() < end, campaign.ledger.verdict()
        for node in (inspect.active() or {}).values():
            for task in node:
                if task["id"] not in victims and time.time() - task["time_start"] > random.uniform(0.0, 0.03):
                    victims.add(task["id"])
                    campaign.app.control.terminate(task["id"], signal=random.choice(("SIGTERM", "SIGKILL", "SIGINT")))
    campaign.wait_ended(set(ids) - victims, 60)
    wait_for(lambda: all(campaign.app.AsyncResult(id).ready() for id in ids), 60)
    runs = campaign.ledger.runs()
    unfinished = {id for id, some in runs.items() if any(run.end is None for run in some)}
    assert unfinished <= victims
    assert len(unfinished) > RACING // 50, "hardly any termination was in time: the race was none"
    assert [len(runs[id]) for id in ids if id not in victims] == [1] * (len(ids) - len(victims))
    assert max(len(runs[id]) for id in victims) == 1
    for id in unfinished:
        assert isinstance(campaign.app.AsyncResult(id).result, TaskRevokedError)
