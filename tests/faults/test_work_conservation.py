"""No task that is ready waits while a slot is free, whatever it is queued behind."""

import os

import pytest

from patience import in_time

from .conftest import Campaign
from .ledger import Run

LONG = float(os.environ.get("FAULTS_LONG_SECONDS", "1.0"))
# A task that waits behind a long one beside a free slot waits for LONG, or until the long one is told to end; a busy
# machine leaves a process standing for some tenths.
ALLOWED = 0.4 * LONG


def idle_spans(runs: list[Run], pids: list[int], slots_each: int) -> list[tuple[float, float, int]]:
    """When and how long a process with a free slot was given nothing, while there was still something to begin:
    (how long, since when from the first begin, process)."""
    first, last = min(run.begin for run in runs), max(run.begin for run in runs)
    spans: list[tuple[float, float, int]] = []
    for pid in pids:
        mine = [run for run in runs if run.pid == pid]
        changes = sorted([(run.begin, 1) for run in mine] + [(run.end or last, -1) for run in mine])
        busy, before = 0, first
        for at, change in [*changes, (last, 0)]:
            if busy < slots_each:
                spans.append((min(at, last) - before, before - first, pid))
            busy += change
            before = at
    return spans


def processes(campaign: Campaign, pool: str) -> tuple[list[int], int]:
    """The executing processes, and how many slots each has."""
    return [pid for worker in campaign.fleet.workers for pid in worker.children()], 1 if pool == "prefork" else 2


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_short_tasks_never_wait_beside_a_free_slot(pool: str, campaign: Campaign) -> None:
    """Quick ones first, so that the workers fetch ahead when the long ones come."""
    campaign.fleet.arguments = ("-c", "2", "-P", pool)
    campaign.fleet.start_ready(2)
    warm = campaign.send("work", count=1000)
    campaign.wait_ended(warm, 20)
    sent = campaign.send("work", LONG, count=16) + campaign.send("work", 0.005, count=1000)
    campaign.wait_ended(sent, 60)
    runs = [run for id in sent for run in campaign.ledger.runs()[id]]
    assert in_time(max(idle_spans(runs, *processes(campaign, pool)))[0], ALLOWED)
    campaign.assert_nothing_lost()


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_short_tasks_pass_a_long_one_that_came_among_them(pool: str, redis_campaign: Campaign) -> None:
    """Slots are held until all others have ended: what was fetched with the long tasks goes to the free slots."""
    campaign = redis_campaign
    campaign.fleet.arguments = ("-c", "2", "-P", pool)
    campaign.fleet.start_ready(2)
    warm = campaign.send("work", count=1000)
    campaign.wait_ended(warm, 20)
    some = [("work", (0.0,))] * 300
    ids = campaign.send_mixed([*some, ("wait_told", ())] * 3 + some)
    long = [ids[place] for place in (300, 601, 902)]
    sent = [id for id in ids if id not in long]
    campaign.wait_ended(sent, 20)
    campaign.tell()
    campaign.wait_ended(long, 20)
    runs = [run for id in sent for run in campaign.ledger.runs()[id]]
    everything = runs + [run for id in long for run in campaign.ledger.runs()[id]]
    last = max(run.begin for run in runs)
    ready = [run for run in everything if run.begin <= last]
    assert in_time(max(idle_spans(ready, *processes(campaign, pool)))[0], ALLOWED)
    campaign.assert_nothing_lost()
