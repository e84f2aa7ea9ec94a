"""Threads that do everything at once on one PostgreSQL: every message ends exactly once, and nothing but a lost lease
is ever reported, however often the server finds their transactions in each other's way.

CONFORMANCE_CHURN=50 makes fifty times as much.
"""

import os
import random
import threading
import time
from collections import Counter
from typing import Any

from celeriac.adapters.postgres import PostgresTransport
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import LeaseLost
from celeriac.core.flow import Flow
from celeriac.core.ids import uuid
from celeriac.core.join import OpenJoin, Part, Sequel
from celeriac.core.message import Exchange, Post, Queue, Route
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import message, post
from celeriac.wire import envelope
from servers.postgres_server import PostgresServer

from .postgres_tables import emptied, postgres

__all__ = ["postgres"]

ROUNDS = 60 * int(os.environ.get("CONFORMANCE_CHURN", "1"))
QUEUES = ("a", "b", "topic")
TOPIC = Exchange("churn", "topic")


class Churner(threading.Thread):
    """One client: it publishes, claims, settles in every way, dies and comes back as another owner."""

    def __init__(self, url: str, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.transport = PostgresTransport([url])
        self.sent: list[str] = []
        self.ended: Counter[str] = Counter()
        self.failed: list[BaseException] = []

    def do(self, flow: Flow[Any]) -> Any:
        return self.transport.link().run(flow, 120.0)

    def run(self) -> None:
        try:
            self.begin()
            for _ in range(ROUNDS):
                self.round()
        except BaseException as error:
            self.failed.append(error)
        finally:
            self.transport.link().close()

    def begin(self) -> None:
        """As a new owner: what the one before held is nobody's."""
        self.owner = uuid()
        self.do(self.transport.lease.acquire(f"worker/{self.owner}", self.owner, 600.0))

    def round(self) -> None:
        try:
            self.chance.choices([self.publish, self.work, self.count, self.die], [5, 8, 2, 1])[0]()
        except LeaseLost:
            self.begin()

    def publish(self) -> None:
        ids = [uuid() for _ in range(self.chance.randint(1, 10))]
        self.do(self.transport.broker.publish([self.post(id) for id in ids]))
        self.sent += ids

    def post(self, id: str) -> Post:
        if self.chance.random() < 0.3:
            return Post(message(id), Route("key.x", "churn", "topic"))
        due = time.time() + self.chance.random() if self.chance.random() < 0.2 else None
        return post(id, self.chance.choice("ab"), priority=self.chance.choice([None, 5]), due=due)

    def work(self) -> None:
        queues = [Queue(name) for name in self.chance.sample(QUEUES, 2)]
        claim = self.do(self.transport.broker.claim(self.owner, queues, self.chance.randint(1, 20)))
        batch = [self.end(delivery) for delivery in claim.deliveries]
        for ended, settled in zip(batch, self.do(self.transport.broker.settle(self.owner, batch)), strict=True):
            if settled:
                self.note(ended)

    def end(self, delivery: Delivery) -> Settlement:
        action = self.chance.choices(list(Action), [6, 1, 1, 1])[0]
        record = Record(f"r{self.chance.randint(0, 9)}", self.chance.choice(["RETRY", "FAILURE"]), b"x")
        posts = (post(uuid(), "a"),) if self.chance.random() < 0.1 else ()
        group = f"g{self.chance.randint(0, 4)}"
        sequel = Sequel(records=(record,), opens=(OpenJoin(group, 2),), group=group, owner=self.owner)
        sequels = (sequel,) if self.chance.random() < 0.2 else ()
        return Settlement(delivery, action, record, posts, due=time.time(), reason="churned", sequels=sequels)

    def note(self, ended: Settlement) -> None:
        self.sent += [post.message.headers["id"] for post in ended.posts]
        if ended.action in (Action.ACK, Action.DEAD):
            self.ended[envelope.peek(ended.delivery.raw).id] += 1

    def count(self) -> None:
        group = f"g{self.chance.randint(0, 4)}"
        self.do(self.transport.joins.open([OpenJoin(group, 2)]))
        self.do(self.transport.joins.part(Part(group, uuid(), 0, b"part", self.owner)))

    def die(self) -> None:
        self.do(self.transport.lease.release(f"worker/{self.owner}", self.owner))
        self.do(self.transport.broker.recover(envelope.redelivered))
        self.begin()


def test_every_message_ends_once_whatever_all_do_at_the_same_time(postgres: PostgresServer) -> None:
    url = emptied(postgres)
    churners = [Churner(url, seed) for seed in range(4)]
    rest = Churner(url, 99)
    rest.do(rest.transport.broker.declare([Queue("topic", TOPIC, "key.#")]))
    for churner in churners:
        churner.start()
    for churner in churners:
        churner.join(250.0)
    assert [churner.failed for churner in churners] == [[]] * 4
    for churner in churners:
        rest.do(rest.transport.lease.release(f"worker/{churner.owner}", churner.owner))
    rest.do(rest.transport.broker.recover(envelope.redelivered))
    found = postgres.execute("SELECT raw FROM celeriac.messages")
    rest.transport.link().close()
    left = Counter(envelope.peek(raw).id for (raw,) in found)
    ends = sum((churner.ended for churner in churners), left)
    sent = Counter(id for churner in churners for id in churner.sent)
    assert len(sent) > ROUNDS
    assert ends == sent
