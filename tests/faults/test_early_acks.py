"""With early acknowledgement a task that was begun may be lost with its process; one that was not, never."""

import random

from celeriac.core.ids import uuid

from . import reading
from .conftest import Campaign, wait_for

SLOTS = 2


def send(campaign: Campaign, count: int) -> list[str]:
    """Their ledger tells when they were read, which is before a run is reported and its message acknowledged: the
    first line of a body is written after that, and whoever is killed between the two would have left no trace.
    """
    ids = [uuid() for _ in range(count)]
    options = {"serializer": reading.NAME}
    campaign.app.send_many([("faults.subject.work_on", (id, 0.003), {}, {"task_id": id, **options}) for id in ids])
    campaign.ledger.acknowledged.update(ids)
    return ids


def test_no_task_that_never_began_is_lost(campaign: Campaign) -> None:
    random.seed(3)
    fleet = campaign.fleet
    fleet.environment.update({"SUBJECT_EARLY": "1", "SUBJECT_LEASE": "4"})
    fleet.start_ready(2)
    sent = send(campaign, 3000)
    parents = children = 0
    never_readers = {worker.pid for worker in fleet.workers}
    while len(campaign.ledger.runs()) < 2500:
        wanted = min(len(campaign.ledger.runs()) + 100, len(sent) - 1)
        victim = random.choice(fleet.workers)
        if parents <= children:
            victim.kill()
            never_readers.add(fleet.replace(victim).wait_ready().pid)
            parents += 1
        elif victim.kill_a_child():
            children += 1
        wait_for(lambda wanted=wanted: len(campaign.ledger.runs()) > wanted, 30)
    wait_for(lambda: set(sent) <= set(campaign.ledger.runs()), 60, lambda: str(campaign.ledger.verdict()))
    wait_for(lambda: campaign.waiting() == 0, 10)
    verdict = campaign.ledger.verdict()
    assert not verdict.never_started, verdict
    assert never_readers.isdisjoint(run.pid for runs in campaign.ledger.runs().values() for run in runs)
    assert not verdict.unexpected, verdict
    assert len(verdict.lost) <= parents * SLOTS + children, verdict
    assert not campaign.letters()
