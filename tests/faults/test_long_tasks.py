"""Tasks that outlast the lease run once: the lease is renewed whatever they do, and lost by nobody who lives."""

import os
import signal

import pytest

from patience import stretched

from .conftest import Campaign, wait_for
from .stopping import stand_still

LONG = os.environ.get("FAULTS_LONG") == "1"
# Of a worker that is going to lose it, and of one that takes over, which waits for as long before it looks.
BRIEF = {"SUBJECT_LEASE": "1"}
PROMPT = {"SUBJECT_LEASE": "1.5"}


@pytest.mark.timeout(300)
def test_two_hundred_tasks_longer_than_the_lease_run_once(campaign: Campaign) -> None:
    """Long enough for others to begin them, if the lease were not renewed."""
    campaign.fleet.environment["SUBJECT_LEASE"] = "5"
    campaign.fleet.arguments = ("-P", "threads", "-c", "100")
    campaign.fleet.start_ready(2)
    sent = campaign.send("work", 30.0 if LONG else 9.0, count=200)
    wait_for(lambda: len(campaign.ledger.runs()) == 200, 10)
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost()
    assert campaign.ledger.verdict().restarted == 0
    assert not campaign.letters()


@pytest.mark.parametrize("pool", ["prefork", "threads", "asyncio"])
def test_a_task_that_holds_the_interpreter_longer_than_the_lease_runs_once(pool: str, redis_campaign: Campaign) -> None:
    campaign = redis_campaign
    lease = max(4.0, stretched(1.5))
    campaign.fleet.environment["SUBJECT_LEASE"] = f"{lease}"
    campaign.fleet.arguments = ("-P", pool, "-c", "2")
    campaign.fleet.start_ready(2)
    sent = campaign.send("hold_gil", lease + 2.0)  # one second after the end of a lease the other would have begun it
    campaign.wait_ended(sent, 60)
    campaign.assert_nothing_lost()
    assert campaign.ledger.verdict().restarted == 0


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_that_stood_still_cannot_end_what_others_took_over(pool: str, campaign: Campaign) -> None:
    """Its result and its acknowledgement come too late: those of the new owner count."""
    campaign.fleet.arguments = ("-P", pool, "-c", "1")
    (late,) = campaign.fleet.start_ready(1, BRIEF)
    (id,) = campaign.send("wait_told")
    wait_for(lambda: len(campaign.ledger.running()) == 1, 10)
    late_child = campaign.ledger.running()[0].pid
    stand_still(late.pid, campaign.url)
    (other,) = campaign.fleet.start_ready(1, PROMPT)
    (other_child,) = other.children()
    wait_for(lambda: any(run.pid == other_child for run in campaign.ledger.runs()[id]), 15)
    campaign.tell()
    # the first run has ended in its child, but its parent could not be told; nothing is stored
    wait_for(lambda: campaign.ledger.runs()[id][0].end is not None, 10)
    late.signal(signal.SIGCONT)
    late.wait_line("The lease of this worker ran out")
    value = campaign.app.AsyncResult(id).get(timeout=60)
    assert value == other_child != late_child
    late.wait_line("was no longer this worker's")
    # and it is of use again
    new = campaign.send("work", count=20)
    campaign.wait_ended(new, 10)
    wait_for(lambda: campaign.waiting() == 0, 5)
    assert late.stop() == 0
    assert other.stop() == 0
    assert campaign.app.AsyncResult(id).get(timeout=60) == other_child


def test_what_a_worker_had_not_begun_when_it_stood_still_is_not_begun_by_it(campaign: Campaign) -> None:
    """It takes back what it has given to its children, when it goes on before they do."""
    campaign.fleet.arguments = ("-P", "threads", "-c", "1")
    (late,) = campaign.fleet.start_ready(1, BRIEF)
    (child,) = late.children()
    sent = campaign.send("work", 0.003, count=600)
    wait_for(lambda: len(campaign.ledger.ended()) > 50, 10)
    os.kill(child, signal.SIGSTOP)
    stand_still(late.pid, campaign.url)
    (other,) = campaign.fleet.start_ready(1, PROMPT)
    campaign.wait_ended(sent, 30)
    assert other.stop() == 0
    told = len(late.lines)
    late.signal(signal.SIGCONT)
    late.find("The lease of this worker ran out", told)
    wait_for(lambda: campaign.app.control.ping(timeout=5, limit=1), 20)  # by now it has done all that this meant
    goes_on = campaign.now()
    os.kill(child, signal.SIGCONT)
    new = campaign.send("work", count=20)
    campaign.wait_ended(new, 20)  # behind whatever else was on its way to the child
    assert late.stop() == 0
    verdict = campaign.ledger.verdict()
    assert not (verdict.lost or verdict.unexpected), verdict
    runs = [run for id in sent for run in campaign.ledger.runs()[id] if run.pid == child]
    assert sum(run.begin > goes_on for run in runs) <= 1, verdict  # it may have taken one the moment before
