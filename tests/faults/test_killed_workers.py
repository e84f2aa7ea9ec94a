"""Workers are killed with SIGKILL under load: no task is lost, none runs that was not sent."""

import os
import random
import signal

import pytest

from living import alive
from patience import soon

from .conftest import HELD_UP, Campaign, wait_for

TASKS = int(os.environ.get("FAULTS_TASKS", "10000"))
KILLS = int(os.environ.get("FAULTS_KILLS", "20"))
SLOTS = 2
# Of a killed worker run again: the tasks that ran, and those that had ended and were not settled yet. These
# are the ends of one round trip to the broker, which with these tasks takes far less than 60 of them.
UNSETTLED = 60
# The same once more where leases are of a second: who lives may stand still for longer, and lose its own.
HELD_UP_TOO = 2


@pytest.mark.timeout(380)
def test_ten_thousand_tasks_survive_twenty_kills_of_their_workers(campaign: Campaign) -> None:
    random.seed(1)
    campaign.fleet.environment["SUBJECT_LEASE"] = "4"
    campaign.fleet.start_ready(3)
    quick = TASKS // 5
    sent = campaign.send("work", 0.005, count=TASKS - quick) + campaign.send("work", count=quick)
    for _ in range(KILLS):
        wanted = min(len(campaign.ledger.ended()) + TASKS // KILLS // 4, len(sent))
        wait_for(lambda wanted=wanted: len(campaign.ledger.ended()) >= wanted, 30)
        campaign.kill_a_worker()
    campaign.wait_ended(sent, 120)
    campaign.assert_nothing_lost(duplicates=KILLS * (SLOTS + UNSETTLED))
    assert not campaign.letters()


@pytest.mark.parametrize(
    "point",
    [
        "after_claim_before_dispatch",
        "after_dispatch",
        "after_run_before_report",
        "after_report_before_settle",
        "after_settle",
    ],
)
def test_a_worker_or_child_that_dies(point: str, campaign: Campaign) -> None:
    # As long as this test is held up, children die: of those that meet the same task no one is to despair.
    campaign.fleet.environment.update({"SUBJECT_LEASE": "1", "SUBJECT_MAX_LOST": "1000"})
    sent = campaign.send("work", 0.001, count=300)
    doomed = campaign.fleet.start({"CELERIAC_CRASH_AT": f"{point}:3"})
    if point in ("after_dispatch", "after_run_before_report"):
        doomed.wait_ready()
        first = set(doomed.children())
        wait_for(lambda: not first & set(doomed.children()), 20)  # every child dies at its third task
        campaign.fleet.workers.remove(doomed)
        doomed.kill()
    else:
        assert doomed.wait_end() == -9
    campaign.fleet.start_ready(1)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost(duplicates=HELD_UP_TOO * (SLOTS + UNSETTLED))
    assert not campaign.letters()


def test_a_worker_that_dies_between_the_result_and_the_acknowledgement(campaign: Campaign) -> None:
    """Only where results are elsewhere than messages: else both are one step."""
    apart = {"SUBJECT_BACKEND": f"sqlite:///{campaign.folder}/apart.sqlite3", "SUBJECT_LEASE": "1"}
    sent = campaign.send("work", 0.001, count=300)
    doomed = campaign.fleet.start({"CELERIAC_CRASH_AT": "after_result_before_ack:3", **apart})
    assert doomed.wait_end() == -9
    (worker,) = campaign.fleet.start_ready(1, apart)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost(duplicates=HELD_UP_TOO * (SLOTS + UNSETTLED))
    assert worker.stop() == 0


def test_a_worker_that_dies_before_it_gives_back_what_it_has_not_begun(campaign: Campaign) -> None:
    campaign.fleet.environment["SUBJECT_LEASE"] = "1"
    sent = campaign.send("work", 0.001, count=500) + campaign.send("wait_told", count=10)
    (doomed,) = campaign.fleet.start_ready(1, {"CELERIAC_CRASH_AT": "before_requeue_on_shutdown"})
    wait_for(lambda: len(campaign.ledger.ended()) > 100, 20)
    doomed.signal(signal.SIGTERM)
    doomed.wait_line("Warm shutdown")
    campaign.tell()
    assert doomed.wait_end() == -9
    campaign.fleet.start_ready(1)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost(duplicates=HELD_UP_TOO * (SLOTS + UNSETTLED))


def test_a_recoverer_that_dies_in_the_middle_of_a_recovery(campaign: Campaign) -> None:
    campaign.fleet.environment["SUBJECT_LEASE"] = "1"
    campaign.send("wait_told", count=2)
    (dead,) = campaign.fleet.start_ready(1)
    wait_for(lambda: len(campaign.ledger.runs()) == 2, 10)
    dead.kill()
    campaign.send("work", 0.0, count=10)
    recoverer = campaign.fleet.start({"CELERIAC_CRASH_AT": "during_recovery"})
    assert recoverer.wait_end() == -9
    campaign.fleet.start_ready(1)
    wait_for(lambda: all(len(runs) >= 2 for runs in campaign.ledger.runs().values() if runs[0].end is None), 30)
    campaign.tell()
    campaign.wait_ended(campaign.ledger.acknowledged, 30)


@pytest.mark.timeout(380)
def test_a_killed_workers_tasks_run_again_within_thirty_seconds(campaign: Campaign) -> None:
    """With the leases as they are by default."""
    campaign.fleet.environment["SUBJECT_LEASE"] = "default"
    campaign.send("work", 600.0, count=SLOTS)
    doomed, other = campaign.fleet.start_ready(2)
    wait_for(lambda: len(campaign.ledger.running()) == SLOTS, 20)
    pids = {run.pid for run in campaign.ledger.running()}
    victims = [worker for worker in (doomed, other) if pids & set(worker.children())]
    gone = [child for worker in victims for child in worker.children()]
    for worker in victims:
        worker.kill()
    campaign.fleet.replace(victims[0])
    soon(lambda: not any(alive(pid) for pid in gone), 2 + HELD_UP, lambda: "children outlived their worker")
    soon(lambda: all(len(runs) >= 2 for runs in campaign.ledger.runs().values()), 30 + HELD_UP)
