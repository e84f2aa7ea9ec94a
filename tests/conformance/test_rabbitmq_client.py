"""RabbitMQ as its clients meet it: publishes that fail say so, delays, what comes back and is counted."""

from __future__ import annotations

import socket
import time

import pytest
from pamqp import commands

from celeriac.adapters.rabbitmq import methods
from celeriac.adapters.rabbitmq.line import Line
from celeriac.core.delivery import Action, Settlement
from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.message import Exchange, Message, Post, Queue, Route
from celeriac.testing.conformance.harness import ids, message, post
from celeriac.wire import envelope
from servers.rabbitmq_node import rabbitmq
from servers.rabbitmq_server import LARGEST

from .rabbitmq_clients import Make, claim, claim_until, make, publish, queue, run

__all__ = ["make", "queue", "rabbitmq"]


# -- publishing -------------------------------------------------------------------------------------


def test_a_message_that_reaches_no_queue_is_an_error(make: Make) -> None:
    transport = make()
    with pytest.raises(OperationalError, match="there is no queue 'not-there'"):
        publish(transport, post("a", "not-there"))


def test_of_many_messages_those_that_reach_no_queue_are_counted(make: Make, queue: Queue) -> None:
    transport = make()
    with pytest.raises(OperationalError, match="2 of 4 message"):
        publish(transport, post("a", queue.name), post("b", "no-1"), post("c", queue.name), post("d", "no-2"))
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 2}


def test_a_message_that_is_too_large_is_an_error_and_the_next_one_is_sent(make: Make, queue: Queue) -> None:
    transport = make()
    with pytest.raises(OperationalError, match="too large"):
        publish(transport, Post(message("a", b"x" * (LARGEST + 1)), Route(queue.name)))
    publish(transport, post("b", queue.name))
    assert ids(claim(transport, queue)) == ["b"]


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name))
    line: Line = transport.link()._lines._idle[0]
    line._sock.shutdown(socket.SHUT_RDWR)
    publish(transport, post("b", queue.name))
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 2}


def test_a_queue_that_was_deleted_meanwhile_is_declared_again_by_who_knows_it(make: Make, queue: Queue) -> None:
    transport = make()
    line = transport.link().connect()
    line.ask(methods.Delete(queue=queue.name), time.monotonic() + 60.0)
    line.close()
    publish(transport, Post(message("a"), Route(queue.name, queue=queue)))
    assert ids(claim(transport, queue)) == ["a"]


def test_a_topic_that_nobody_listens_to_is_an_error(make: Make) -> None:
    transport = make()
    with pytest.raises(OperationalError, match="no queue is bound to exchange 'client-topics'"):
        publish(transport, Post(message("a"), Route("some.key", "client-topics", "topic")))


def test_a_queue_with_other_properties_is_named_with_advice(make: Make, queue: Queue) -> None:
    transport = make()
    with pytest.raises(OperationalError, match=f"has the queue {queue.name!r} already, with other properties"):
        run(transport, transport.broker.declare([Queue(queue.name, max_priority=5)]))
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 0}


def test_exclusive_queues_are_refused_with_a_reason(make: Make) -> None:
    transport = make()
    with pytest.raises(ImproperlyConfigured, match="auto_delete=True"):
        run(transport, transport.broker.declare([Queue("mine", exclusive=True)]))


# -- delays -----------------------------------------------------------------------------------------


def test_a_delayed_message_waits_in_the_broker_and_not_in_a_worker(make: Make, queue: Queue) -> None:
    transport = make()

    def held_back() -> bool:
        """The last second is waited out by whoever claims it: it may be there if this very process stands still."""
        due = time.time() + 2.5
        publish(transport, post("later", queue.name, due=due), post("now", queue.name))
        found = ids(claim(transport, queue))
        assert "now" in found
        return found == ["now"] and time.time() < due - 1.0

    assert any(held_back() for _ in range(20))
    assert "later" in ids(claim_until(transport, queue))


def test_a_delayed_message_seems_to_come_straight_from_its_queue(make: Make, queue: Queue) -> None:
    """A task that retries sends itself where it came from; longer delays pass several exchanges."""
    transport = make()
    for seconds in (1.5, 2.5, 3.5):
        publish(transport, post(str(seconds), queue.name, due=time.time() + seconds))
    found = []
    while len(found) < 3:
        found += [envelope.delivery_info(one.raw) for one in claim_until(transport, queue).deliveries]
    assert {(info["exchange"], info["routing_key"]) for info in found} == {("", queue.name)}


def test_a_message_that_a_worker_puts_off_waits_in_the_broker(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name))
    due = time.time() + 2.5
    (delivery,) = claim(transport, queue).deliveries
    settled = run(transport, transport.broker.settle("x", [Settlement(delivery, Action.DEFER, due=due)]))
    assert settled == (True,)
    run(transport, transport.lease.release("worker/x", "x"))  # nobody holds it
    found = claim_until(transport, queue)
    assert ids(found) == ["a"]
    assert envelope.delivery_info(found.deliveries[0].raw)["routing_key"] == queue.name
    assert time.time() > due - 1.1  # the last second is waited out by whoever claims it


def test_delay_queues_that_were_deleted_are_made_again(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name, due=time.time() + 3.2))
    line = transport.link().connect()
    line.ask(commands.Exchange.Delete(exchange="celery_delayed_27"), time.monotonic() + 60.0)
    line.ask(commands.Exchange.Delete(exchange="celery_delayed_delivery"), time.monotonic() + 60.0)
    line.close()
    with pytest.raises(OperationalError, match="404"):
        publish(transport, post("b", queue.name, due=time.time() + 3.2))
    publish(transport, post("c", queue.name, due=time.time() + 3.2))
    came: list[str] = []
    while "c" not in came:
        came += ids(claim_until(transport, queue))
    assert "b" not in came


def test_a_queue_whose_name_ends_like_another_gets_no_delayed_message_of_the_other(make: Make, queue: Queue) -> None:
    transport = make()
    other = Queue(f"other.{queue.name}", auto_delete=False, expires=60.0)
    run(transport, transport.broker.declare([other]))
    publish(transport, post("mine", queue.name, due=time.time() + 1.5), post("x", other.name, due=time.time() + 1.5))
    assert ids(claim_until(transport, queue)) == ["mine"]
    assert ids(claim_until(transport, other)) == ["x"]
    assert ids(claim(transport, queue)) == []


def test_a_delayed_message_for_no_queue_is_an_error_at_once(make: Make) -> None:
    transport = make()
    with pytest.raises(OperationalError, match="there is no queue 'not-there'"):
        publish(transport, post("a", "not-there", due=time.time() + 3600.0))


def test_a_message_for_an_exchange_is_sent_on_although_it_is_not_due(make: Make) -> None:
    transport = make()
    topics = Exchange("client-topics", "topic")
    queue = Queue("client-topic-queue", topics, "news.#", expires=60.0)
    run(transport, transport.broker.declare([queue]))
    publish(transport, Post(message("a"), Route("news.sport", topics.name, "topic"), None, time.time() + 3600.0))
    assert ids(claim(transport, queue)) == ["a"]


# -- what comes back --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_message_counts_the_workers_that_vanished_with_it(make: Make, kind: str) -> None:
    transport = make()
    queue = Queue(f"client-poison-{kind}", queue_arguments={"x-queue-type": kind})
    run(transport, transport.broker.declare([queue]))
    publish(transport, post("a", queue.name))
    for expected in (0, 1, 2, 3):
        victim = make()
        (delivery,) = claim_until(victim, queue).deliveries
        assert delivery.deliveries == expected
        assert envelope.peek(delivery.raw).deliveries == expected
        victim.link()._sessions["x"].line._sock.close()  # as if its process were gone
    run(transport, transport.broker.purge([queue.name]))


def test_giving_back_is_no_mark_against_a_message(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name))
    for _ in range(5):
        (delivery,) = claim(transport, queue).deliveries
        assert delivery.deliveries == 0
        assert run(transport, transport.broker.settle("x", [Settlement(delivery, Action.REQUEUE)])) == (True,)


def test_a_retry_that_reaches_no_queue_is_a_dead_letter(make: Make, queue: Queue) -> None:
    transport = make()
    run(transport, transport.dead.discard())
    publish(transport, post("a", queue.name))
    (delivery,) = claim(transport, queue).deliveries
    lost = Settlement(delivery, Action.ACK, posts=(post("retry", "not-there"), post("b", queue.name)))
    assert run(transport, transport.broker.settle("x", [lost])) == (True,)
    (letter,) = run(transport, transport.dead.letters())
    assert (letter.queue, "there is no queue" in letter.reason) == ("not-there", True)
    assert envelope.decode(letter.raw).headers["id"] == "retry"
    assert ids(claim(transport, queue)) == ["b"]


def test_dead_letters_are_kept_although_their_queue_was_deleted(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name))
    (delivery,) = claim(transport, queue).deliveries
    line = transport.link().connect()
    line.ask(methods.Delete(queue="celeriac.dead"), time.monotonic() + 60.0)
    line.close()
    dead = Settlement(delivery, Action.DEAD, reason="broken")
    assert run(transport, transport.broker.settle("x", [dead])) == (True,)
    assert [letter.reason for letter in run(transport, transport.dead.letters())] == ["broken"]


def test_a_callback_that_amqp_has_no_form_for_is_a_dead_letter(make: Make, queue: Queue) -> None:
    transport = make()
    run(transport, transport.dead.discard())
    publish(transport, post("a", queue.name))
    (delivery,) = claim(transport, queue).deliveries
    odd = Message({"task": "t", "id": "odd", "number": 1 << 70}, {}, b"[]")
    ended = Settlement(delivery, Action.ACK, posts=(Post(odd, Route(queue.name)), post("b", queue.name)))
    assert run(transport, transport.broker.settle("x", [ended])) == (True,)
    (letter,) = run(transport, transport.dead.letters())
    assert "can't be sent by AMQP" in letter.reason
    assert ids(claim(transport, queue)) == ["b"]


def test_a_worker_whose_connection_broke_is_told_so_once_and_then_has_no_lease(make: Make, queue: Queue) -> None:
    transport = make()
    publish(transport, post("a", queue.name))
    (delivery,) = claim(transport, queue).deliveries
    transport.link()._sessions["x"].line._sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OperationalError, match="can't be reached"):
        run(transport, transport.broker.claim("x", [queue], 1))
    assert not run(transport, transport.lease.renew("worker/x", "x", 60.0))
    assert run(transport, transport.broker.settle("x", [Settlement(delivery, Action.ACK)])) == (False,)


def test_leases_that_are_no_workers_are_refused_with_a_reason(make: Make) -> None:
    transport = make()
    with pytest.raises(ImproperlyConfigured, match="RabbitMQ can't hold the lease 'beat'"):
        run(transport, transport.lease.acquire("beat", "me", 60.0))
