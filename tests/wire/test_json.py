"""Our JSON is kombu's, byte for byte, and reads what kombu wrote."""

import datetime as dt
import decimal
import math
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.core.errors import DecodeError, EncodeError
from celeriac.wire import json

from . import cases, vectors

RECORDED = vectors.load("json")


@pytest.mark.parametrize("name", RECORDED)
def test_writes_the_bytes_that_kombu_writes(name):
    assert json.dumps(cases.JSON[name]) == RECORDED[name].encode()


def test_every_case_was_recorded():
    assert set(RECORDED) == set(cases.JSON)


@pytest.mark.parametrize(
    "name",
    ["naive datetime", "datetime in UTC", "date", "time", "uuid", "decimal", "bytes that are no text", "nested"],
)
def test_reads_back_the_types_it_marks(name):
    value = cases.JSON[name]
    back = json.loads(RECORDED[name].encode())
    if name == "nested":
        value = {"x": [dt.date(2020, 1, 1), {"y": uuid.UUID(int=1), "z": [b"\xff", decimal.Decimal(1)]}]}
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("name", cases.JSON_REFUSED)
def test_refuses_what_kombu_refuses_and_says_why(name):
    with pytest.raises(EncodeError, match="JSON can't write"):
        json.dumps(cases.JSON_REFUSED[name])


class Thing:
    """No type that JSON has."""


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([[1, Thing()], {}], r" \(at \[0\]\[1\]\)"),
        ([[{"owner": [dt.date(2020, 1, 1), Thing()]}], {}], r" \(at \[0\]\[0\]\['owner'\]\[1\]\)"),
        ([1, {(1, 2): 3}], r" \(at \[1\]\)"),
        (Thing(), ""),
    ],
)
def test_says_where_the_part_is_that_it_can_not_write(value, place):
    with pytest.raises(EncodeError, match=f"{place}. Give something that JSON has, such as an id"):
        json.dumps(value)


def test_reads_the_numbers_that_only_the_standard_library_reads():
    back = json.loads(b'[NaN, Infinity, -Infinity, 1e999, 1180591620717411303424, "\\ud800"]')
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf, math.inf, 2**70, "\ud800"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[1",
        b"[1,]",
        b'"\xff"',
        b"\xef\xbb\xbf[]",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5000,
        b'{"__type__": "unheard of", "__value__": 1}',
        b'{"__type__": "datetime", "__value__": 5}',
        b'{"__type__": "datetime", "__value__": "nope"}',
        b'{"__type__": ["a"], "__value__": 5}',
        b'{"__type__": "decimal", "__value__": "x"}',
        b'{"__type__": "uuid", "__value__": {"hex": "x"}}',
        b'{"__type__": "uuid", "__value__": "x"}',
        b'{"__type__": "uuid", "__value__": {"unknown": "x"}}',
        b'{"__type__": "base64", "__value__": 5}',
        b'{"__type__": "bytes", "__value__": "\\ud800"}',
    ],
)
def test_says_that_damaged_text_is_damaged(text):
    with pytest.raises(DecodeError):
        json.loads(text)


def test_refuses_longer_documents_than_allowed_unread():
    with pytest.raises(DecodeError, match="at most 3"):
        json.loads(b"[1, 2]", max_bytes=3)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_a_value_or_a_decode_error(data):
    try:
        json.loads(data)
    except DecodeError:
        pass


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(values)
def test_what_is_written_reads_back_as_it_was(value):
    assert json.loads(json.dumps(value)) == value


class Money:
    def __init__(self, cents):
        self.cents = cents


@pytest.fixture
def money():
    json.register_type(Money, "money", lambda value: value.cents, Money)
    yield
    json.unregister_type(Money)


@pytest.mark.usefixtures("money")
def test_a_registered_type_travels_under_its_marker():
    assert json.dumps([Money(5)]) == b'[{"__type__": "money", "__value__": 5}]'
    assert json.loads(json.dumps(Money(5))).cents == 5


def test_one_failed_write_leaves_no_trace_for_the_next():
    shared = [1]
    with pytest.raises(EncodeError):
        json.dumps([shared, object()])
    assert json.dumps([shared, shared]) == b"[[1], [1]]"
