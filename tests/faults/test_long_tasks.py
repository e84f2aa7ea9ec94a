"""Tasks that outlast the lease run once: the lease is renewed whatever they do, and lost by nobody who lives."""

import os
import signal
import threading

import pytest

from patience import stretched

from .conftest import Campaign, wait_for

LONG = os.environ.get("FAULTS_LONG") == "1"


@pytest.mark.timeout(300)
def test_two_hundred_tasks_longer_than_the_lease_run_once(campaign: Campaign) -> None:
    """Lease and duration in the proportions of 5 s and 30 s."""
    campaign.fleet.environment["SUBJECT_LEASE"] = "5" if LONG else "2"
    campaign.fleet.arguments = ("-P", "threads", "-c", "100")
    campaign.fleet.start_ready(2)
    sent = campaign.send("work", 30.0 if LONG else 8.0, count=200)
    wait_for(lambda: len(campaign.ledger.runs()) == 200, 10)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost()
    assert not campaign.letters()


@pytest.mark.parametrize("pool", ["prefork", "threads", "asyncio"])
def test_a_task_that_holds_the_interpreter_longer_than_the_lease_runs_once(pool: str, redis_campaign: Campaign) -> None:
    campaign = redis_campaign
    lease = stretched(1.5)
    campaign.fleet.environment["SUBJECT_LEASE"] = f"{lease}"
    campaign.fleet.arguments = ("-P", pool, "-c", "2")
    campaign.fleet.start_ready(2)
    sent = campaign.send("hold_gil", 2.5 * lease)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost()


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_that_stood_still_cannot_end_what_others_took_over(pool: str, campaign: Campaign) -> None:
    """Its result and its acknowledgement come too late: those of the new owner count."""
    campaign.fleet.environment["SUBJECT_LEASE"] = "1"
    campaign.fleet.arguments = ("-P", pool, "-c", "1")
    (late,) = campaign.fleet.start_ready(1)
    (id,) = campaign.send("wait_told")
    wait_for(lambda: len(campaign.ledger.running()) == 1, 10)
    late_child = campaign.ledger.running()[0].pid
    late.signal(signal.SIGSTOP)
    (other,) = campaign.fleet.start_ready(1)
    wait_for(lambda: len(campaign.ledger.runs()[id]) == 2, 15)
    campaign.tell()
    (other_child,) = other.children()
    # the first run has ended in its child, but its parent could not be told; nothing is stored
    wait_for(lambda: campaign.ledger.runs()[id][0].end is not None, 10)
    late.signal(signal.SIGCONT)
    late.wait_line("The lease of this worker ran out")
    value = campaign.app.AsyncResult(id).get(timeout=20)
    assert value == other_child != late_child
    late.wait_line("was no longer this worker's")
    # and it is of use again
    new = campaign.send("work", count=20)
    campaign.wait_ended(new, 10)
    wait_for(lambda: campaign.waiting() == 0, 5)
    assert late.stop() == 0
    assert other.stop() == 0
    verdict = campaign.ledger.verdict()
    assert verdict.duplicated == 1, verdict  # the one that ran when its worker stood still
    assert campaign.app.AsyncResult(id).get(timeout=60) == other_child


def test_what_a_worker_had_not_begun_when_it_stood_still_is_not_begun_by_it(campaign: Campaign) -> None:
    campaign.fleet.environment["SUBJECT_LEASE"] = "1"
    campaign.fleet.arguments = ("-P", "threads", "-c", "1")
    (late,) = campaign.fleet.start_ready(1)
    sent = campaign.send("work", 0.01, count=400)
    wait_for(lambda: len(campaign.ledger.ended()) > 50, 10)
    late.signal(signal.SIGSTOP)
    (other,) = campaign.fleet.start_ready(1)
    campaign.wait_ended(sent, 30)
    late.signal(signal.SIGCONT)
    pause = threading.Event()
    pause.wait(0.5)
    assert late.stop() == 0
    assert other.stop() == 0
    # what its children had been given already: about as much as they do in 25 ms, of 10 ms each
    campaign.assert_nothing_lost(duplicates=20)
