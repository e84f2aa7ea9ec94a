"""What RabbitMQ will never take: everything beside it is done once, and it ends where people find it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from celeriac import Celeriac, group
from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.core.delivery import Action, DeadLetter, Settlement
from celeriac.core.errors import EncodeError, ImproperlyConfigured, NotAllSent, OperationalError, Unsent
from celeriac.core.ids import uuid
from celeriac.core.message import Exchange, Post, Queue, Route
from celeriac.testing.conformance.harness import ids, message, post
from celeriac.wire import envelope
from patience import until
from servers.rabbitmq_node import rabbitmq
from servers.rabbitmq_server import LARGEST

from .rabbitmq_clients import Make, claim, claim_until, make, queue, run

__all__ = ["make", "queue", "rabbitmq"]
_TIME = 60.0
_LARGE = b"x" * (LARGEST + 1)


def letters(transport: RabbitTransport, queue: str) -> list[DeadLetter]:
    return [one for one in run(transport, transport.dead.letters(1000), _TIME) if one.queue == queue]


def come(transport: RabbitTransport, queue: Queue, least: int) -> Counter[str]:
    found: Counter[str] = Counter()
    while sum(found.values()) < least:
        found.update(ids(claim_until(transport, queue, _TIME)))
    found.update(ids(claim(transport, queue)))
    return found


def settle(transport: RabbitTransport, settlements: list[Settlement]) -> Any:
    return run(transport, transport.broker.settle("x", settlements), _TIME)


def test_of_many_messages_all_go_but_those_that_are_too_large(make: Make, queue: Queue) -> None:
    transport = make()
    large = Post(message("large", _LARGE), Route(queue.name))
    with pytest.raises(NotAllSent, match=r"2 of 5 .*too large.*raise max_message_size") as caught:
        run(transport, transport.broker.publish([post("a", queue.name), large, large, *[post("b", queue.name)] * 2]))
    assert caught.value.left == (1, 2)
    found = come(transport, queue, 3)
    assert set(found) == {"a", "b"}
    assert found["a"] == 1 or found["b"] == 2  # what went out with it and was not confirmed may come twice


def test_what_follows_and_is_too_large_puts_what_it_follows_into_the_dead_letters(make: Make, queue: Queue) -> None:
    transport = make()
    before, after = Queue(queue.name), Queue(f"{queue.name}-after")
    run(transport, transport.broker.declare([after]))
    run(transport, transport.broker.publish([post(str(number), before.name) for number in range(4)]))
    claimed = [*claim_until(transport, before, _TIME).deliveries]
    large = Post(message("large", _LARGE), Route(after.name))
    following = [(post("next-0", after.name),), (large, large), (post("next-2", after.name), large), ()]
    settlements = [
        Settlement(delivery, Action.ACK, posts=posts) for delivery, posts in zip(claimed, following, strict=True)
    ]
    with pytest.raises(Unsent, match="raise max_message_size") as caught:
        settle(transport, settlements)
    assert caught.value.ended == (True,) * 4
    assert [one for one, _ in caught.value.posts] == [large] * 3
    assert come(transport, after, 2) == {"next-0": 1, "next-2": 1}
    found = letters(transport, before.name)
    assert sorted(str(envelope.decode(one.raw).headers["id"]) for one in found) == ["1", "2"]
    assert all("which follows it, was not sent" in one.reason for one in found)
    assert run(transport, transport.broker.count([before.name])) == {before.name: 0}
    assert run(transport, transport.dead.replay([one.id for one in found]), _TIME) == 2
    assert come(transport, before, 2) == {"1": 1, "2": 1}


def test_a_message_just_small_enough_can_be_a_dead_letter_and_come_back(make: Make, queue: Queue) -> None:
    """With what a letter says of it, it is larger than the server takes."""
    transport = make()
    body = b"y" * (LARGEST - 5)
    run(transport, transport.broker.publish([Post(message("brim", body), Route(queue.name))]), _TIME)
    (delivery,) = claim_until(transport, queue, _TIME).deliveries
    assert settle(transport, [Settlement(delivery, Action.DEAD, reason="says nothing")]) == (True,)
    (letter,) = letters(transport, queue.name)
    assert letter.reason == "says nothing"
    assert letter.raw == delivery.raw
    assert run(transport, transport.dead.replay([letter.id]), _TIME) == 1
    (again,) = claim_until(transport, queue, _TIME).deliveries
    assert envelope.decode(again.raw).body == body


def test_what_follows_to_a_queue_that_is_gone_goes_to_the_same_queue_declared_anew(make: Make, queue: Queue) -> None:
    transport = make()
    gone, nowhere = Queue(f"gone-{uuid()}", expires=60.0), f"nowhere-{uuid()}"
    run(transport, transport.broker.publish([post("a", queue.name)]))
    (delivery,) = claim_until(transport, queue, _TIME).deliveries
    posts = (Post(message("b"), Route(gone.name, queue=gone)), post("c", nowhere))
    assert settle(transport, [Settlement(delivery, Action.ACK, posts=posts)]) == (True,)
    assert come(transport, gone, 1) == {"b": 1}
    assert "there is no queue" in letters(transport, nowhere)[0].reason


@pytest.mark.parametrize("what", ["headers", "numbers"])
def test_what_amqp_can_not_carry_is_found_before_anything_is_sent(make: Make, queue: Queue, what: str) -> None:
    """The message is named; and what follows a run is a dead letter instead."""
    transport = make()
    wrong: dict[str, Any] = {"large": "x" * 140_000} if what == "headers" else {"number": 1 << 64}
    made = message("wrong")
    bad = Post(type(made)({**made.headers, **wrong}, made.properties, made.body), Route(queue.name))
    with pytest.raises(EncodeError, match=r"\[wrong\].*(130000|number)"):
        run(transport, transport.broker.publish([*[post("a", queue.name)] * 900, bad]))
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 0}
    run(transport, transport.broker.publish([post("a", queue.name)]))
    (delivery,) = claim_until(transport, queue, _TIME).deliveries
    posts = (bad, post("b", queue.name))
    assert settle(transport, [Settlement(delivery, Action.ACK, posts=posts)]) == (True,)
    assert come(transport, queue, 1) == {"b": 1}
    assert "[wrong]" in letters(transport, queue.name)[0].reason


@pytest.mark.parametrize("call", [{"task_id": "i" * 300}, {"headers": {"number": 1 << 64}}], ids=["id", "number"])
def test_one_call_of_many_that_amqp_can_not_carry_keeps_all_from_being_sent(
    make: Make, queue: Queue, call: dict[str, Any]
) -> None:
    transport = make()
    url = str(transport.place).replace("**", "guest")
    with Celeriac("refusals", broker=url, backend="disabled://", set_as_current=False) as app:
        several = [app.signature("t", queue=queue.name) for _ in range(1200)]
        several[-1].set(**call)
        with pytest.raises(EncodeError, match=r"task t\["):
            group(several).apply_async()
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 0}


# -- types of exchanges that are not there --------------------------------------------------------


def test_a_queue_of_an_exchange_of_an_unknown_type_is_an_error_that_costs_one_connection(make: Make) -> None:
    transport = make()
    wrong = Queue(f"q-{uuid()}", Exchange(f"x-{uuid()}", "x-no-such-type"), "key")
    for _ in range(3):
        with pytest.raises(ImproperlyConfigured, match=r"no exchanges of type 'x-no-such-type'.*plugin"):
            run(transport, transport.broker.declare([wrong]))
    run(transport, transport.broker.count(["any"]))
    lines = list(transport.link()._lines._idle)
    with pytest.raises(ImproperlyConfigured):
        run(transport, transport.broker.declare([wrong]))
    assert list(transport.link()._lines._idle) == lines
    assert all(line.quiet() for line in lines)


def test_what_goes_to_an_exchange_of_an_unknown_type_does_no_harm_to_its_neighbours(make: Make, queue: Queue) -> None:
    """The first try costs the connection; the second tells what can't be."""
    transport = make()
    bad = Post(message("bad"), Route("key", f"x-{uuid()}", "x-no-such-type"))
    posts = [post("a", queue.name), bad]
    for kind in (OperationalError, NotAllSent):
        with pytest.raises(kind, match="no exchanges of type 'x-no-such-type'"):
            run(transport, transport.broker.publish(posts))
    run(transport, transport.broker.publish([post("b", queue.name)]))
    found = [*claim_until(transport, queue, _TIME).deliveries]
    (delivery, *_) = [one for one in found if envelope.decode(one.raw).headers["id"] == "b"]
    following = (Post(message("bad"), Route("key", f"x-{uuid()}", "x-no-such-type-2")), post("c", queue.name))
    with pytest.raises(OperationalError, match="no exchanges of type"):
        settle(transport, [Settlement(delivery, Action.ACK, posts=following)])
    assert settle(transport, [Settlement(delivery, Action.ACK, posts=following)]) == (True,)
    assert "c" in come(transport, queue, 1)
    assert "no exchanges of type" in letters(transport, "key")[0].reason


# -- messages that come back ------------------------------------------------------------------------


def test_what_comes_back_to_a_full_queue_that_refuses_more_is_claimed_as_it_is(make: Make) -> None:
    """There is no room for the copy that would carry how often it came back."""
    transport = make()
    full = Queue(f"full-{uuid()}", max_length=2, queue_arguments={"x-overflow": "reject-publish"}, expires=60.0)
    run(transport, transport.broker.declare([full]))
    run(transport, transport.broker.publish([post("a", full.name), post("b", full.name)]))
    dying = make()
    assert ids(claim_until(dying, full, _TIME)) == ["a", "b"]
    run(transport, transport.broker.publish([post("c", full.name), post("d", full.name)]))
    dying.link()._sessions["x"].line.drop()
    found: set[str] = set()

    def all_came() -> bool:
        found.update(ids(claim(transport, full, limit=2)))
        return found == set("abcd")

    until(all_came)
