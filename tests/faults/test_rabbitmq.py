"""What befalls RabbitMQ and its workers under load: no task and no result is lost, nothing runs that was not sent, and
workers consume again within five seconds.

FAULTS_RABBITMQ=10 makes ten times as many tasks, kills and cuts, and longer stand-stills.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from patience import in_time
from servers.rabbitmq_server import RabbitServer

from .conftest import Campaign, wait_for
from .fleet import Fleet
from .test_broken_connections import load, wait_consuming
from .test_revocations import RACING, RESTARTS, REVOKED, race

SIZE = int(os.environ.get("FAULTS_RABBITMQ", "1"))
SLOTS = 2
# Of a worker whose connection ends: tasks that had ended, and whose acknowledgement was not sent yet.
UNSETTLED = 60


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitServer]:
    with RabbitServer() as server:
        yield server


@pytest.fixture
def campaign(node: RabbitServer, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    """On a virtual host that no other test of this file uses; results come to the sender."""
    names = sorted(item.name for item in request.session.items if item.fspath == request.node.fspath)
    url = node.url(node.vhost(names.index(request.node.name)))
    given = {"SUBJECT_BROKER": url, "SUBJECT_BACKEND": "rpc://", "LEDGER": str(tmp_path / "ledger")}
    with Fleet(tmp_path, given, "-c", str(SLOTS)) as fleet:
        campaign = Campaign(url, tmp_path, fleet)
        campaign.app = Celeriac("subject", broker=url, backend="rpc://", set_as_current=False)
        yield campaign
        campaign.app.close()


def losses(campaign: Campaign) -> list[int]:
    """How often each worker lost its connection."""
    return [
        worker.log.read_text().count("Connection to broker lost") for worker in campaign.fleet.workers if worker.log
    ]


def unready(campaign: Campaign) -> list[str]:
    """Whose results have not come; while the connection is being restored, nobody knows of any."""
    try:
        return [id for id in sorted(campaign.ledger.acknowledged) if not campaign.app.AsyncResult(id).ready()]
    except OperationalError as away:
        return [str(away)]


def refusal(campaign: Campaign) -> str:
    """What it says when it takes no message, which it must in time; empty if it takes one."""
    began = time.monotonic()
    try:
        campaign.send("work")
    except OperationalError as refused:
        assert in_time(time.monotonic() - began, 20.0)
        return str(refused)
    return ""


def finish(campaign: Campaign, duplicates: int) -> None:
    """Everything that was acknowledged has ended, and its result is here."""
    acknowledged = sorted(campaign.ledger.acknowledged)
    campaign.assert_all_settled(duplicates, overlaps=True)
    wait_for(
        lambda: not unready(campaign), 60, lambda: f"{len(unready(campaign))} results, as of {unready(campaign)[:3]}"
    )
    assert [campaign.app.AsyncResult(id).get(timeout=30) for id in acknowledged] == acknowledged
    stopped = [worker.stop() for worker in campaign.fleet.workers]
    assert not any(stopped)


@pytest.mark.timeout(300 * SIZE)
def test_tasks_and_results_survive_kills_of_their_workers(campaign: Campaign) -> None:
    """Here a task may run twice at one time: what a killed parent held runs elsewhere before its children are gone."""
    random.seed(1)
    tasks, kills = 2000 * SIZE, 5 * SIZE
    campaign.fleet.start_ready(2)
    campaign.kill_workers_until_ended(campaign.send("work", 0.003, count=tasks), kills)
    finish(campaign, kills * (SLOTS + UNSETTLED))


@pytest.mark.timeout(300 * SIZE)
def test_workers_consume_again_after_all_connections_were_closed(campaign: Campaign, node: RabbitServer) -> None:
    campaign.fleet.start_ready(2)
    cuts = 2 * SIZE
    with load(campaign):
        for _ in range(cuts):
            wait_consuming(campaign)
            node.control("close_all_connections", "--global", "a test of ours")
            wait_consuming(campaign)
    wait_for(lambda: all(losses(campaign)), 20)  # of both: the other one may be slower to notice
    finish(campaign, cuts * 2 * (SLOTS + UNSETTLED))


@pytest.mark.timeout(300 * SIZE)
def test_workers_consume_again_after_the_node_lost_its_power(campaign: Campaign, node: RabbitServer) -> None:
    campaign.fleet.start_ready(2)
    with load(campaign):
        for _ in range(SIZE):
            wait_consuming(campaign)
            node.stop()
            node.start()
            wait_consuming(campaign)
    wait_for(lambda: all(losses(campaign)), 20)  # of both: the other one may be slower to notice
    finish(campaign, SIZE * 2 * (SLOTS + UNSETTLED))


@pytest.mark.timeout(300 * SIZE)
def test_workers_consume_again_after_the_node_stood_still(campaign: Campaign, node: RabbitServer) -> None:
    campaign.fleet.start_ready(2)
    pause = threading.Event()
    with load(campaign):
        for turn in range(SIZE):
            wait_consuming(campaign)
            os.killpg(node.pid, signal.SIGSTOP)
            try:
                pause.wait(2.0 + 5.0 * turn)
            finally:
                os.killpg(node.pid, signal.SIGCONT)
            wait_consuming(campaign)
    finish(campaign, SIZE * 2 * (SLOTS + UNSETTLED))


@pytest.mark.timeout(120)
def test_a_node_that_is_short_of_memory_loses_nothing(campaign: Campaign, node: RabbitServer) -> None:
    """Tasks run on; their results, and whatever is sent, wait until it takes messages again."""
    campaign.fleet.start_ready(2)
    before = campaign.send("work", 0.01, count=200)
    node.control("set_vm_memory_high_watermark", "0.0001")
    try:
        wait_for(lambda: "short of memory or disk" in refusal(campaign), 20)  # it may need a moment to tell us
        campaign.wait_ended(before, 30)
    finally:
        node.control("set_vm_memory_high_watermark", "0.6")
    wait_consuming(campaign)
    finish(campaign, 0)


@pytest.mark.timeout(300 + RACING)
def test_a_termination_that_races_with_the_end_hits_no_other_task(campaign: Campaign) -> None:
    race(campaign, RACING // 5)


def test_what_a_worker_heard_to_be_revoked_never_runs_there_through_restarts(campaign: Campaign) -> None:
    """RabbitMQ keeps no revocations, a state file does: queued and delayed tasks, which nobody consumes meanwhile."""
    fleet, revoke = campaign.fleet, campaign.app.control.revoke
    fleet.arguments = ("-c", str(SLOTS), "--statedb", str(campaign.folder / "state"), "-Q", "nothing")
    (worker,) = fleet.start_ready(1)
    revoked = campaign.send("work", count=REVOKED // 2) + campaign.send("work", count=REVOKED // 2, countdown=1.0)
    kept = campaign.send("work", count=100) + campaign.send("work", count=100, countdown=1.5)
    for start in range(0, len(revoked), 500):
        assert revoke(revoked[start : start + 500], reply=True, timeout=60, limit=1)
    assert worker.stop() == 0
    fleet.arguments = fleet.arguments[:-2]
    for _ in range(RESTARTS):
        (worker,) = fleet.start_ready(1)
        campaign.wait_ended(kept, 60)
        wait_for(lambda: campaign.waiting() == 0, 60)
        kept += campaign.send("work", count=20)
        campaign.wait_ended(kept, 60)
        assert worker.stop() == 0
    assert set(campaign.ledger.runs()) == set(kept)
