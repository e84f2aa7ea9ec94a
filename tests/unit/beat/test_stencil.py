"""The second run of an entry is written faster than the first: its message must be the same but for the ids."""

import msgspec
import pytest

from celeriac import signals
from celeriac.core.message import Message

CASES = {
    "none": {},
    "plain": {"args": (1, "ü", None, 2.5, True), "kwargs": {"y": "z"}},
    "nested": {"args": ([1, {"a": 2}],)},
    "options": {"args": (1,), "options": {"headers": {"mine": 1}, "priority": 3}},
    "named": {"options": {"task_id": "always"}},
}


def same_in_all(message: Message) -> tuple[object, ...]:
    ours = ("id", "root_id", "correlation_id", "delivery_tag")
    fields = (
        {name: value for name, value in part.items() if name not in ours}
        for part in (message.headers, message.properties)
    )
    return (*fields, message.body, message.content_type, message.content_encoding)


@pytest.mark.parametrize("case", CASES)
def test_all_runs_of_an_entry_send_the_same_but_for_their_ids(make_desk, case: str) -> None:
    desk = make_desk({"e": {"task": "t.any", "schedule": 10, **CASES[case]}})
    desk.app.task(name="t.any", priority=5)(lambda *args, **kwargs: None)
    scheduler = desk.scheduler()
    scheduler.tick()
    messages = []
    for _ in range(4):
        desk.clock.advance(10)
        scheduler.tick()
        messages += desk.messages()
    assert len(messages) == 4
    assert all(same_in_all(message) == same_in_all(messages[0]) for message in messages)
    ids = [message.headers["id"] for message in messages]
    assert [message.headers["root_id"] for message in messages] == ids
    assert [message.properties["correlation_id"] for message in messages] == ids
    assert len(set(ids)) == (1 if case == "named" else 4)
    assert all(message.headers["celery_beat_task"] is True for message in messages)
    assert desk.app.schedules.get("e").task_id == ids[-1]


def test_what_is_changed_between_two_runs_is_in_the_next(make_desk) -> None:
    desk = make_desk({"e": {"task": "t.add", "schedule": 10, "args": [1]}})
    scheduler = desk.scheduler()
    scheduler.tick()

    def sent() -> Message:
        desk.clock.advance(10)
        scheduler.tick()
        (message,) = desk.messages()
        return message

    for _ in range(3):
        assert sent().headers["argsrepr"] == "(1,)"
    scheduler.data["e"].args.append(2)
    assert [sent().headers["argsrepr"] for _ in range(2)] == ["(1, 2)"] * 2
    desk.app.tasks["t.add"].soft_time_limit = 7
    assert [sent().headers["timelimit"] for _ in range(2)] == [[None, 7]] * 2
    desk.app.conf.task_routes = {"t.*": "other"}
    assert sent().properties["delivery_info"]["routing_key"] == "other"
    told = []

    def tell(headers=None, **_):
        told.append(headers["id"])
        headers["marked"] = "yes"

    signals.before_task_publish.connect(tell)
    try:
        messages = [sent(), sent()]
    finally:
        signals.before_task_publish.disconnect(tell)
    assert [message.headers["id"] for message in messages] == told
    assert {message.headers["marked"] for message in messages} == {"yes"}
    assert "marked" not in sent().headers


@pytest.mark.parametrize("headers", [{"mine": 1, "word": "x"}, {"when": 1.5, "deep": {"a": [1]}}, {"task": "another"}])
@pytest.mark.parametrize("routed", [None, {"queue": "other"}, {"queue": "other", "headers": {"ours": 2}}])
def test_headers_of_a_call_among_many_are_those_of_a_call_alone(make_desk, headers, routed) -> None:
    app = make_desk().app
    if routed:
        app.conf.task_routes = {"t.add": routed}
    task, options = app.tasks["t.add"], {"task_id": "id", "headers": headers}
    one, among_many = app.sender.post(task, (1,), {}, options), app.sender.many()(task, (1,), {}, options)
    for part in ("headers", "properties", "body", "content_type", "content_encoding"):
        assert getattr(one.message, part) == getattr(among_many.message, part)
    assert msgspec.structs.asdict(one.route) == msgspec.structs.asdict(among_many.route)
    assert one.priority == among_many.priority
