"""What RabbitMQ's ears ask for: queues as Celery declares them, anew on new connections; deleted ones are missed."""

import pytest

from celeriac.adapters.rabbitmq import methods
from celeriac.adapters.rabbitmq.channel import Channel
from celeriac.adapters.rabbitmq.contents import Arrival, parcel
from celeriac.adapters.rabbitmq.hearing import DIRECT, FANOUT, Hearing, Lifetimes, Wire, lifetimes, wire_of
from celeriac.adapters.rabbitmq.newswire import RabbitNewswire
from celeriac.adapters.rabbitmq.pidbox import RabbitPidbox
from celeriac.core.errors import DecodeError
from celeriac.core.message import Message

COMMANDS, REPLIES = RabbitPidbox().channel("celery.pidbox"), RabbitPidbox().box_channel("reply.celery.pidbox", "box")
EVENTS = RabbitNewswire().channel("celeryev", "task.#")


@pytest.mark.parametrize(
    ("channel", "exchange", "key", "lives"),
    [
        (COMMANDS, ("celery.pidbox", "fanout", False), "", (10_000, 300_000)),
        (REPLIES, ("reply.celery.pidbox", "direct", False), "box", (10_000, 300_000)),
        (EVENTS, ("celeryev", "topic", True), "task.#", (60_000, 5_000)),
    ],
)
def test_exchanges_and_queues_are_declared_as_celery_does(
    channel: str, exchange: tuple[str, str, bool], key: str, lives: tuple[int, int]
) -> None:
    hearing = Hearing(Lifetimes())
    hearing.begin(Channel(4), lambda: None)
    declared, queue, consumed, bound = hearing.wish([channel], True)
    assert isinstance(declared, methods.DeclareExchange)
    assert (declared.exchange, declared.exchange_type, declared.durable) == exchange
    assert isinstance(queue, methods.Declare)
    assert (queue.exclusive, queue.auto_delete, queue.durable) == (True, True, False)
    assert queue.arguments == dict(zip(("x-expires", "x-message-ttl"), lives, strict=True))
    assert isinstance(consumed, methods.Consume)
    assert (consumed.queue, consumed.no_ack) == (queue.queue, True)
    assert isinstance(bound, methods.Bind)
    assert (bound.queue, bound.exchange, bound.routing_key) == (queue.queue, exchange[0], key)


def test_queues_have_the_settings_lives_and_prefix() -> None:
    given = lifetimes(
        {"event_queue_prefix": "mine", "event_queue_ttl": None, "control_queue_expires": 0, "control_queue_ttl": 2.5}
    )
    hearing = Hearing(given)
    hearing.begin(Channel(4), lambda: None)
    declared = [one for one in hearing.wish([EVENTS, COMMANDS], True) if isinstance(one, methods.Declare)]
    events, commands = declared
    assert events.queue.startswith("mine.")
    assert events.arguments == {"x-expires": 60_000}
    assert commands.arguments == {"x-message-ttl": 2_500}


def test_a_box_has_celerys_name_and_others_names_of_their_own() -> None:
    assert Wire(DIRECT, "reply.x.pidbox", "box").queue("celeryev") == "box.reply.x.pidbox"
    first, second = (Wire(FANOUT, "x.pidbox").queue("celeryev") for _ in range(2))
    assert first != second
    assert first.endswith(".x.pidbox")


@pytest.mark.parametrize("channel", ["a", "celery-task-meta-1", f"{COMMANDS}.running", "\x1f\x1f", "fanout\x1fx"])
def test_what_is_no_exchange_is_a_channel_of_the_bus(channel: str) -> None:
    assert wire_of(channel) is None


def test_all_is_asked_for_anew_on_a_new_connection() -> None:
    hearing = Hearing(Lifetimes())
    hearing.begin(Channel(4), lambda: None)
    hearing.wish(["bus", COMMANDS, EVENTS], True)
    hearing.wish([EVENTS], False)
    again = hearing.begin(Channel(4), lambda: None)
    bound = [one.exchange for one in again if isinstance(one, methods.Bind)]
    assert bound == ["celeriac.bus", "celery.pidbox"]


def test_what_is_heard_is_told_under_its_channel() -> None:
    hearing, channel = Hearing(Lifetimes()), Channel(4)
    hearing.begin(channel, lambda: None)
    queue = next(one.queue for one in hearing.wish([EVENTS], True) if isinstance(one, methods.Declare))
    sent = parcel(Message({"hostname": "w"}, {"delivery_mode": 1}, b"{}"), "celeryev", "task.sent")
    channel.on_delivery(queue, Arrival(1, False, sent.exchange, sent.key, sent.header, sent.body))
    ((name, payload),) = hearing.heard
    read = RabbitNewswire().read(payload)
    assert (name, read.headers, read.body) == (EVENTS, {"hostname": "w"}, b"{}")
    assert read.properties["delivery_info"] == {"exchange": "celeryev", "routing_key": "task.sent"}


def test_what_can_not_be_read_is_told_as_such() -> None:
    hearing, channel = Hearing(Lifetimes()), Channel(4)
    hearing.begin(channel, lambda: None)
    queue = next(one.queue for one in hearing.wish([COMMANDS], True) if isinstance(one, methods.Declare))
    channel.on_delivery(queue, Arrival(1, False, "celery.pidbox", "", b"\x00\x3c", b"{}"))
    ((_, payload),) = hearing.heard
    with pytest.raises(DecodeError):
        RabbitPidbox().read(payload)


def test_an_ear_learns_that_its_queue_was_deleted_and_not_that_it_left() -> None:
    lost: list[str] = []
    hearing, channel = Hearing(Lifetimes()), Channel(4)
    hearing.begin(channel, lambda: lost.append("lost"))
    names = [one.queue for one in hearing.wish(["bus", COMMANDS, EVENTS], True) if isinstance(one, methods.Declare)]
    hearing.wish([EVENTS], False)
    channel.on_cancelled(names[2])
    assert not lost
    channel.on_cancelled(names[1])
    channel.on_cancelled(names[0])
    assert lost == ["lost", "lost"]
