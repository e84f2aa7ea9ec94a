"""Executing processes die in every way: what killed them is tried a few times, everything else runs once."""

import os
import random
import signal

import pytest

from celeriac.exceptions import WorkerLostError
from living import alive
from patience import stretched

from .conftest import Campaign, wait_for

TIMES = 4  # 1 + task_max_lost


@pytest.mark.parametrize("how", ["kill", "segfault", "exit"])
def test_a_task_that_kills_its_process_is_run_four_times_and_then_a_dead_letter(how: str, campaign: Campaign) -> None:
    (worker,) = campaign.fleet.start_ready(1)
    good = campaign.send("work", 0.002, count=100)
    bad = campaign.send("die", how, count=3)
    good += campaign.send("work", 0.002, count=100)
    campaign.wait_ended(good, 30)
    wait_for(lambda: len(campaign.letters()) == len(bad), 30)
    runs = campaign.ledger.runs()
    assert [len(runs[id]) for id in bad] == [TIMES] * len(bad)
    for id in bad:
        with pytest.raises(WorkerLostError):
            campaign.app.AsyncResult(id).get(timeout=60)
    assert all("process died 4 times" in letter.reason for letter in campaign.letters())
    wait_for(lambda: len(worker.children()) == 2, 5)
    verdict = campaign.ledger.verdict()
    assert verdict.duplicated == 0, verdict
    assert verdict.lost == set(bad), verdict


def test_a_task_that_runs_out_of_memory_fails_once_like_any_other(campaign: Campaign) -> None:
    (worker,) = campaign.fleet.start_ready(1)
    children = worker.children()
    bad = campaign.send("die", "memory", count=5)
    for id in bad:
        with pytest.raises(MemoryError):
            campaign.app.AsyncResult(id).get(timeout=60)
    assert [len(campaign.ledger.runs()[id]) for id in bad] == [1] * 5
    assert worker.children() == children


def test_children_killed_at_random_lose_nothing(campaign: Campaign) -> None:
    random.seed(2)
    (worker,) = campaign.fleet.start_ready(1)
    kills = 0
    while kills < 30:
        before = len(campaign.ledger.ended())
        if len(campaign.ledger.acknowledged) < before + 500:  # some are left when it is killed
            campaign.send("work", 0.002, count=1000)
        kills += worker.kill_a_child()
        wait_for(lambda before=before: len(campaign.ledger.ended()) > before + 50, 20)
    campaign.wait_ended(campaign.ledger.acknowledged, 60)
    # a task that had ended but was not reported yet is run again: at most one in each killed child
    campaign.assert_nothing_lost(duplicates=kills)
    assert not campaign.letters()
    wait_for(lambda: len(worker.children()) == 2, 5)
    assert alive(worker.pid)


def test_a_stopped_child_holds_up_nobody_but_its_own_task(campaign: Campaign) -> None:
    lease = max(3.5, stretched(1.5))
    campaign.fleet.environment["SUBJECT_LEASE"] = f"{lease}"
    (worker,) = campaign.fleet.start_ready(1)
    (long,) = campaign.send("wait_told")
    wait_for(lambda: len(campaign.ledger.running()) == 1, 10)
    stopped = campaign.ledger.running()[0].pid
    os.kill(stopped, signal.SIGSTOP)
    others = campaign.send("work", 0.002, count=500)
    campaign.wait_ended(others, 15)
    # longer than the lease: a child that stands still is not a worker that is dead
    later = campaign.send("work", 0.01, count=int(100 * (lease + 1.0)))
    campaign.wait_ended(later, 60)
    campaign.tell()
    os.kill(stopped, signal.SIGCONT)
    campaign.wait_ended([long], 10)
    campaign.assert_nothing_lost()
    assert campaign.ledger.verdict().restarted == 0
    assert stopped in worker.children()
