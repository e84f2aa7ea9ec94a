"""The box of received results: what it keeps, what it drops, whom it tells, and how messages become results."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.adapters.rabbitmq.box import Box, Kept
from celeriac.adapters.rabbitmq.contents import Arrival, parcel
from celeriac.core.errors import BacklogLimitExceeded
from celeriac.core.message import Message


def arrival(body: bytes, content_type: str = "application/json", **properties: Any) -> Arrival:
    """As a worker's message comes in."""
    sent = parcel(Message({}, properties, body, content_type), "", "q")
    return Arrival(1, False, "", "q", sent.header, sent.body)


def said(id: str, status: str, result: Any = None) -> bytes:
    return json.dumps({"task_id": id, "status": status, "result": result}).encode()


def put(box: Box, id: str, payload: bytes, state: str = "SUCCESS") -> None:
    box.put(id, Kept(payload, state, "application/json"))


def test_a_message_of_celerys_worker_is_a_result() -> None:
    box = Box()
    box.receive(arrival(said("a", "SUCCESS", 3), correlation_id="a"))
    assert box.read(["b", "a"]) == (None, said("a", "SUCCESS", 3))


def test_a_message_without_correlation_id_is_known_by_its_body() -> None:
    box = Box()
    box.receive(arrival(said("a", "STARTED")))
    assert box.read(["a"]) == (said("a", "STARTED"),)


@pytest.mark.parametrize("body", [b"no json", b"{}", b'{"task_id": 7}', b"[]"])
def test_what_is_no_result_is_dropped_with_a_warning(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    box = Box()
    box.receive(arrival(body))
    assert len(box) == 0
    assert "is none, and is dropped" in caplog.text


def test_a_message_with_damaged_properties_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    box = Box()
    box.receive(Arrival(1, False, "", "q", b"\x00\x3c\x00\x00" + bytes(8) + b"\xff\xff", b""))
    assert len(box) == 0
    assert "dropped" in caplog.text


@given(st.lists(st.sampled_from(["STARTED", "RETRY", "FAILURE", "SUCCESS"]), min_size=1), st.booleans())
def test_the_last_state_stands_unless_it_comes_after_success(states: list[str], told: bool) -> None:
    """Whether the sender tells the state beside the body (ours do) or in it alone (Celery's)."""
    box = Box()
    for number, state in enumerate(states):
        properties = {"correlation_id": "a", **({"type": state} if told else {})}
        box.receive(arrival(said("a", state, number), **properties))
    last = states.index("SUCCESS") if "SUCCESS" in states else len(states) - 1
    assert box.read(["a"]) == (said("a", states[last], last),)


def test_read_results_make_room_before_unread_ones() -> None:
    box = Box(most_bytes=3 * 600)
    for id in "abc":
        put(box, id, bytes(100))
    box.read(["b"])
    put(box, "d", bytes(100))
    assert box.read(["a", "b", "c", "d"]) == (bytes(100), None, bytes(100), bytes(100))


def test_who_asks_for_a_dropped_result_is_told_that_it_was_dropped(caplog: pytest.LogCaptureFixture) -> None:
    box = Box(most_bytes=2 * 600)
    for id in "abc":
        put(box, id, bytes(100))
    assert "ignore_result" in caplog.text
    with pytest.raises(BacklogLimitExceeded, match="task a came, and was dropped"):
        box.read(["a"])
    assert box.read(["b", "c"]) == (bytes(100), bytes(100))
    box.forget(["a"])
    assert box.read(["a"]) == (None,)


def test_one_result_that_is_larger_than_the_box_is_kept() -> None:
    box = Box(most_bytes=100)
    put(box, "a", bytes(1000))
    assert box.read(["a"]) == (bytes(1000),)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 900)), max_size=60), st.integers(600, 4000))
def test_the_box_never_holds_more_than_it_may(puts: Iterable[tuple[str, int]], most: int) -> None:
    box = Box(most_bytes=most)
    newest = None
    for id, size in puts:
        put(box, id, bytes(size), "STARTED")
        newest = id, size
        held = box.__dict__["_kept"].values()
        assert sum(len(kept.payload) + 500 for kept in held) == box.__dict__["_size"]
        assert box.__dict__["_size"] <= most or len(box) == 1
    if newest is not None:
        assert box.read([newest[0]]) == (bytes(newest[1]),)


def test_only_those_who_listen_for_a_task_are_told() -> None:
    box, heard = Box(), []

    def sink(id: str, payload: bytes) -> None:
        heard.append((id, payload))

    box.listen(["a", "b"], sink)
    box.listen(["a"], sink)  # again is nothing
    put(box, "a", b"1")
    put(box, "c", b"2")
    box.leave(["a"], sink)
    put(box, "b", b"3")
    put(box, "a", b"4")
    assert heard == [("a", b"1"), ("b", b"3")]
