"""Three beats; the leader is killed, stopped and cut off again and again: each tick is sent once, and soon.

CELERIAC_BEAT_TURNS says how often (1).
"""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from patience import in_time
from servers.gate import Gate
from servers.redis_server import RedisServer

from .beats import EVERY, Beats
from .stopping import stand_still

TURNS = int(os.environ.get("CELERIAC_BEAT_TURNS", "1"))
# What takes its place is to be there within this, whatever the leader died of.
GAP = 10.0


def origins(beats: Beats) -> dict[str, int]:
    """Where the ticks of each entry begin."""
    beats.wait(lambda: len(beats.marks()) == 2)
    return {name: mark.last - mark.runs * round(EVERY * 1e6) for name, mark in beats.marks().items()}


def assert_every_tick_was_sent_once(beats: Beats, begun: dict[str, int]) -> None:
    sent = beats.sent()
    assert len({id for _, id in sent}) == len(sent)
    for name, mark in beats.marks().items():
        ticks = (mark.last - begun[name]) / (EVERY * 1e6)
        ours = [id for entry, id in sent if entry == name]
        assert (len(ours), mark.runs) == (ticks, ticks), beats.logs()
        assert ours[-1] == mark.task_id
        assert ticks >= 3


def kill_leader(beats: Beats, url: str) -> None:
    leader = beats.wait_for_leader()
    way = beats.kill(leader)
    assert in_time(beats.wait_for_tick_after(time.time()), GAP), beats.logs()
    beats.start(url if way is None else f"redis://127.0.0.1:{way.port}/0", way)


def stop_leader(beats: Beats) -> None:
    leader = beats.wait_for_leader()
    stand_still(leader, beats.url)
    now = time.time()
    beats.wait_for_leader(other_than=leader)
    assert in_time(beats.wait_for_tick_after(now), GAP), beats.logs()
    os.kill(leader, signal.SIGCONT)  # it goes on as if nothing had happened


def cut_leader_off(beats: Beats) -> None:
    leader = beats.wait_for_leader()
    gate = beats.ways[leader]
    gate.shut()
    now = time.time()
    beats.wait_for_leader(other_than=leader)
    assert in_time(beats.wait_for_tick_after(now), GAP), beats.logs()
    gate.open()  # what it had sent meanwhile arrives late


def test_on_redis_each_tick_is_sent_once_whatever_happens_to_the_leader(tmp_path: Path) -> None:
    with (
        RedisServer(durable=True) as server,
        Gate(server.port) as one,
        Gate(server.port) as two,
        Gate(server.port) as three,
        Beats(tmp_path, server.url) as beats,
    ):
        for gate in (one, two, three):
            beats.start(f"redis://127.0.0.1:{gate.port}/0", gate)
        begun = origins(beats)
        for _ in range(TURNS):
            kill_leader(beats, server.url)
            stop_leader(beats)
            cut_leader_off(beats)
        beats.wait_for_tick_after(time.time())
        beats.stop()
        assert_every_tick_was_sent_once(beats, begun)


def test_on_sqlite_each_tick_is_sent_once_whatever_happens_to_the_leader(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/beats.sqlite3"
    with Beats(tmp_path, url) as beats:
        for _ in range(3):
            beats.start(url)
        begun = origins(beats)
        for _ in range(TURNS):
            kill_leader(beats, url)
            stop_leader(beats)
        beats.wait_for_tick_after(time.time())
        beats.stop()
        assert_every_tick_was_sent_once(beats, begun)


def test_ticks_wait_for_a_broker_that_is_away(tmp_path: Path) -> None:
    with RedisServer(durable=True) as server, Beats(tmp_path, server.url) as beats:
        beats.start(server.url)
        begun = origins(beats)
        server.stop()
        beats.wait(lambda: "tried again until it can" in beats.logs())
        server.start()
        beats.wait_for_tick_after(time.time())
        beats.stop()
        assert_every_tick_was_sent_once(beats, begun)
        assert beats.logs().count("tried again until it can") == 1
        assert "The broker is back" in beats.logs()


def test_a_leader_that_ends_hands_over_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/beats.sqlite3"
    with Beats(tmp_path, url, lease=100.0) as beats:  # nobody waits for that
        for _ in range(2):
            beats.start(url)
        begun = origins(beats)
        leader = beats.wait_for_leader()
        beats.wait(lambda: "Standing by" in beats.logs())
        os.kill(leader, signal.SIGTERM)
        beats.wait_for_leader(other_than=leader)
        assert beats.running.pop(leader).wait_end(30) == 0
        beats.wait_for_tick_after(time.time())
        beats.wait(lambda: beats.logs().count("This beat leads") == 2)
        beats.wait(lambda: all(mark.runs > 9 for mark in beats.marks().values()))
        beats.stop()
        assert_every_tick_was_sent_once(beats, begun)


def test_the_gate_passes_and_keeps_back() -> None:
    """The tool of the tests above."""
    with (
        RedisServer() as server,
        Gate(server.port) as gate,
        socket.create_connection(("127.0.0.1", gate.port), 20.0) as client,
    ):
        client.sendall(b"PING\r\n")
        assert client.recv(100) == b"+PONG\r\n"
        gate.shut()
        client.sendall(b"PING\r\n")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(100)
        gate.open()
        client.settimeout(20.0)
        assert client.recv(100) == b"+PONG\r\n"
