"""What a command looks like on its way, and when its caller has heard enough."""

import json
import time

import pytest

from celeriac import Celeriac
from celeriac.control.calling import RECORDED, Call, Exchanges, Gathering
from celeriac.core.errors import OperationalError
from celeriac.core.message import Message
from patience import in_time

WHERE = Exchanges("celery.pidbox", "reply.celery.pidbox")


def reply(call: Call, body: object, ticket: str | None = None, clock: int = 1) -> Message:
    return Message({"ticket": ticket or call.ticket, "clock": clock}, {}, json.dumps(body).encode())


def gather(call: Call) -> Gathering:
    return Gathering(call, frozenset({"application/json"}), lambda clock: None)


def test_a_command_is_written_as_kombu_writes_it() -> None:
    call = Call(command="revoke", arguments={"task_id": "a"}, destination=["w@h"], reply=True, timeout=2.0)
    before = time.time()
    message = call.message(7, WHERE)
    assert json.loads(message.body) == {
        "method": "revoke",
        "arguments": {"task_id": "a"},
        "destination": ["w@h"],
        "pattern": None,
        "matcher": None,
        "ticket": call.ticket,
        "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": call.box},
    }
    assert message.headers["clock"] == 7
    assert before + 2.0 <= message.headers["expires"] <= time.time() + 2.0
    assert message.content_type == "application/json"


def test_without_replies_there_is_no_address_for_them() -> None:
    message = Call(command="heartbeat").message(1, WHERE)
    assert "reply_to" not in json.loads(message.body)
    assert message.headers == {"clock": 1, "expires": 0}


def test_what_the_broker_remembers_is_said_in_a_header() -> None:
    assert Call(command="revoke", recorded=True).message(1, WHERE).headers[RECORDED] is True
    assert RECORDED not in Call(command="revoke").message(1, WHERE).headers


def test_a_pattern_is_a_glob_unless_said_otherwise() -> None:
    assert json.loads(Call(command="ping", pattern="w*").message(1, WHERE).body)["matcher"] == "glob"
    pcre = Call(command="ping", pattern="w.*", matcher="pcre")
    assert json.loads(pcre.message(1, WHERE).body)["matcher"] == "pcre"


@pytest.mark.parametrize("wrong", [{"destination": "w@h"}, {"matcher": "regex"}])
def test_what_no_worker_would_understand_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Call(command="ping", **wrong).check()  # type: ignore[arg-type]


def test_replies_to_another_call_are_none_of_ours() -> None:
    call = Call(command="ping", reply=True)
    gathering = gather(call)
    gathering.add(reply(call, {"a@h": {"ok": "pong"}}, ticket="another"))
    gathering.add(reply(call, {"b@h": {"ok": "pong"}}))
    assert gathering.replies == [{"b@h": {"ok": "pong"}}]


def test_a_reply_that_can_not_be_read_is_none() -> None:
    call = Call(command="ping", reply=True)
    gathering = gather(call)
    gathering.add(Message({"ticket": call.ticket}, {}, b"{"))
    gathering.add(Message({"ticket": call.ticket}, {}, b"", "application/x-python-serialize", "binary"))
    assert gathering.replies == []


def test_each_reply_is_told_and_its_clock_adjusted() -> None:
    told: list[object] = []
    clocks: list[int] = []
    call = Call(command="ping", reply=True, callback=told.append)
    gathering = Gathering(call, None, clocks.append)
    gathering.add(reply(call, {"a@h": 1}, clock=41))
    assert told == [{"a@h": 1}]
    assert clocks == [41]


def test_it_is_over_when_the_limit_is_reached() -> None:
    call = Call(command="ping", reply=True, limit=1)
    gathering = gather(call)
    assert not gathering.over
    gathering.add(reply(call, {"a@h": 1}))
    assert gathering.over


def test_it_is_over_when_all_destinations_have_answered() -> None:
    call = Call(command="ping", reply=True, destination=["a@h", "b@h"])
    gathering = gather(call)
    gathering.heard = 5
    for node, over in (("a@h", False), ("b@h", True)):
        gathering.add(reply(call, {node: 1}))
        assert gathering.over is over


def test_it_is_over_when_all_who_heard_it_have_answered() -> None:
    call = Call(command="ping", reply=True)
    gathering = gather(call)
    gathering.heard = 2
    for node, over in (("a@h", False), ("b@h", True)):
        gathering.add(reply(call, {node: 1}))
        assert gathering.over is over


def test_it_is_over_at_once_when_nobody_heard_it() -> None:
    gathering = gather(Call(command="ping", reply=True))
    gathering.heard = 0
    assert gathering.over


@pytest.mark.parametrize("options", [{}, {"pattern": "*"}])
def test_it_is_not_over_while_nobody_knows_who_may_answer(options: dict[str, str]) -> None:
    call = Call(command="ping", reply=True, **options)  # type: ignore[arg-type]
    gathering = gather(call)
    gathering.heard = 1 if options else None
    gathering.add(reply(call, {"a@h": 1}))
    assert not gathering.over


def test_a_broker_that_is_away_is_told_within_its_deadline() -> None:
    with Celeriac("nobody", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        begin = time.monotonic()
        for call in (app.control.ping, lambda: app.control.revoke("a"), lambda: app.control.inspect().active()):
            with pytest.raises(OperationalError):
                call()
        assert in_time(time.monotonic() - begin, 30.0)


def test_inspect_and_broadcast_are_offered_as_celery_names_them() -> None:
    with Celeriac("memory", broker="memory://control-names", set_as_current=False) as app:
        assert app.control.inspect(timeout=0.05).ping() is None
        assert app.control.ping(timeout=0.05) == []
        assert app.control.broadcast("ping") is None
        assert app.control.purge() == app.control.discard_all() == 0
        app.transports.write.forget()


async def test_the_same_is_there_for_async_code() -> None:
    app = Celeriac("memory", broker="memory://control-names-async", set_as_current=False)
    assert await app.acontrol.inspect(timeout=0.05).ping() is None
    assert await app.acontrol.ping(timeout=0.05) == []
    assert await app.acontrol.revoke("a") is None
    await app.aclose()
    app.transports.write.forget()
