"""No task that is ready waits while a slot is free, whatever it is queued behind."""

from collections.abc import Iterable

import pytest

from patience import in_time, soon

from .conftest import HELD_UP, Campaign
from .ledger import Run

# Seconds. A task that waits behind a long one beside a free slot waits until the long one is told to end, for ever.
AT_ONCE = 0.4 + HELD_UP


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
def test_tasks_never_wait_beside_a_free_slot(pool: str, campaign: Campaign) -> None:
    """Quick ones first, so that the workers fetch ahead when the long ones come. One worker's slots are held by two of
    these all the time: whatever it has fetched, the other runs."""
    campaign.fleet.arguments = ("-c", "2", "-P", pool)
    first, _ = campaign.fleet.start_ready(2)
    campaign.wait_ended(campaign.send("work", count=1000), 20)
    long, short = campaign.send("wait_told", count=16), campaign.send("work", 0.005, count=1000)
    soon(lambda: len(running(campaign, long)) == 4, AT_ONCE)
    children = first.children()
    held = {id for id in long if (runs := campaign.ledger.runs().get(id)) and runs[0].pid in children}
    assert len(held) == 2
    others = set(long) - held
    while left := others - campaign.ledger.ended():
        soon(lambda: len(running(campaign, others)) == min(2, len(left)), AT_ONCE)
        some = running(campaign, others)
        campaign.tell(*some)
        campaign.wait_ended(some, 20)
    soon(lambda: set(short) <= campaign.ledger.ended(), AT_ONCE + len(short) * 0.005)
    assert not held & campaign.ledger.ended()
    campaign.tell()
    campaign.wait_ended(held, 20)
    campaign.assert_nothing_lost()


def running(campaign: Campaign, ids: Iterable[str]) -> set[str]:
    """Those that have begun and not ended."""
    runs = campaign.ledger.runs()
    return {id for id in ids if id in runs and runs[id][-1].end is None}


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
    assert in_time(max(idle_spans(ready, *processes(campaign, pool)))[0], AT_ONCE)
    campaign.assert_nothing_lost()
