"""Tasks that are not due yet wait in the broker: they cost workers no memory, and run once, on time."""

import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from celeriac.core.ids import uuid
from patience import in_time, stretched

from .conftest import HELD_UP, Campaign, wait_for
from .test_killed_workers import SLOTS, UNSETTLED

DELAYED = int(os.environ.get("FAULTS_DELAYED", "10000"))
MORE_KIB = 4096 + DELAYED // 2  # half a KiB each would be less than any of them takes


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def send_delayed(campaign: Campaign, dues: list[datetime]) -> dict[str, float]:
    """Sent as Celery's clients do; returns when each is due, in monotonic time."""
    ids = [uuid() for _ in dues]
    for first in range(0, len(ids), 2000):
        part = list(zip(ids, dues, strict=True))[first : first + 2000]
        campaign.app.send_many([("faults.subject.work", (), {}, {"task_id": id, "eta": due}) for id, due in part])
    campaign.ledger.acknowledged.update(ids)
    ahead = max(time.monotonic() - time.time() for _ in range(5))  # less, if held up between the two
    return {id: due.timestamp() + ahead for id, due in zip(ids, dues, strict=True)}


@pytest.mark.timeout(380)
def test_thousands_of_delayed_tasks_run_once_and_on_time(campaign: Campaign) -> None:
    random.seed(4)
    fleet = campaign.fleet
    first, _ = fleet.start_ready(2)
    warm = campaign.send("work", count=500)
    campaign.wait_ended(warm, 20)
    before = resident_kib(first.pid)
    begin = datetime.now(UTC) + timedelta(seconds=stretched(3 + DELAYED / 5000))
    dues = [begin + timedelta(seconds=random.uniform(0, stretched(DELAYED / 2000))) for _ in range(DELAYED)]
    due = send_delayed(campaign, dues)
    # due long after everything here is over
    for_later = send_delayed(campaign, [begin + timedelta(days=1)] * 1000)
    campaign.ledger.acknowledged.difference_update(for_later)
    wait_for(lambda: campaign.waiting() == 0, 20)
    assert resident_kib(first.pid) < before + MORE_KIB
    assert fleet.workers[1].stop() == 0  # restarts while they wait, and while they come due
    fleet.replace(fleet.workers[1]).wait_ready()
    wait_for(lambda: len(campaign.ledger.ended()) > DELAYED // 4, 40 + DELAYED / 500)
    assert fleet.workers[1].stop() == 0
    fleet.replace(fleet.workers[1]).wait_ready()
    campaign.wait_ended(list(due), 40 + DELAYED / 500)
    campaign.assert_nothing_lost()
    late = sorted(campaign.ledger.runs()[id][0].begin - due[id] for id in due)
    assert late[0] > -0.01, "one ran too early"
    # one that stands still makes all late that come due meanwhile, not those before and after
    many, nearly_all = late[len(late) // 4], late[len(late) * 99 // 100]
    assert in_time(many, 1.0) and in_time(nearly_all, 5.0 + HELD_UP), (many, nearly_all)
    assert not set(for_later) & set(campaign.ledger.runs())
    assert resident_kib(first.pid) < before + MORE_KIB


def test_delayed_tasks_survive_the_death_of_every_worker(campaign: Campaign) -> None:
    campaign.fleet.environment["SUBJECT_LEASE"] = "4"
    (worker,) = campaign.fleet.start_ready(1)
    begin = datetime.now(UTC) + timedelta(seconds=3)
    due = send_delayed(campaign, [begin] * 500)
    wait_for(lambda: campaign.waiting() == 0, 10)
    worker.kill()
    early = datetime.now(UTC) < begin  # else it was killed while it ran some
    campaign.fleet.replace(worker).wait_ready()
    campaign.wait_ended(list(due), 20)
    campaign.assert_nothing_lost(0 if early else SLOTS + UNSETTLED)


def test_what_has_expired_is_not_run(campaign: Campaign) -> None:
    now = datetime.now(UTC)
    expired = campaign.send("work", count=50, expires=now - timedelta(seconds=1))
    late = campaign.send("work", count=50, eta=now + timedelta(seconds=2), expires=now + timedelta(seconds=1))
    good = campaign.send("work", count=50, eta=now + timedelta(seconds=1), expires=now + timedelta(seconds=600))
    campaign.fleet.start_ready(1)
    campaign.wait_ended(good, 20)
    for id in (*expired, *late):
        wait_for(lambda id=id: campaign.app.AsyncResult(id).state == "REVOKED", 20)
    assert set(campaign.ledger.runs()) == set(good)
