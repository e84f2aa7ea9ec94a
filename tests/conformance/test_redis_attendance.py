"""Delayed messages of queues that the last worker leaves: very many, large ones, crashes on the way, in any order."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from celeriac.adapters.redis import attendance
from celeriac.core.delivery import Action
from celeriac.core.flow import Flow
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.wire import envelope
from servers.redis_server import RedisServer

from .redis_desk import Desk

QUEUES = ("celery", 'o"dd é')
LATER = 4_000_000_000.0  # a time that does not come


def post(id: str, due: float, queue: str = "celery", timed: bool = True, body: bytes = b"[[],{},{}]") -> Post:
    """A message to be put off, which says itself when it is due or does not."""
    headers = {"lang": "py", "task": "t", "id": id}
    if timed:
        headers["eta"] = datetime.fromtimestamp(due, UTC).isoformat()
    return Post(Message(headers, {}, body), Route(queue), due=due)


def put_off(desk: Desk, *posts: Post) -> None:
    """As what a run sends with its end, into queues that its worker serves too."""
    desk.publish("end", Route("ends"))
    queues = [Queue(queue) for queue in ("ends", *QUEUES)]
    (delivery,) = desk.run(desk.broker.claim("me", queues, 1)).deliveries
    assert desk.settle(delivery, Action.ACK, posts=posts)


def put_off_many(desk: Desk, count: int) -> None:
    """Message n is due n seconds after the first."""
    for start in range(0, count, 1000):
        put_off(desk, *(post(f"n{n}", LATER + n) for n in range(start, min(start + 1000, count))))


def attend(desk: Desk, owner: str, *queues: str) -> int:
    return int(desk.run(desk.transport.attendance.attend(owner, queues)))


def in_lists(client: redis.Redis, queue: str = "celery") -> list[str]:
    """The next to be served first."""
    return [envelope.peek(raw).id for raw in reversed(client.lrange(queue, 0, -1))]


def held(client: redis.Redis) -> list[str]:
    """What is in `unacked`, whoever has it."""
    return [json.loads(value)[0]["headers"]["id"] for value in client.hvals("unacked")]


def trip(request: object) -> Flow[Any]:
    return (yield request)


def cut_off(desk: Desk, flow: Flow[int], trips: int) -> int:
    """Perform at most so many round trips of the flow, then no more; returns how many there were."""
    done, request = 0, next(flow)
    while done < trips:
        replies = desk.run(trip(request))
        done += 1
        try:
            request = flow.send(replies)
        except StopIteration:
            break
    flow.close()
    return done


def test_the_soonest_of_very_many_come_back_and_the_rest_stays(desk: Desk, client: redis.Redis) -> None:
    more = 300
    attend(desk, "me", "celery")
    put_off_many(desk, attendance.MOST + more)
    assert attend(desk, "me") == attendance.MOST
    assert in_lists(client) == [f"n{n}" for n in range(attendance.MOST)]
    assert client.zcard("celeriac.delayed.celery") == client.hlen("unacked") == client.zcard("unacked_index") == more


def test_large_ones_come_back_a_few_at_a_time(desk: Desk, client: redis.Redis) -> None:
    """Every step of the server is short, and the order is that of their times all the same."""
    attend(desk, "me", "celery")
    for n in range(7):
        put_off(desk, post(f"n{n}", LATER + n, body=b"x" * 1_600_000))
    # Two of them are enough for one step.
    assert cut_off(desk, desk.transport.attendance.attend("me", ()), 100) == 2 + 4
    assert in_lists(client) == [f"n{n}" for n in range(7)]
    assert held(client) == []


@pytest.mark.parametrize("trips", [0, 1, 2, 3, 4])
def test_a_crash_on_the_way_leaves_each_in_one_place(desk: Desk, client: redis.Redis, trips: int) -> None:
    count = 1200  # three steps of the server
    attend(desk, "me", "celery")
    put_off_many(desk, count)
    assert cut_off(desk, desk.transport.attendance.attend("me", ()), trips) == trips
    back = in_lists(client)
    assert len(back) == [0, 0, 0, 500, 1000][trips]
    assert client.zcard("celeriac.delayed.celery") == client.zcard("unacked_index") == count - len(back)
    assert sorted([*back, *held(client)]) == sorted(f"n{n}" for n in range(count))
    assert back == [f"n{n}" for n in range(count - len(back), count)]  # the soonest were to come last


def test_priorities_come_back_into_their_lists(desk: Desk, client: redis.Redis) -> None:
    attend(desk, "me", "celery")
    for priority in (0, 4, 9):
        made = post(f"p{priority}", LATER)
        properties = {"priority": priority}
        put_off(desk, Post(Message(made.message.headers, properties, b"[[],{},{}]"), made.route, priority, LATER))
    assert attend(desk, "me") == 3
    lists = ("celery", "celery\x06\x163", "celery\x06\x169")
    assert [in_lists(client, key) for key in lists] == [["p0"], ["p4"], ["p9"]]


def test_what_a_celery_worker_has_taken_back_meanwhile_is_not_there_twice(desk: Desk, client: redis.Redis) -> None:
    attend(desk, "me", "celery")
    put_off_many(desk, 2)
    first = client.zrange("celeriac.delayed.celery", 0, 0)[0]
    client.hdel("unacked", first)
    client.zrem("unacked_index", first)
    assert attend(desk, "me") == 1
    assert in_lists(client) == ["n1"]
    assert client.keys("celeriac.delayed.*") == []


def test_nothing_is_left_of_who_has_gone(desk: Desk, client: redis.Redis) -> None:
    attend(desk, "me", *QUEUES)
    assert client.hlen("celeriac.serving") == 1
    for queue in QUEUES:
        put_off(desk, post(queue, LATER, queue))
    assert attend(desk, "me") == 2
    assert [in_lists(client, queue) for queue in QUEUES] == [[queue] for queue in QUEUES]
    assert not client.exists("celeriac.serving", "unacked", "unacked_index")


class Comings(RuleBasedStateMachine):
    """Workers come, change, leave, die and are cut off while they leave; messages are put off meanwhile."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        server.flush()
        self.client = server.client()
        self.desk = Desk(server)
        self.alive: dict[str, set[str]] = {}
        self.sent: dict[str, bool] = {}  # does it say itself when it is due?

    @rule(owner=st.sampled_from("abc"), queues=st.sets(st.sampled_from(QUEUES)))
    def comes_or_changes(self, owner: str, queues: set[str]) -> None:
        self.desk.run(self.desk.transport.lease.acquire(f"worker/{owner}", owner, 600.0))
        self._attends(owner, queues)

    @rule(owner=st.sampled_from("abc"))
    def leaves(self, owner: str) -> None:
        self._attends(owner, set())
        self.desk.run(self.desk.transport.lease.release(f"worker/{owner}", owner))

    @rule(owner=st.sampled_from("abc"), trips=st.integers(0, 3))
    def is_cut_off_while_it_leaves(self, owner: str, trips: int) -> None:
        cut_off(self.desk, self.desk.transport.attendance.attend(owner, ()), trips)
        self._dies(owner)

    @rule(owner=st.sampled_from("abc"))
    def dies(self, owner: str) -> None:
        self._dies(owner)

    def _dies(self, owner: str) -> None:
        self.client.delete(f"celeriac.lease.worker/{owner}")
        self.alive.pop(owner, None)

    @rule()
    def somebody_recovers(self) -> None:
        self.desk.run(self.desk.broker.recover(envelope.redelivered))

    @rule(queue=st.sampled_from(QUEUES), timed=st.booleans())
    def is_put_off(self, queue: str, timed: bool) -> None:
        id = f"n{len(self.sent)}"
        self.sent[id] = timed
        headers = post(id, LATER, queue, timed).message.headers
        self.desk.run(self.desk.broker.publish([Post(Message(headers, {}, b"[[],{},{}]"), Route("in"))]))
        delivery = msgspec.structs.replace(self.desk.take("in"), queue=queue)
        assert self.desk.settle(delivery, Action.DEFER, due=LATER)

    def _attends(self, owner: str, queues: set[str]) -> None:
        before = self.alive.pop(owner, set())
        attend(self.desk, owner, *sorted(queues))
        if queues:
            self.alive[owner] = queues
        for queue in before - set().union(*self.alive.values()):
            assert self._waiting(queue) == []

    def _waiting(self, queue: str) -> list[bytes]:
        """Those that could be in the queue as well."""
        return [tag for tag in self.client.zrange(f"celeriac.delayed.{queue}", 0, -1) if b".eta." in tag]

    @invariant()
    def each_is_in_one_place(self) -> None:
        queued = [id for queue in QUEUES for id in in_lists(self.client, queue)]
        assert Counter([*queued, *held(self.client)]) == Counter(list(self.sent))
        assert all(self.sent[id] for id in queued)

    def teardown(self) -> None:
        self.desk.close()
        self.client.close()


def test_in_any_order_each_message_is_in_one_place(server: RedisServer) -> None:
    campaign = settings(max_examples=30, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(lambda: Comings(server), settings=campaign)
