"""The request of a run: quick to make, and complete for whoever looks."""

import copy
import json
import logging
import pickle
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire import vectors

from celeriac.core.message import Message
from celeriac.execution.opening import REFUSALS, Opener
from celeriac.execution.request import RunContext
from celeriac.wire import envelope, protocol2
from celeriac.wire.task_message import TaskCall

from .doubles import TASK_ID, message

OPEN = Opener("worker@host", None)
RECORDED = {
    f"{name} {i}": raw.encode() for name, raws in vectors.load("messages").items() for i, raw in enumerate(raws)
}
READABLE = {name: raw for name, raw in RECORDED.items() if b"python-serialize" not in raw and b"x-yaml" not in raw}
READABLE = {name: raw for name, raw in READABLE.items() if b"x-msgpack" not in raw}


def opened(raw: bytes) -> RunContext:
    return OPEN(raw, False)


def changed(raw: bytes, **headers: Any) -> bytes:
    document = json.loads(raw)
    document["headers"].update(headers)
    return json.dumps(document).encode()


@pytest.mark.parametrize("name", READABLE)
def test_the_quick_way_finds_what_reading_the_whole_message_finds(name: str) -> None:
    raw = READABLE[name]
    quick, whole = opened(raw), OPEN.whole(raw, False)
    assert vars(quick) == vars(whole)
    assert quick.headers == whole.headers
    assert quick.delivery_info == whole.delivery_info


@pytest.mark.parametrize("encode", [envelope.encode_kombu, envelope.encode_packed])
def test_every_attribute_can_be_asked_for_first(encode: Any) -> None:
    call = TaskCall(
        name="t", id=TASK_ID, shadow="other", group_index=3, time_limit=9, origin="me", reply_to="r", headers={"my": 1}
    )
    raw = encode(protocol2.build(call), routing_key="celery", tag="tag", priority=4)
    whole = OPEN.whole(raw, False)
    for name in ("shadow", "group_index", "timelimit", "time_limit", "origin", "reply_to", "correlation_id", "headers",
                 "delivery_info", "properties", "argsrepr", "my", "stamps", "expires", "lang", "retries"):  # fmt: skip
        assert getattr(opened(raw), name) == getattr(whole, name), name


def test_what_the_message_does_not_say_has_its_default() -> None:
    request = opened(message("t"))
    assert (request.loglevel, request.taskset, request.is_eager, request.called_directly) == (None, None, False, False)
    with pytest.raises(AttributeError, match="'nope'"):
        request.nope  # noqa: B018


def test_what_was_assigned_first_stays_when_the_headers_are_read() -> None:
    request = opened(message("t", call={"shadow": "theirs", "origin": "them"}))
    request.shadow = "mine"
    request.update(my="own")
    assert (request.shadow, request.my, request.origin) == ("mine", "own", "them")


def test_clear_takes_unread_headers_away_too() -> None:
    request = opened(message("t", call={"shadow": "theirs"}))
    request.clear()
    assert (request.shadow, request.id) == (None, None)


def test_copies_are_complete() -> None:
    raw = message("t", 1, call={"shadow": "theirs"})
    for again in (pickle.loads(pickle.dumps(opened(raw))), copy.copy(opened(raw)), copy.deepcopy(opened(raw))):
        assert (again.shadow, again.id, again.args, again.hostname) == ("theirs", TASK_ID, [1], "worker@host")
        assert again.called_directly is False


def test_the_sender_has_no_say_in_what_the_executor_knows() -> None:
    forged = {"is_eager": True, "called_directly": True, "outbox": 1, "_children": 1, "args": 1, "callbacks": [1]}
    request = opened(changed(message("t", 5), **forged))
    assert vars(request)["args"] == [5]
    assert (request.is_eager, request.called_directly, request.outbox, request.children) == (False, False, [], [])
    assert request.callbacks is None


def test_a_header_that_cannot_be_read_does_not_end_a_run_that_has_begun(caplog: pytest.LogCaptureFixture) -> None:
    raw = changed(message("t", 5, call={"shadow": "theirs"}), mine={"__type__": "unheard of", "__value__": 1})
    request = opened(raw)
    with caplog.at_level(logging.WARNING):
        assert (request.shadow, request.args, request.id) == (None, [5], TASK_ID)
    assert f"Task t[{TASK_ID}]: its headers count as not set" in caplog.text


def test_dates_in_headers_and_arguments_are_dates() -> None:
    marked = {"__type__": "date", "__value__": "2020-01-02"}
    request = opened(changed(message("t", 5), mine=marked))
    assert request.mine.isoformat() == "2020-01-02"
    body = json.dumps([[marked], {}, None]).encode()
    raw = envelope.encode_kombu(Message({"task": "t", "id": TASK_ID}, {}, body))
    assert opened(raw).args[0].isoformat() == "2020-01-02"


def test_threads_that_read_at_once_all_find_everything() -> None:
    raw = message("t", call={"shadow": "theirs"})
    for _ in range(200):
        request, found = opened(raw), []
        together = threading.Barrier(3)

        def read(request: RunContext = request, found: list[Any] = found, together: Any = together) -> None:
            together.wait()
            found.append((request.shadow, request.reply_to, request.delivery_info["routing_key"]))

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [("theirs", None, "celery")] * 3


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_message_is_refused_or_can_be_read_to_its_end(data: Any) -> None:
    raw = data.draw(
        st.sampled_from([*RECORDED.values(), envelope.encode_packed(protocol2.build(TaskCall(name="t", id="i")))])
    )
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    raw = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]
    try:
        request = opened(raw)
    except REFUSALS as exc:
        assert str(exc)
    else:
        assert isinstance(request.args, list | tuple)
        assert type(request.id) is str
        assert "Context" in repr(request)
