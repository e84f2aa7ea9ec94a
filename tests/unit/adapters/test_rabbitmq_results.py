"""Results over RabbitMQ: what the server does not take at once goes out once more, and is told if it is lost."""

from collections.abc import Sequence
from typing import Any

import pytest

from celeriac.adapters.rabbitmq.refusals import Halted, Refused
from celeriac.adapters.rabbitmq.requests import Send
from celeriac.adapters.rabbitmq.rpc import RpcResults
from celeriac.core.record import Record


def stored(count: int, *answers: Any) -> list[list[bytes]]:
    """The bodies of what was sent each time; the answers are the server's."""
    results = RpcResults(None, "json", True)  # type: ignore[arg-type]
    flow = results.store([Record(f"t{n}", "SUCCESS", b"%d" % n, reply_to="who-waits") for n in range(count)])
    waiting, sent = list(answers), []
    request = next(flow)
    while True:
        assert isinstance(request, Send)
        sent.append(bodies(request.parcels))
        answer = waiting.pop(0)
        try:
            request = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
        except StopIteration:
            assert not waiting
            return sent


def bodies(parcels: Sequence[Any]) -> list[bytes]:
    return [bytes(parcel.body) for parcel in parcels]


def test_what_was_taken_is_sent_once() -> None:
    assert stored(3, {}) == [[b"0", b"1", b"2"]]


def test_what_was_not_taken_goes_out_once_more(caplog: pytest.LogCaptureFixture) -> None:
    assert stored(3, {1: "its queue was away"}, {}) == [[b"0", b"1", b"2"], [b"1"]]
    assert caplog.text == ""


def test_what_is_not_taken_twice_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert stored(2, {0: "full", 1: "full"}, {1: "full"}) == [[b"0", b"1"], [b"0", b"1"]]
    assert "result of task t1 is lost, for who waits for it at who-waits: full" in caplog.text
    assert "task t0" not in caplog.text


def test_what_was_not_taken_when_another_was_too_large_goes_out_too() -> None:
    halted = Halted(Refused(406, "message size 9 is larger than 8"), [2], {0: "its queue was away"})
    assert stored(3, halted, {}, {}) == [[b"0", b"1", b"2"], [b"2"], [b"0"]]
