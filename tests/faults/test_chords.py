"""Chords under kill -9, doubled messages, failing members and a store that stands still: each body, or its errback,
is started once.

FAULTS_CHORDS, FAULTS_CHORD_SIZE and FAULTS_CHORD_KILLS make a long campaign of the short one.
"""

import os
import random
import signal
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.canvas import chain, chord
from celeriac.canvas.launching import planned

from .conftest import Campaign, wait_for

CHORDS = int(os.environ.get("FAULTS_CHORDS", "60"))
SIZE = int(os.environ.get("FAULTS_CHORD_SIZE", "12"))
KILLS = int(os.environ.get("FAULTS_CHORD_KILLS", "4"))
FAILING = 0.1  # so many headers have a member that fails
DOUBLED = 0.2  # so many messages are sent twice
WORK = 0.01  # seconds of each member
SLOTS = 2  # of a worker


class Starts:
    """What bodies and errbacks wrote of their starts."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, list[tuple[str, bool, str]]]:
        """By name of the chord: (body or errback, is it a repetition, the message's tag)."""
        found: dict[str, list[tuple[str, bool, str]]] = defaultdict(list)
        if self._file.exists():
            for line in self._file.read_text().splitlines():
                what, name, redelivered, tag = line.split()
                found[name].append((what, redelivered == "1", tag))
        return found


def member(app: Celeriac, number: int, fails: bool) -> Any:
    """Mostly a task; now and then a chain, or a chord of its own."""
    part = app.signature("faults.subject.part", (number, WORK, fails))
    if number % 6 == 4:
        return chain(part, app.signature("faults.subject.part"))
    if number % 6 == 5:
        return chord([part, app.signature("faults.subject.part", (0,))], app.signature("faults.subject.body"))
    return part


def send(app: Celeriac, name: str, fails: bool) -> None:
    """One chord, some of whose messages go out twice."""
    bad = random.randrange(SIZE) if fails else -1
    header = [member(app, number, number == bad) for number in range(SIZE)]
    body = app.signature("faults.subject.body", kwargs={"name": name})
    body.link_error(app.signature("faults.subject.errback", kwargs={"name": name}))
    flight = planned(app, chord(header, body), (), {}, {})
    posts = app.prepare(flight.calls)
    app.publisher.open(flight.joins, {"retry": False})
    app.publisher.publish([*posts, *(post for post in posts if random.random() < DOUBLED)], {"retry": False})


@pytest.mark.timeout(240 + 12 * KILLS + CHORDS * SIZE // 10)
def test_every_body_or_its_errback_is_started_once(redis_campaign: Campaign) -> None:
    starts, wanted = run(redis_campaign, CHORDS, KILLS)
    for name, what in wanted.items():
        assert {kind for kind, _, _ in starts[name]} == {what}, (name, starts[name])
        assert len({tag for _, _, tag in starts[name]}) == 1, (name, starts[name])  # one message, however often it ran
    with redis_campaign.server.client() as client:
        assert client.keys("celery-taskset-meta-*") == []
    assert not redis_campaign.letters()


@pytest.mark.timeout(240 + 12 * KILLS + CHORDS * SIZE // 10)
def test_with_joins_in_another_store_nothing_is_lost_and_a_death_may_double_one(redis_campaign: Campaign) -> None:
    campaign = redis_campaign
    apart = f"sqlite:///{campaign.folder}/apart.sqlite3"
    campaign.fleet.environment["SUBJECT_BACKEND"] = apart
    campaign.app.close()
    campaign.app = Celeriac("subject", broker=campaign.url, backend=apart, set_as_current=False)
    starts, wanted = run(campaign, CHORDS // 2, KILLS // 2)
    assert {name: {kind for kind, _, _ in starts[name]} for name in wanted} == {
        name: {what} for name, what in wanted.items()
    }
    # One for each slot whose run was on its way to the broker when its worker died.
    assert sum(len({tag for _, _, tag in starts[name]}) - 1 for name in wanted) <= KILLS // 2 * SLOTS
    assert not campaign.letters()


def run(campaign: Campaign, chords: int, kills: int) -> tuple[dict[str, list[tuple[str, bool, str]]], dict[str, str]]:
    """(what was started, what was to be started) of so many chords under so many kills, when nothing is to do."""
    random.seed(1)
    starts = Starts(Path(f"{campaign.ledger.folder}.chords"))
    campaign.fleet.environment["SUBJECT_LEASE"] = "4"
    campaign.fleet.start_ready(2)
    wanted = {f"chord{number}": "errback" if random.random() < FAILING else "body" for number in range(chords)}
    assert set(wanted.values()) == {"body", "errback"}
    for name, what in wanted.items():
        send(campaign.app, name, what == "errback")
    sent = campaign.waiting()
    for number in range(kills):
        left = sent * (kills - number) // (kills + 1)
        wait_for(lambda left=left: campaign.waiting() <= left, 60, lambda: f"{campaign.waiting()} of {sent} wait")
        if number % 2:
            freeze(campaign.server.pid, 1.0)
        campaign.kill_a_worker()
    wait_for(lambda: wanted.keys() <= starts.read().keys(), 60 + chords * SIZE // 20, lambda: missing(wanted, starts))
    wait_for(lambda: not left_at(campaign), 60)
    return starts.read(), wanted


def freeze(pid: int, seconds: float) -> None:
    """The store stands still, and goes on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def left_at(campaign: Campaign) -> int:
    """Messages in the queue and in the hands of workers, dead or alive: at one moment, for they go to and fro."""
    with campaign.server.client() as client, client.pipeline(transaction=True) as both:
        return sum(both.llen("celery").hlen("unacked").execute())


def missing(wanted: dict[str, str], starts: Starts) -> str:
    return f"not started: {sorted(wanted.keys() - starts.read().keys())}"
