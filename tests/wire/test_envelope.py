"""Envelopes in both forms: round trips, redeliveries, and any bytes at all."""

import datetime as dt
import json as stdlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from celeriac.core.errors import DecodeError
from celeriac.core.message import Message
from celeriac.wire import envelope
from celeriac.wire.protocol2 import TaskCall, build

from . import vectors

FORMS = [envelope.encode_kombu, envelope.encode_packed]
PLAIN = build(TaskCall(name="add", id="i1", args=(4, 4), reply_to="r1"))
RECORDED = [raw.encode() for raws in vectors.load("messages").values() for raw in raws]


@pytest.fixture(params=FORMS, ids=["kombu", "packed"])
def encode(request):
    return request.param


def test_a_message_comes_back(encode):
    back = envelope.decode(encode(PLAIN, exchange="x", routing_key="q", tag="t", priority=3))
    assert (back.headers, back.body, back.content_type) == (PLAIN.headers, PLAIN.body, PLAIN.content_type)
    assert back.properties["delivery_tag"] == "t"
    assert back.properties["priority"] == 3
    assert envelope.delivery_info(back) == {
        "exchange": "x",
        "routing_key": "q",
        "priority": 3,
        "redelivered": False,
    }


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        b"\xff",
        {"deep": [1, {"er": dt.date(2020, 1, 1)}]},
        "\ud800",
        float("inf"),
        2**70,
        1.5,
        [1, "a", None, {"b": True}],
    ],
    ids=repr,
)
def test_headers_of_any_kind_come_back(encode, value):
    headers = {**PLAIN.headers, "mine": value}
    raw = encode(Message(headers, PLAIN.properties, PLAIN.body))
    assert envelope.decode(raw).headers["mine"] == value
    assert envelope.peek(raw).id == "i1"


def test_the_json_is_read_by_the_standard_library_as_kombu_reads_it():
    document = stdlib.loads(envelope.encode_kombu(PLAIN, routing_key="celery", tag="t"))
    assert list(document) == ["body", "content-encoding", "content-type", "headers", "properties"]
    assert list(document["properties"])[-4:] == ["delivery_info", "priority", "body_encoding", "delivery_tag"]


def test_encoding_does_not_change_the_message(encode):
    before = (dict(PLAIN.headers), dict(PLAIN.properties))
    encode(PLAIN, exchange="x", routing_key="q", tag="t", priority=3)
    assert (PLAIN.headers, PLAIN.properties) == before


def test_a_redelivery_is_counted_and_said_in_all_three_places(encode):
    raw = encode(PLAIN, routing_key="q", tag="t")
    twice = envelope.redelivered(envelope.redelivered(raw), deliveries=2)
    head = envelope.peek(twice)
    assert (head.redelivered, head.deliveries) == (True, 3)
    back = envelope.decode(twice)
    assert back.headers["redelivered"] is True
    assert back.properties["delivery_info"] == {"exchange": "", "routing_key": "q", "redelivered": True}
    assert back.body == PLAIN.body
    assert envelope.delivery_info(twice)["redelivered"] is True


def test_a_message_that_kombu_restored_says_so_too():
    document = stdlib.loads(envelope.encode_kombu(PLAIN))
    document["properties"]["delivery_info"]["redelivered"] = True
    assert envelope.peek(stdlib.dumps(document).encode()).redelivered


@pytest.mark.parametrize(
    ("shown", "read"), [("(1,)", "(1,)"), (None, None), (5, None), (["x"], None), ("\ud800", "\ud800")]
)
def test_how_arguments_look_is_read_and_is_never_a_reason_to_refuse_a_message(encode, shown, read):
    headers = {**PLAIN.headers, "argsrepr": shown, "kwargsrepr": "{}"}
    head = envelope.peek(encode(Message(headers, PLAIN.properties, PLAIN.body)))
    assert (head.argsrepr, head.kwargsrepr, head.id) == (read, "{}", "i1")


def test_a_redelivery_keeps_what_it_does_not_know():
    document = stdlib.loads(envelope.encode_kombu(PLAIN)) | {"new": {"in": [2030]}}
    again = stdlib.loads(envelope.redelivered(stdlib.dumps(document).encode()))
    assert again["new"] == {"in": [2030]}


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"\x96\x01", b"{}"])
def test_bytes_that_are_no_message_are_redelivered_unchanged(raw):
    assert envelope.redelivered(raw) == raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "JSON"),
        (b"[]", "no message but a JSON list"),
        (b"null", "no message but a JSON NoneType"),
        (b"{}", "no message"),
        (b'{"body": 5}', "no message"),
        (b'{"body": "", "headers": []}', "no message"),
        (b'{"body": "abcde", "headers": {}, "properties": {"body_encoding": "base64"}}', "not base64"),
        (b'{"body": "\\ud800", "headers": {}, "properties": {}}', "names no task"),
        (b'{"body": "{}", "content-type": "application/json", "headers": {}, "properties": {}}', "names no task"),
        (b'{"body": "", "headers": {"task": "t"}, "properties": {}}', "no task id"),
        (b'{"body": "", "headers": {"task": "t", "id": 5}, "properties": {}}', "headers are damaged"),
        (b'{"body": "", "headers": {"task": "t", "id": "i"}, "properties": {"priority": "x"}}', "properties are"),
        (b'{"a": ' * 100_000, "nested too deep"),
        (b'{"body": "", "headers": {"task": "t", "id": "i", "x": ' + b"[" * 100_000, "nested too deep"),
        (b"\x96\x01\x80\x80\xc4\x00\xa0\xa0", "names no task"),
        (b"\x96\x09\x80\x80\xc4\x00\xa0\xa0", "newer version"),
        (b"\x96\xff", "no packed message"),
        (b"\x96\xdd\xff\xff\xff\xff", "no packed message"),
        (b"\x96" + b"\x91" * 100_000, "no packed message"),
    ],
)
def test_what_is_no_task_message_is_refused_with_a_reason(raw, reason):
    with pytest.raises(DecodeError, match=reason):
        envelope.peek(raw)


def _survives(raw):
    for read in (envelope.peek, envelope.decode):
        try:
            read(raw)
        except DecodeError as exc:
            assert str(exc)
    assert isinstance(envelope.redelivered(raw), bytes)


@given(st.binary(max_size=200))
@example(b"\x96\x02\x81\xa4json\xa2[]\x80\xc4\x00\xa0\xa0")
@example(b"\x96\x01\x82\xa4task\xa1t\xa2id\xa1i\x81\xaddelivery_info\x81\x91\x00\x00\xc4\x00\xa0\xa0")
@settings(max_examples=300)
def test_any_bytes_are_a_message_or_a_decode_error(raw):
    _survives(raw)
    _survives(b"\x96" + raw)


@given(st.data())
@settings(max_examples=500)
def test_a_damaged_message_is_a_message_or_a_decode_error(data):
    raw = data.draw(st.sampled_from([*RECORDED, envelope.encode_packed(PLAIN, routing_key="celery")]))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    _survives(raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {"body": json_values, "headers": json_values, "properties": json_values},
        optional={"content-type": json_values, "content-encoding": json_values},
    )
)
@settings(max_examples=300)
def test_any_json_of_the_right_shape_is_a_message_or_a_decode_error(document):
    _survives(stdlib.dumps(document).encode())


@given(st.dictionaries(st.sampled_from([*PLAIN.headers, "x"]), json_values, max_size=6))
@settings(max_examples=300)
def test_any_headers_are_a_message_or_a_decode_error(headers):
    document = {"body": "", "headers": {**PLAIN.headers, **headers}, "properties": {}}
    _survives(stdlib.dumps(document).encode())
