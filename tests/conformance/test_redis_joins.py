"""Joins lie in Redis as Celery's workers keep them, and heed what those say in them."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.core.join import Count, Counted, OpenJoin, Part, Sequel
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import Harness
from servers.redis_server import RedisServer

NAME = "celery-taskset-meta-g"
OURS = (b'[1,"a","SUCCESS",1]', b'[1,"b","SUCCESS",2]')
CELERYS = b'[1, "b", "SUCCESS", 2]'


@pytest.fixture
def harness(server: RedisServer) -> Iterator[Harness]:
    server.flush()
    with Harness(lambda: RedisTransport([server.url], TransportOptions(connect_timeout=30.0)), "sync") as harness:
        harness.run(harness.joins.open([OpenJoin("g", 2, 100.0)]))
        yield harness


def bring(harness: Harness, number: int, owner: str = "me") -> Counted:
    part = Part("g", "ab"[number], number, OURS[number], owner, ttl=100.0)
    return harness.run(harness.joins.part(part))


def celery_brings(server: RedisServer) -> None:
    """What a worker of Celery 5.7 does for its part, as MONITOR shows it."""
    with server.client() as client:
        client.zadd(f"{NAME}.j", {CELERYS: 1})
        client.sadd(f"{NAME}.d", "b:1")


def test_the_keys_and_values_are_celerys(harness: Harness, server: RedisServer) -> None:
    bring(harness, 0)
    with server.client() as client:
        assert client.get(f"{NAME}.s") == b"2"
        assert client.zrange(f"{NAME}.j", 0, -1, withscores=True) == [(OURS[0], 0.0)]
        assert client.smembers(f"{NAME}.d") == {b"a:0"}
        assert sorted(client.keys()) == [f"{NAME}.{end}".encode() for end in "djs"]
        assert all(0 < client.ttl(key) <= 100 for key in client.scan_iter())


def test_a_part_may_be_counted_by_either(harness: Harness, server: RedisServer) -> None:
    celery_brings(server)
    assert bring(harness, 1).state is Count.OPEN  # the same once more
    assert bring(harness, 0) == Counted(Count.COMPLETE, (OURS[0], CELERYS), foreign=True)


def test_a_member_added_by_celery_is_waited_for(harness: Harness, server: RedisServer) -> None:
    with server.client() as client:
        client.incrby(f"{NAME}.t", 1)
    assert [bring(harness, number).state for number in (0, 1)] == [Count.OPEN, Count.OPEN]


def test_while_a_worker_of_celery_is_about_to_call_the_body_nobody_else_does(
    harness: Harness, server: RedisServer
) -> None:
    bring(harness, 0)
    with server.client() as client:
        client.set(f"{NAME}.c", "a token", ex=60)
        assert bring(harness, 1) == Counted(Count.TAKEN)
        assert not harness.run(harness.joins.hold("g", "me"))
        owner = harness.worker()
        harness.publish("a")
        assert harness.settle(owner, harness.take(owner), sequels=(Sequel(group="g", owner="me"),))
        assert client.exists(f"{NAME}.s")
        client.delete(f"{NAME}.c")  # it died
        assert bring(harness, 1).state is Count.COMPLETE


def test_what_celery_has_done_is_over(harness: Harness, server: RedisServer) -> None:
    with server.client() as client:
        client.delete(f"{NAME}.s")
        client.set(f"{NAME}.c", "done", ex=300)
        assert bring(harness, 0) == Counted(Count.OVER)
        assert client.keys() == [f"{NAME}.c".encode()]


def test_workers_of_celery_find_that_a_join_is_over(harness: Harness, server: RedisServer) -> None:
    celery_brings(server)
    counted = bring(harness, 0)
    assert harness.run(harness.joins.close("g", "me", counted.foreign))
    with server.client() as client:
        assert client.keys() == [f"{NAME}.c".encode()]
        assert client.get(f"{NAME}.c") == b"done"
        assert 0 < client.ttl(f"{NAME}.c") <= 300


def test_of_a_join_among_ourselves_nothing_is_left(harness: Harness, server: RedisServer) -> None:
    bring(harness, 0)
    assert not bring(harness, 1).foreign
    assert harness.run(harness.joins.close("g", "me"))
    with server.client() as client:
        assert client.keys() == []


def test_a_closed_join_is_recognized_in_a_results_database_of_its_own(server: RedisServer) -> None:
    server.flush()
    results = RedisTransport(
        [server.url.rpartition("/")[0] + "/1"], TransportOptions(options={"global_keyprefix": "p"})
    )
    with Harness(lambda: RedisTransport([server.url], TransportOptions(connect_timeout=30.0)), "sync") as harness:
        assert harness.peer.transport.settles(results)
        run = results.link().run
        run(results.joins.open([OpenJoin("g", 1)]), 60)
        assert run(results.joins.part(Part("g", "a", 0, OURS[0], "me")), 60).state is Count.COMPLETE
        owner = harness.worker()
        harness.publish("a")
        assert harness.settle(owner, harness.take(owner), sequels=(Sequel(group="g", owner="me"),))
        assert run(results.joins.part(Part("g", "a", 0, OURS[0], "me")), 60).state is Count.OVER
    results.link().close()


def test_without_an_order_parts_are_kept_as_they_come(server: RedisServer) -> None:
    server.flush()
    options = TransportOptions(options={"result_chord_ordered": False})
    with Harness(lambda: RedisTransport([server.url], options), "sync") as harness:
        harness.run(harness.joins.open([OpenJoin("g", 2)]))
        bring(harness, 1)
        assert bring(harness, 0).parts == (OURS[1], OURS[0])
        with server.client() as client:
            assert client.type(f"{NAME}.j") == b"list"
