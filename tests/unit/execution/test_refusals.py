"""Messages that can't be run are refused, whatever is in them; nothing but an Outcome comes back."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac.core import signals
from celeriac.core.message import Message
from celeriac.core.outcome import Ending, Outcome
from celeriac.wire import envelope

from .doubles import TASK_ID, App, Task, message, meta


def wrapped(body: Any, content_type: str = "application/json", **headers: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"task": "t", "id": TASK_ID, **headers}
    return envelope.encode_kombu(Message(fields, {}, data, content_type), routing_key="celery", tag="x")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (wrapped(b"{"), "This is not JSON"),
        (wrapped([1, 2]), "must be [args, kwargs, embed]"),
        (wrapped({"args": 1}), "must be [args, kwargs, embed]"),
        (wrapped([5, {}, {}]), "args"),
        (wrapped([[], [], {}]), "kwargs"),
        (wrapped([[], {}, 7]), "third part"),
        (wrapped([[], {}, {"callbacks": 7}]), "callbacks"),
        (wrapped(b"x", "application/x-python-serialize"), "accept_content"),
        (wrapped(b"x", compression="application/x-nothing"), "compress"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_its_waiter_told(raw: bytes, reason: str) -> None:
    outcome = App(Task("t")).executor().run(raw)
    assert outcome.ending is Ending.REFUSED
    assert reason in outcome.reason
    assert meta(outcome)["status"] == "FAILURE"


def test_a_member_of_a_group_with_empty_lists_behind_it_runs() -> None:
    embed = {"callbacks": [], "errbacks": [], "chain": [], "chord": None}
    outcome = App(Task("t")).executor().run(wrapped([[], {}, embed], group="g", group_index=1))
    assert outcome.ending is Ending.RETURNED


@pytest.mark.parametrize("raw", [b"", b"no message", wrapped([[], {}, {}], id=5), wrapped([[], {}, {}], task=["t"])])
def test_a_message_without_an_identity_is_refused_without_a_record(raw: bytes) -> None:
    outcome = App(Task("t")).executor().run(raw)
    assert (outcome.ending, outcome.record) == (Ending.REFUSED, None)
    assert outcome.reason


def test_an_unknown_task_is_refused_and_its_waiter_told() -> None:
    outcome = App().executor().run(message("nowhere.to_be_found", 1))
    assert (outcome.ending, "'nowhere.to_be_found'" in outcome.reason) == (Ending.REFUSED, True)
    assert type(meta(outcome)["result"]).__name__ == "NotRegistered"


def test_arguments_that_do_not_fit_are_a_failure_of_the_task_as_in_celery() -> None:
    outcome = App(Task("t", lambda x: x)).executor().run(message("t", 1, 2, 3))
    assert outcome.ending is Ending.RAISED
    assert outcome.reason.startswith("TypeError")


def test_pickles_are_read_only_where_accept_content_names_them() -> None:
    raw = message("t", 1, call={"serializer": "pickle"})
    assert App(Task("t")).executor().run(raw).ending is Ending.REFUSED
    assert App(Task("t"), accept_content=["pickle"]).executor().run(raw).ending is Ending.RETURNED
    assert App(Task("t"), accept_content=["pickle"]).executor().run(message("t", 1)).ending is Ending.REFUSED


def test_compressed_bodies_are_read() -> None:
    assert (
        meta(App(Task("t")).executor().run(message("t", "x" * 99, call={"compression": "zlib"})))["result"] == "x" * 99
    )


def test_protocol_1_is_read() -> None:
    body = {"task": "t", "id": TASK_ID, "args": [4], "kwargs": {}, "retries": 2, "utc": True}
    raw = envelope.encode_kombu(Message({}, {}, json.dumps(body).encode()), routing_key="celery", tag="x")
    seen: list[Any] = []
    task = Task("t", lambda x: seen.append((x, task.request.retries, task.request.utc)))
    assert App(task).executor().run(raw).ending is Ending.RETURNED
    assert seen == [(4, 2, True)]


def test_a_refused_message_is_signalled() -> None:
    """By who consumes, wherever it was refused: with the error that was met there."""
    heard: list[Any] = []
    signals.task_rejected.connect(lambda **named: heard.append(named), weak=False, dispatch_uid="test")
    app = App(Task("t"))
    try:
        outcome = app.executor().run(wrapped(b"{"))
        verdicts = app.verdicts()
        verdicts.sender = "the consumer"
        verdicts.rejected(wrapped(b"{"), outcome.reason)
    finally:
        signals.task_rejected.disconnect(dispatch_uid="test")
    (told,) = heard
    assert (told["sender"], f"{type(told['exc']).__name__}: {told['exc']}") == ("the consumer", outcome.reason)


# Headers that try to pass for what the executor itself says, or to break it from inside.
FORGED = [
    "is_eager",
    "called_directly",
    "outbox",
    "_children",
    "get",
    "update",
    "shadow",
    "parent_id",
    "group",
    "stamps",
    "stamped_headers",
    "timelimit",
    "retries",
    "properties",
    "__dict__",
    "ignore_result",
    "callbacks",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FORGED), ANYTHING, max_size=4), st.booleans())
def test_no_header_makes_the_executor_raise(headers: dict[str, Any], fails: bool) -> None:
    def body() -> int:
        return 1 // (not fails)

    outcome = App(Task("t", body), result_extended=True).executor().run(wrapped([[], {}, {}], **headers))
    assert isinstance(outcome, Outcome)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_the_executor_raise(body: bytes) -> None:
    outcome = App(Task("t")).executor().run(wrapped(body))
    assert outcome.ending in (Ending.REFUSED, Ending.RETURNED, Ending.RAISED)
