"""The broker restarts, cuts its connections or stands still under load: workers come back by themselves."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from celeriac.core.errors import OperationalError
from patience import in_time

from .conftest import HELD_UP, Campaign, wait_for

BACK_WITHIN = 5.0


@contextmanager
def load(campaign: Campaign, every: float = 0.02) -> Iterator[None]:
    """Sends all the time; what could not be sent was told so."""
    over = threading.Event()

    def send() -> None:
        while not over.wait(every):
            try:
                campaign.send("work", 0.002, count=4)
            except OperationalError:
                continue  # told so

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def wait_consuming(campaign: Campaign) -> None:
    """Something that was sent from now on ends, on time."""
    begin = time.monotonic()
    new = campaign.send_at_last("work", count=5)
    sent = time.monotonic() - begin
    campaign.wait_ended(new, 30)
    took = time.monotonic() - begin
    assert in_time(took, BACK_WITHIN + HELD_UP), f"it was sent after {sent:.1f} s, and had ended after {took:.1f} s"


def finish(campaign: Campaign, duplicates: int = 0) -> None:
    campaign.assert_all_settled(duplicates)
    assert [worker.stop() for worker in campaign.fleet.workers] == [0, 0]


def test_workers_consume_again_after_the_broker_was_restarted(redis_campaign: Campaign) -> None:
    campaign, server = redis_campaign, redis_campaign.server
    assert server is not None
    campaign.fleet.start_ready(2)
    with load(campaign):
        for _ in range(3):
            wait_consuming(campaign)
            server.stop()
            server.start()
            wait_consuming(campaign)
    finish(campaign)


def test_workers_consume_again_after_an_outage(redis_campaign: Campaign) -> None:
    campaign, server = redis_campaign, redis_campaign.server
    assert server is not None
    campaign.fleet.start_ready(2)
    before = campaign.send("work", 3.0, count=2)
    wait_for(lambda: len(campaign.ledger.running()) == 2, 10)
    server.stop()
    # the tasks end while nobody can be told
    wait_for(lambda: set(before) <= campaign.ledger.ended(), 10)
    server.start()
    wait_consuming(campaign)
    finish(campaign)
    for id in before:
        assert campaign.app.AsyncResult(id).get(timeout=60) == id


@pytest.mark.parametrize("cuts", [1, 2, 3])
def test_workers_consume_again_after_connections_were_cut(cuts: int, redis_campaign: Campaign) -> None:
    """Also when they are cut again while they are being restored."""
    campaign, server = redis_campaign, redis_campaign.server
    assert server is not None
    campaign.fleet.start_ready(2)
    pause = threading.Event()
    with load(campaign), server.client() as client:
        for turn in range(5):
            wait_consuming(campaign)
            for _ in range(cuts):
                client.client_kill_filter(skipme=True, _type="normal")
                client.client_kill_filter(skipme=True, _type="pubsub")
                pause.wait(0.05 + 0.15 * turn)  # the next cut falls into another moment of the restoration
            wait_consuming(campaign)
    finish(campaign)


def test_workers_consume_again_after_the_broker_stood_still(redis_campaign: Campaign) -> None:
    campaign, server = redis_campaign, redis_campaign.server
    assert server is not None
    campaign.fleet.start_ready(2)
    pause = threading.Event()
    with load(campaign):
        for _ in range(2):
            wait_consuming(campaign)
            os.kill(server.pid, signal.SIGSTOP)
            pause.wait(3.0)
            os.kill(server.pid, signal.SIGCONT)
            wait_consuming(campaign)
    finish(campaign)


def test_an_idle_worker_notices_a_cut(redis_campaign: Campaign) -> None:
    """It waits for the bell when the bell's connection goes."""
    campaign, server = redis_campaign, redis_campaign.server
    assert server is not None
    campaign.fleet.start_ready(2)
    with server.client() as client:
        for _ in range(5):
            wait_consuming(campaign)
            client.client_kill_filter(skipme=True, _type="normal")
            client.client_kill_filter(skipme=True, _type="pubsub")
    wait_consuming(campaign)
    finish(campaign)
