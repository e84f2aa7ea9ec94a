"""RabbitMQ's bytes: tables and contents there and back, against pamqp's; conversations cut into any pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import commands, frame, header
from pamqp import decode as pamqp_decode
from pamqp import encode as pamqp_encode

from celeriac.adapters.rabbitmq import contents, delays, methods, tables
from celeriac.adapters.rabbitmq.login import Login
from celeriac.adapters.rabbitmq.talk import Talk
from celeriac.core.errors import DecodeError, EncodeError
from celeriac.core.message import Message

FEW = settings(max_examples=40, deadline=None)
NAMES = st.text(min_size=1, max_size=30)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=0)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | MOMENTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=8)


@FEW
@given(TABLES)
def test_a_table_comes_back_as_it_was(fields: dict[str, Any]) -> None:
    raw = tables.encode(fields)
    assert tables.decode(raw, 0) == (fields, len(raw))


@FEW
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=9), st.none() | st.booleans() | st.text() | st.integers(-9, 9))
)
def test_pamqp_reads_the_same_in_our_tables(fields: dict[str, Any]) -> None:
    raw = tables.encode(fields)
    assert pamqp_decode.field_table(raw) == (len(raw), fields)


def test_we_read_what_pamqp_writes_in_every_form() -> None:
    fields: dict[str, Any] = {
        "small": 1,
        "middle": 70_000,
        "large": 1 << 40,
        "money": Decimal("12.34"),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "list": ["a", 1, None, {"deep": True}],
        "bytes": bytearray(b"\x00\xff"),
        "float": 1.5,
    }
    found, _ = tables.decode(pamqp_encode.field_table(fields), 0)
    assert found == {**fields, "bytes": b"\x00\xff"}


@FEW
@given(st.binary(max_size=200))
def test_damaged_tables_are_said_to_be_so_and_nothing_else(raw: bytes) -> None:
    try:
        tables.decode(raw, 0)
    except DecodeError:
        pass


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"thing": object()}, "turn it into text"),
        ({"number": 1 << 70}, "number"),
        ({"n" * 300: 1}, "longer than AMQP allows"),
        ({"amount": Decimal("1e40")}, "too long"),
    ],
)
def test_what_amqp_has_no_form_for_is_named(headers: dict[str, Any], words: str) -> None:
    with pytest.raises(EncodeError, match=words):
        tables.encode(headers)


@FEW
@given(TABLES, st.binary(max_size=50), st.integers(0, 255), st.text("xyz-0123", max_size=36))
def test_a_message_comes_back_as_it_was_sent(headers: dict[str, Any], body: bytes, priority: int, id: str) -> None:
    headers.pop(contents.COUNT, None)
    sent = Message(headers, {"correlation_id": id, "reply_to": "me", "delivery_mode": 2, "expiration": "500"}, body)
    parcel = contents.parcel(sent, "", "celery", priority)
    got, count = contents.message_of(contents.Arrival(1, False, "", "celery", parcel.header, body))
    assert (got.headers, got.body, count) == (headers, body, None)
    assert got.properties["priority"] == priority
    assert got.properties.get("correlation_id", "") == id
    assert got.properties["delivery_info"] == {"exchange": "", "routing_key": "celery"}


def test_pamqp_reads_the_same_in_our_content_headers() -> None:
    message = Message({"id": "a"}, {"correlation_id": "a", "message_id": "m", "type": "t", "app_id": "x"}, b"body")
    made = header.ContentHeader()
    made.unmarshal(contents.parcel(message, "", "q").header)
    properties = made.properties
    assert (made.body_size, properties.correlation_id, properties.message_id) == (4, "a", "m")
    assert (properties.message_type, properties.app_id, properties.headers) == ("t", "x", {"id": "a"})


def test_a_property_that_is_too_long_is_named() -> None:
    with pytest.raises(EncodeError, match="correlation_id is longer than AMQP allows"):
        contents.parcel(Message({}, {"correlation_id": "x" * 300}, b""), "", "q")


def test_traces_of_the_delay_queues_are_removed_and_those_of_others_stay() -> None:
    for queue, kept in (("celery_delayed_3", False), ("my-dead-letters", True)):
        headers = {"id": "a", "x-death": [{"queue": queue}], "x-first-death-queue": queue}
        parcel = contents.parcel(Message(headers, {}, b""), "", "q")
        got, _ = contents.message_of(contents.Arrival(1, False, "", "q", parcel.header, b""))
        assert ("x-death" in got.headers) == kept


# -- conversations ----------------------------------------------------------------------------------


def delivery(tag: int, body: bytes) -> bytes:
    parcel = contents.parcel(Message({"id": str(tag)}, {}, body), "", "q")
    pieces = methods.publish(parcel, 3, 4096)
    started = frame.marshal(commands.Basic.Deliver("me", tag, False, "", "q"), 3)
    return started + pieces[len(frame.marshal(methods._Publish(exchange="", routing_key="q", mandatory=True), 3)) :]


@FEW
@given(st.lists(st.integers(1, 200), max_size=12), st.lists(st.binary(max_size=9000), min_size=1, max_size=3))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int], bodies: list[bytes]) -> None:
    talk = Talk(Login())
    talk.begin()
    channel = talk.channel(3)
    heard: list[tuple[int, bytes]] = []
    channel.on_delivery = lambda consumer, arrival: heard.append((arrival.tag, arrival.body))
    stream = b"".join(delivery(tag, body) for tag, body in enumerate(bodies, 1))
    for cut in cuts:
        talk.feed(stream[:cut])
        stream = stream[cut:]
    talk.feed(stream)
    assert talk.ended is None
    assert heard == list(enumerate(bodies, 1))


@FEW
@given(st.binary(min_size=8, max_size=100))
def test_no_bytes_make_a_conversation_raise(data: bytes) -> None:
    talk = Talk(Login())
    talk.begin()
    talk.channel(3)
    talk.feed(b"\x01" + data)
    talk.feed(data)


def test_a_consumer_may_be_confirmed_after_what_was_asked_later() -> None:
    talk = Talk(Login())
    channel = talk.channel(3)
    opened = commands.Channel.OpenOk()
    consume = talk.ask(channel, methods.Consume(queue="a", consumer_tag="mine"))
    get = talk.ask(channel, methods.Get(queue="b"))
    replies = (opened, commands.Basic.GetEmpty(), commands.Basic.ConsumeOk("other"), commands.Basic.ConsumeOk("mine"))
    done = []
    for reply in replies:
        talk.feed(frame.marshal(reply, 3))
        done.append((get.done, consume.done))
    assert done == [(False, False), (True, False), (True, False), (True, True)]


@FEW
@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_confirms_may_come_in_any_order_and_together(order: list[int], together: int) -> None:
    talk = Talk(Login())
    channel = talk.channel(1, confirms=True)
    parcel = contents.parcel(Message({}, {}, b"x"), "", "q")
    first, second = talk.publish(channel, [parcel] * 5), talk.publish(channel, [parcel] * 3)
    if together:
        channel.confirm(together, multiple=True)
    for tag in order:
        channel.confirm(tag, multiple=False, refused=tag == 7)
    assert first.result() == {}
    assert second.result() == ({} if together >= 7 else {1: second.result().get(1)})
    assert channel.unconfirmed == 0


@FEW
@given(st.integers(0, 10**10), st.text("ab.", min_size=1, max_size=20))
def test_a_delayed_key_says_its_seconds_and_its_queue(seconds: int, queue: str) -> None:
    key = delays.key(seconds, queue)
    bits, rest = key.split(".")[: delays.LEVELS], key.split(".", delays.LEVELS)[delays.LEVELS]
    assert int("".join(bits), 2) == min(seconds, delays.LONGEST)
    assert rest == delays.destination(key) == queue
