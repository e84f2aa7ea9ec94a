"""What lies in Redis, seen by a plain client: kombu's and Celery's keys and forms, so that fleets can be mixed."""

import json
import warnings

import pytest
import redis

from celeriac.adapters.redis import RedisTransport
from celeriac.core.delivery import Action
from celeriac.core.errors import CeleriacWarning, OperationalError
from celeriac.core.message import Exchange, Message, Post, Queue, Route
from celeriac.core.ports import TransportOptions
from celeriac.core.record import Record
from celeriac.wire import envelope, results
from servers.redis_server import RedisServer

from .redis_desk import Desk

CELERY = Queue("celery")


def keys(client: redis.Redis) -> set[str]:
    return {key.decode() for key in client.keys("*") if not key.startswith(b"celeriac.")}


def test_a_message_is_an_envelope_in_the_list_named_like_its_queue(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    (raw,) = client.lrange("celery", 0, -1)
    assert keys(client) == {"celery"}
    found = json.loads(raw)
    assert found["headers"]["id"] == "a"
    assert found["properties"]["delivery_info"] == {"exchange": "", "routing_key": "celery"}
    assert found["properties"]["body_encoding"] == "base64"
    assert found["properties"]["delivery_tag"]


@pytest.mark.parametrize(
    ("priority", "step"), [(None, 0), (0, 0), (2, 0), (3, 3), (5, 3), (6, 6), (8, 6), (9, 9), (12, 9)]
)
def test_a_priority_has_a_list_of_its_step(desk: Desk, client: redis.Redis, priority: int | None, step: int) -> None:
    desk.publish("a", priority=priority)
    assert keys(client) == {f"celery\x06\x16{step}" if step else "celery"}


def test_messages_are_pushed_left_and_popped_right(desk: Desk, client: redis.Redis) -> None:
    desk.publish("first")
    desk.publish("second")
    assert b'"first"' in client.lindex("celery", -1)
    assert envelope.peek(desk.take().raw).id == "first"


def test_a_claim_lies_in_unacked_as_kombu_writes_it(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    delivery = desk.take()
    assert keys(client) == {"unacked", "unacked_index"}
    ((tag, value),) = client.hgetall("unacked").items()
    message, exchange, routing_key = json.loads(value)
    assert (message["headers"]["id"], exchange, routing_key) == ("a", "", "celery")
    ((indexed, score),) = client.zrange("unacked_index", 0, -1, withscores=True)
    assert tag == indexed == delivery.tag.encode()
    assert score == pytest.approx(float(client.time()[0]), abs=30)


def test_an_acknowledgement_leaves_nothing(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    desk.settle(desk.take())
    assert keys(client) == set()


def test_a_queue_name_with_quotes_survives(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a", Route('o"dd\\ é'))
    delivery = desk.take('o"dd\\ é')
    assert json.loads(client.hget("unacked", delivery.tag))[2] == 'o"dd\\ é'
    desk.settle(delivery, Action.DEFER, due=1.0)
    assert desk.take('o"dd\\ é').raw == delivery.raw


def test_bindings_are_kombus(desk: Desk, client: redis.Redis) -> None:
    topics = Exchange("topics", "topic")
    desk.run(desk.broker.declare([Queue("q", topics, "media.*.#"), Queue("d", Exchange("direct"), "key"), CELERY]))
    assert client.smembers("_kombu.binding.topics") == {b"media.*.#\x06\x16^media\\.[^\\.]+\\..*?$\x06\x16q"}
    assert client.smembers("_kombu.binding.direct") == {b"key\x06\x16\x06\x16d"}


def test_a_fanout_is_published_on_kombus_channel(desk: Desk, client: redis.Redis) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.psubscribe("/0.*")
        heard.get_message(timeout=60)
        desk.publish("a", Route("", "bcast", "fanout"))
        message = heard.get_message(timeout=60)
    assert message is not None
    assert message["channel"] == b"/0.bcast"
    assert json.loads(message["data"])["headers"]["id"] == "a"


async def test_a_fanout_message_reaches_the_queue_of_who_waits_for_it(desk: Desk, client: redis.Redis) -> None:
    link = await desk.transport.alink()
    queue = Queue("bcast.me", Exchange("bcast", "fanout"))
    bell = await link.bell([queue])
    desk.publish("a", Route("", "bcast", "fanout"))
    while not (claim := await link.run(desk.broker.claim("me", [queue], 5), 60.0)).deliveries:
        assert await bell.wait(60.0)
    assert [envelope.peek(delivery.raw).id for delivery in claim.deliveries] == ["a"]
    await bell.close()
    await link.close()


def test_a_deferred_message_waits_in_unacked_where_sweeps_find_it_after_its_time(
    desk: Desk, client: redis.Redis
) -> None:
    desk.publish("a", priority=6)
    desk.settle(desk.take(), Action.DEFER, due=4_000_000_000.5)
    ((tag, score),) = client.zrange("unacked_index", 0, -1, withscores=True)
    assert tag.startswith(b"celeriac-delayed.2.")
    assert score == 4_000_000_000.5 + 5 - 3600  # a sweep finds it five seconds after its time
    assert client.zrange("celeriac.delayed.celery", 0, -1, withscores=True) == [(tag, 4_000_000_000.5)]
    assert json.loads(client.hget("unacked", tag))[1:] == ["", "celery"]


def test_a_delayed_message_that_a_celery_worker_restored_is_not_served_twice(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    delivery = desk.take()
    desk.settle(delivery, Action.DEFER, due=1.0)
    (tag,) = client.zrange("unacked_index", 0, -1)
    client.zrem("unacked_index", tag)
    client.hdel("unacked", tag)
    client.rpush("celery", delivery.raw)
    assert len(desk.run(desk.broker.claim("me", [CELERY], 5)).deliveries) == 1
    assert client.zcard("celeriac.delayed.celery") == 0


def test_a_result_has_celerys_key_its_ttl_and_is_published(desk: Desk, client: redis.Redis) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe("celery-task-meta-x")
        heard.get_message(timeout=60)
        desk.publish("a")
        desk.settle(desk.take(), record=Record("x", "SUCCESS", b'{"status": "SUCCESS"}', ttl=86400.0))
        message = heard.get_message(timeout=60)
    assert message is not None
    assert message["data"] == client.get("celery-task-meta-x") == b'{"status": "SUCCESS"}'
    assert 86300 < client.ttl("celery-task-meta-x") <= 86400


def test_a_group_has_celerys_key(desk: Desk, client: redis.Redis) -> None:
    desk.run(desk.transport.results.store([Record("g", "", b"{}", kind="group")]))
    assert client.get("celery-taskset-meta-g") == b"{}"
    assert client.ttl("celery-taskset-meta-g") == -1


@pytest.mark.parametrize(
    "stored",
    [
        b'{"status": "SUCCESS", "result": 1}',
        b'{"status":"SUCCESS","result":1}',
        b"\x80\x05\x95c\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x06status\x94\x8c\x07SUCCESS\x94\x8c\x06result",
        b"\x86\xa6status\xa7SUCCESS\xa6result\x01",
    ],
    ids=["json", "compact json", "pickle", "msgpack"],
)
def test_a_success_stays_whatever_its_serializer(desk: Desk, client: redis.Redis, stored: bytes) -> None:
    client.set("celery-task-meta-x", stored)
    desk.run(desk.transport.results.store([Record("x", "FAILURE", b"late")]))
    assert client.get("celery-task-meta-x") == stored


@pytest.mark.parametrize("prefix", ["", "{mine}"])
def test_a_compressed_success_stays_too(client: redis.Redis, server: RedisServer, prefix: str) -> None:
    desk = Desk(server, global_keyprefix=prefix)
    key = f"{prefix}_celery-task-meta-x" if prefix else "celery-task-meta-x"

    def stored(state: str, ttl: float | None = None) -> bytes | None:
        meta = results.Meta("x", state, "y" * 100)
        desk.run(desk.transport.results.store([Record("x", state, results.encode(meta, "json", "zlib"), ttl=ttl)]))
        return client.get(key)

    started = stored("STARTED", 50.0)
    success = stored("SUCCESS", 50.0)
    assert success not in (None, started)
    assert stored("STARTED") == stored("SUCCESS", 5.0) == success
    desk.run(desk.transport.results.store([Record("x", "FAILURE", b'{"status": "FAILURE"}')]))
    assert client.get(key) == success
    assert all(0 < client.ttl(name) <= 50 for name in client.keys("*celery-task-meta-x*"))
    desk.run(desk.transport.results.forget(["x"]))
    assert client.keys("*celery-task-meta-x*") == []
    assert stored("STARTED") == started
    desk.close()


def test_the_mark_of_a_success_that_celery_forgot_does_not_keep_what_follows(desk: Desk, client: redis.Redis) -> None:
    states = {state: results.encode(results.Meta("x", state), "json", "zlib") for state in ("SUCCESS", "RETRY")}
    desk.run(desk.transport.results.store([Record("x", "SUCCESS", states["SUCCESS"])]))
    client.delete("celery-task-meta-x")
    for state in ("RETRY", "SUCCESS"):
        desk.run(desk.transport.results.store([Record("x", state, states[state])]))
        assert client.get("celery-task-meta-x") == states[state]


@pytest.mark.parametrize(
    "stored", [b'{"status": "STARTED", "result": "SUCCESS"}', b'{"status": "RETRY", "result": {"status": "SUCCESS"}}']
)
def test_what_only_speaks_of_success_is_overwritten(desk: Desk, client: redis.Redis, stored: bytes) -> None:
    client.set("celery-task-meta-x", stored)
    desk.run(desk.transport.results.store([Record("x", "FAILURE", b"news")]))
    assert client.get("celery-task-meta-x") == b"news"


def test_prefixes_go_before_everything(server: RedisServer, client: redis.Redis) -> None:
    desk = Desk(server, global_keyprefix="mine")
    desk.publish("a")
    desk.publish("b", priority=9)
    delivery = desk.take()
    desk.settle(delivery, record=Record("x", "SUCCESS", b"{}"))
    desk.take()
    desk.close()
    assert {key.decode() for key in client.keys("*") if b"celeriac." not in key} == {
        "mineunacked",
        "mineunacked_index",
        "mine_celery-task-meta-x",
    }
    assert all(key.startswith(b"mine") for key in client.keys("*"))
    assert desk.transport.keys.fanout("celery.pidbox", "") == "mine/0.celery.pidbox"


def test_results_may_lie_in_another_database_of_the_same_server(server: RedisServer, client: redis.Redis) -> None:
    desk = Desk(server)
    results = RedisTransport([server.url.removesuffix("/0") + "/5"], TransportOptions())
    assert desk.transport.settles(results)
    desk.publish("a")
    assert desk.settle(desk.take(), record=Record("x", "SUCCESS", b"{}"), posts=())
    desk.publish("b")
    with server.client(5) as fifth:
        assert fifth.keys("*") == [b"celery-task-meta-x"]
    assert client.llen("celery") == 1
    desk.close()


def test_results_elsewhere_are_not_settled_here(server: RedisServer) -> None:
    desk = RedisTransport([server.url], TransportOptions())
    assert not desk.settles(RedisTransport(["redis://elsewhere/0"], TransportOptions()))


def test_a_post_no_queue_wants_is_a_dead_letter_and_its_settlement_stands(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    lost = Post(Message({"task": "t", "id": "b"}, {}, b"[]"), Route("key", "nowhere", "topic"))
    assert desk.settle(desk.take(), posts=(lost,))
    (letter,) = desk.run(desk.transport.dead.letters())
    assert (letter.queue, envelope.peek(letter.raw).id) == ("key", "b")
    assert "No queue is bound to exchange 'nowhere'" in letter.reason


def test_publishing_to_an_exchange_without_queues_is_an_error_unless_a_queue_is_named_for_it(
    server: RedisServer, desk: Desk, client: redis.Redis
) -> None:
    route = Route("key", "nowhere", "topic")
    with pytest.raises(OperationalError, match="No queue is bound to exchange 'nowhere'"):
        desk.publish("a", route)
    other = Desk(server, deadletter_queue="unrouted")
    other.publish("a", route)
    other.close()
    assert client.llen("unrouted") == 1


def test_touching_renews_the_score_of_what_is_held_and_nothing_else(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    delivery = desk.take()
    client.zadd("unacked_index", {delivery.tag: 5.0})
    desk.run(desk.broker.touch("me", [delivery.tag, "me.gone.1"]))
    ((tag, score),) = client.zrange("unacked_index", 0, -1, withscores=True)
    assert (tag, score > 1_000_000_000) == (delivery.tag.encode(), True)


def test_what_a_celery_worker_claimed_comes_back_after_the_visibility_timeout(desk: Desk, client: redis.Redis) -> None:
    now = client.time()[0]
    for tag, age in (("old", 4000), ("young", 100)):
        desk.publish(tag)
        raw = client.rpop("celery").decode()
        client.hset("unacked", tag, f'[{raw}, "", "celery"]')
        client.zadd("unacked_index", {tag: now - age})
    assert desk.run(desk.broker.recover(envelope.redelivered)) == 1
    assert client.hkeys("unacked") == [b"young"]
    delivery = desk.take()
    assert envelope.peek(delivery.raw).id == "old"
    assert delivery.redelivered


def test_a_delayed_message_whose_queue_none_of_ours_consumes_comes_back_after_its_time(
    desk: Desk, client: redis.Redis
) -> None:
    now = client.time()[0]
    dues = {"overdue": now - 6.0, "due": now, "early": now + 600.0}  # it is five seconds after its time that one comes
    for name in dues:
        desk.publish(name)
    for delivery in [desk.take() for _ in dues]:
        desk.settle(delivery, Action.DEFER, due=dues[envelope.peek(delivery.raw).id])
    assert desk.run(desk.broker.recover(envelope.redelivered)) == 1
    assert [due - now for _, due in client.zrange("celeriac.delayed.celery", 0, -1, withscores=True)] == [0.0, 600.0]
    (raw,) = client.lrange("celery", 0, -1)
    assert envelope.peek(raw).id == "overdue"
    assert envelope.peek(raw).deliveries == 0


def test_a_retry_goes_into_a_queue_that_is_not_ours_as_clients_send_it(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    delivery = desk.take()
    later = Message({"lang": "py", "task": "t", "id": "later", "eta": "2100-01-01T00:00:00+00:00"}, {}, b"[[],{},{}]")
    posts = tuple(Post(later, Route(queue), due=4_102_444_800.0) for queue in ("celery", "theirs"))
    desk.settle(delivery, posts=posts)
    assert client.llen("celery") == 0
    assert client.zcard("celeriac.delayed.celery") == 1
    assert client.llen("theirs") == 1
    assert client.zcard("celeriac.delayed.theirs") == 0


def test_an_old_claim_of_a_living_worker_is_left_alone(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a")
    delivery = desk.take()
    client.zadd("unacked_index", {delivery.tag: 5.0})
    assert desk.run(desk.broker.recover(envelope.redelivered)) == 0
    assert desk.settle(delivery)


def test_what_can_not_be_read_is_claimed_recovered_and_buried_all_the_same(desk: Desk, client: redis.Redis) -> None:
    junk = b'\xff\x00 "not json'
    client.lpush("celery", junk)
    assert desk.take().raw == junk
    client.delete("celeriac.lease.worker/me")
    assert desk.run(desk.broker.recover(envelope.redelivered)) == 1
    desk.run(desk.transport.lease.acquire("worker/me", "me", 60.0))
    assert desk.settle(desk.take(), Action.DEAD, reason="junk")
    (letter,) = desk.run(desk.transport.dead.letters())
    assert (letter.raw, letter.reason, letter.queue) == (junk, "junk", "celery")


def test_expiring_queues_expire_after_each_publish(desk: Desk, client: redis.Redis) -> None:
    desk.publish("a", Route("reply", queue=Queue("reply", expires=10.0)))
    assert 0 < client.pttl("reply") <= 10000


def test_a_server_that_evicts_is_warned_about_once(server: RedisServer, desk: Desk, client: redis.Redis) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.warns(CeleriacWarning, match="allkeys-lru"):
            desk.run(desk.broker.declare([CELERY]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            desk.run(desk.broker.declare([CELERY]))
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_nothing_is_lost_by_a_restart_of_a_durable_server() -> None:
    with RedisServer("--appendfsync", "always", durable=True) as server:
        desk = Desk(server)
        desk.publish("a")
        desk.publish("b")
        held = desk.take()
        server.stop()
        server.start()
        assert envelope.peek(desk.take().raw).id == "b"
        assert desk.settle(held)
        desk.close()
