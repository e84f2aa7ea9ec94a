"""What befalls PostgreSQL, its workers and its beats: no task and no result is lost, and each tick is sent once.

FAULTS_POSTGRES=10 makes ten times as many tasks, kills, restarts and turns.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from patience import in_time
from servers.postgres_server import PostgresServer

from .beats import Beats
from .conftest import Campaign, make_campaign
from .test_beat_leaders import GAP, assert_every_tick_was_sent_once, origins, stop_leader
from .test_broken_connections import load, wait_consuming

SIZE = int(os.environ.get("FAULTS_POSTGRES", "1"))
SLOTS = 2
# Of a killed worker run again: what ran, and what had ended and was not settled yet (see test_killed_workers.py).
UNSETTLED = 60


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """A schema that no other test of this file uses."""
    names = sorted(item.name for item in request.session.items if item.fspath == request.node.fspath)
    return server.url(schema=f"test{names.index(request.node.name)}")


@pytest.fixture
def campaign(url: str, tmp_path: Path) -> Iterator[Campaign]:
    yield from make_campaign(url, tmp_path)


def finish(campaign: Campaign, duplicates: int) -> None:
    """Everything that was acknowledged has ended, and its result is there."""
    acknowledged = sorted(campaign.ledger.acknowledged)
    campaign.assert_all_settled(duplicates, overlaps=True)
    assert [campaign.app.AsyncResult(id).get(timeout=60) for id in acknowledged] == acknowledged
    assert [worker.stop() for worker in campaign.fleet.workers] == [0] * len(campaign.fleet.workers)


@pytest.mark.timeout(300 * SIZE)
def test_tasks_and_results_survive_kills_of_their_workers(campaign: Campaign) -> None:
    random.seed(1)
    tasks, kills = 1000 * SIZE, 3 * SIZE
    campaign.fleet.environment["SUBJECT_LEASE"] = "4"
    campaign.fleet.start_ready(2)
    campaign.kill_workers_until_ended(campaign.send("work", 0.003, count=tasks), kills)
    finish(campaign, kills * (SLOTS + UNSETTLED))


@pytest.mark.timeout(300 * SIZE)
def test_workers_consume_again_after_the_server_crashed(campaign: Campaign, server: PostgresServer) -> None:
    campaign.fleet.start_ready(2)
    with load(campaign):
        for _ in range(SIZE):
            wait_consuming(campaign)
            server.stop()
            server.start()
            wait_consuming(campaign)
    # What was settled when the server crashed is settled, or is run again.
    finish(campaign, SIZE * 2 * (SLOTS + UNSETTLED))


@pytest.mark.timeout(300 * SIZE)
def test_each_tick_is_sent_once_whatever_happens_to_the_leader(tmp_path: Path, url: str) -> None:
    with Beats(tmp_path, url) as beats:
        for _ in range(2):
            beats.start(url)
        begun = origins(beats)
        for _ in range(SIZE):
            beats.kill(beats.wait_for_leader())
            assert in_time(beats.wait_for_tick_after(time.time()), GAP), beats.logs()
            beats.start(url)
            stop_leader(beats)
        beats.wait_for_tick_after(time.time())
        beats.stop()
        assert_every_tick_was_sent_once(beats, begun)
