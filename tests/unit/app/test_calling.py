"""Calling: the message that a call becomes, and what is refused before it is sent."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from celeriac import Celeriac
from celeriac.core.errors import AlwaysEagerIgnored, EncodeError
from celeriac.core.signals import after_task_publish, before_task_publish


@pytest.fixture
def add(app):
    @app.task(name="add")
    def add(x, y=1):
        return x + y

    return add


def test_delay_sends_the_arguments(app, add, hand) -> None:
    result = add.delay(2, y=3)
    message = hand.message()
    assert json.loads(message.body)[:2] == [[2], {"y": 3}]
    assert message.headers["task"] == "add"
    assert message.headers["id"] == result.id == message.headers["root_id"]
    assert message.headers["parent_id"] is None
    assert message.properties["correlation_id"] == result.id
    assert message.properties["reply_to"] == app.thread_oid
    assert message.properties["delivery_mode"] == 2
    assert message.headers["origin"].startswith("gen")
    assert not result.ignored


async def test_adelay_sends_the_same(app, add, hand) -> None:
    add.delay(2, y=3)
    await add.adelay(2, y=3)
    first, second = hand.messages()
    different = {"id", "root_id"}
    assert {k: v for k, v in first.headers.items() if k not in different} == {
        k: v for k, v in second.headers.items() if k not in different
    }
    assert first.body == second.body
    await app.aclose()


def test_options_become_headers_and_properties(app, add, hand) -> None:
    add.apply_async(
        (1,),
        task_id="my-id",
        headers={"trace": "t"},
        shadow="other",
        priority=7,
        time_limit=9,
        soft_time_limit=4,
        retries=2,
        root_id="r",
        parent_id="p",
        group_id="g",
        group_index=3,
        ignore_result=True,
        reply_to="me",
        delivery_mode=1,
        app_id="mine",
    )
    message = hand.message()
    headers = message.headers
    assert headers["id"] == "my-id"
    assert headers["trace"] == "t"
    assert headers["shadow"] == "other"
    assert headers["timelimit"] == [9, 4]
    assert (headers["retries"], headers["root_id"], headers["parent_id"]) == (2, "r", "p")
    assert (headers["group"], headers["group_index"], headers["ignore_result"]) == ("g", 3, True)
    assert message.properties["priority"] == 7
    assert message.properties["reply_to"] == "me"
    assert message.properties["delivery_mode"] == 1
    assert message.properties["app_id"] == "mine"


def test_stamps_travel_in_their_header(add, hand) -> None:
    add.apply_async((1,), stamped_headers=["customer"], customer=5)
    headers = hand.message().headers
    assert headers["stamped_headers"] == ["customer"]
    assert headers["stamps"] == {"customer": 5}


def test_a_countdown_delays_the_message(app, add) -> None:
    before = datetime.now(UTC)
    post = app.sender.post(add, (1,), {}, {"countdown": 60})
    eta = datetime.fromisoformat(post.message.headers["eta"])
    assert before + timedelta(seconds=59) < eta < before + timedelta(seconds=70)
    assert post.due == eta.timestamp()


@pytest.mark.parametrize(
    ("eta", "written"),
    [
        (datetime(2035, 1, 2, 3, 4, 5, tzinfo=UTC), "2035-01-02T03:04:05+00:00"),
        ("2035-01-02T03:04:05+02:00", "2035-01-02T01:04:05+00:00"),
        (datetime(2035, 1, 2, 3, 4, 5), "2035-01-02T02:04:05+00:00"),
    ],
)
def test_an_eta_is_written_in_utc(app, add, eta, written) -> None:
    app.conf.timezone = "Europe/Berlin"
    assert app.sender.post(add, (1,), {}, {"eta": eta}).message.headers["eta"] == written


def test_expires_is_told_to_the_broker_too(app, add) -> None:
    post = app.sender.post(add, (1,), {}, {"expires": 10})
    assert post.message.properties["expiration"] == "10000"
    assert datetime.fromisoformat(post.message.headers["expires"]) > datetime.now(UTC)


def test_what_has_expired_already_is_sent_with_a_warning(app, add, caplog) -> None:
    post = app.sender.post(add, (1,), {}, {"expires": datetime(2020, 1, 1, tzinfo=UTC)})
    assert post.message.properties["expiration"] == "0"
    assert "add" in caplog.text


def test_an_expires_of_the_task_holds_for_each_call(app) -> None:
    @app.task(expires=30)
    def task(): ...

    assert app.sender.post(task, (), {}, {}).message.headers["expires"] is not None


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"countdown": 1e20}, ValueError, "countdown"),
        ({"countdown": "soon"}, TypeError, "countdown"),
        ({"eta": "garbage"}, ValueError, "eta"),
        ({"expires": "garbage"}, ValueError, "expires"),
        ({"eta": 5}, TypeError, "eta"),
        ({"time_limit": 1, "soft_time_limit": 2}, ValueError, "soft_time_limit"),
        ({"coutdown": 5}, TypeError, "countdown"),
        ({"serializer": "nope"}, Exception, "nope"),
    ],
)
def test_impossible_options_are_refused(add, hand, options, error, words) -> None:
    with pytest.raises(error, match=words):
        add.apply_async((1,), **options)
    assert hand.messages() == []


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((), {}, r"add\(\) missing 1 required positional argument: 'x'"),
        ((1, 2, 3), {}, r"add\(\) takes from 1 to 2 positional arguments but 3 were given"),
        ((1,), {"z": 1}, r"add\(\) got an unexpected keyword argument 'z'"),
        ((1,), {"x": 1}, r"add\(\) got multiple values for argument 'x'"),
        ("ab", {}, "args must be a list or tuple, not str"),
        (5, {}, "args must be a list or tuple, not int"),
        ((1,), [1], "kwargs must be a mapping, not list"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_the_caller(add, hand, args, kwargs, words) -> None:
    with pytest.raises(TypeError, match=words):
        add.apply_async(args, kwargs)
    assert hand.messages() == []


def test_a_task_without_typing_takes_anything(app, hand) -> None:
    @app.task(typing=False)
    def loose(): ...

    loose.delay(1, 2, z=3)
    assert json.loads(hand.message().body)[0] == [1, 2]


def test_strict_typing_off_holds_for_the_app() -> None:
    app = Celeriac("loose", strict_typing=False, set_as_current=False, broker="memory://loose")

    @app.task
    def loose(): ...

    assert loose.delay(1).id


def test_signatures_of_every_kind_are_checked(app) -> None:
    @app.task
    def odd(a, /, b, *rest, c, d=2, **more): ...

    odd.check_arguments((1, 2, 3), {"c": 1, "e": 5})
    with pytest.raises(TypeError, match="'c'"):
        odd.check_arguments((1, 2), {})

    @app.task(bind=True)
    def bound(self, *, only): ...

    bound.check_arguments((), {"only": 1})
    with pytest.raises(TypeError):
        bound.check_arguments((1,), {"only": 1})


def test_what_cannot_be_written_is_refused(add, hand) -> None:
    with pytest.raises(EncodeError):
        add.delay(object())
    assert hand.messages() == []


def test_compression_and_serializer_are_the_callers_choice(add, hand) -> None:
    add.apply_async((1,), compression="zlib", serializer="pickle")
    message = hand.message()
    assert message.content_type == "application/x-python-serialize"
    assert message.headers["compression"] == "application/x-gzip"


def test_attributes_of_the_task_are_options_of_its_calls(app, hand) -> None:
    @app.task(queue="own", priority=3, time_limit=5, ignore_result=True)
    def task(): ...

    result = task.delay()
    message = hand.message("own")
    assert message.properties["priority"] == 3
    assert message.headers["timelimit"] == [5, None]
    assert message.headers["ignore_result"] is True
    assert result.ignored
    assert result.get() is None


def test_an_attribute_that_changes_changes_the_next_call(app, hand) -> None:
    @app.task
    def task(): ...

    task.delay()
    task.queue = "elsewhere"
    task.delay()
    assert len(hand.messages()) == 1
    assert len(hand.messages("elsewhere")) == 1


def test_a_setting_that_changes_changes_the_next_call(app, add, hand) -> None:
    add.delay(1)
    app.conf.task_routes = {"add": "routed"}
    add.delay(1)
    assert len(hand.messages()) == 1
    assert len(hand.messages("routed")) == 1


def test_a_shadow_name_may_depend_on_the_call(app, hand) -> None:
    class Named(app.Task):
        def shadow_name(self, args, kwargs, options):
            return f"call-{args[0]}"

    @app.task(base=Named)
    def task(x): ...

    task.delay(1)
    task.delay(2)
    assert [message.headers["shadow"] for message in hand.messages()] == ["call-1", "call-2"]


def test_protocol_one_can_be_sent(app, add, hand) -> None:
    app.conf.task_protocol = 1
    result = add.delay(1)
    message = hand.message()
    assert message.headers == {}
    assert json.loads(message.body)["task"] == "add"
    assert json.loads(message.body)["id"] == result.id


def test_send_task_needs_no_task(app, hand) -> None:
    result = app.send_task("far.away", (1,), {"a": 2}, queue="q")
    message = hand.message("q")
    assert message.headers["task"] == "far.away"
    assert message.headers["id"] == result.id


def test_send_task_applies_the_options_of_a_known_task(app, hand) -> None:
    @app.task(name="known", priority=4)
    def known(x): ...

    app.send_task("known", (1, 2, 3))
    assert hand.message().properties["priority"] == 4


def test_send_task_is_sent_even_in_eager_mode(app, hand) -> None:
    app.conf.task_always_eager = True
    with pytest.warns(AlwaysEagerIgnored):
        app.send_task("x")
    assert len(hand.messages()) == 1


def test_send_many_sends_all_of_one_priority_in_order(app, add, hand) -> None:
    results = app.send_many([(add, (1,)), ("by.name", (2,), {"k": 1}), (add, (3,), {}, {"priority": 6}), (add, [4])])
    messages = hand.messages()
    first, *rest = messages
    assert first.headers["id"] == results.pop(2).id
    assert first.properties["priority"] == 6
    assert [message.headers["id"] for message in rest] == [result.id for result in results]
    assert [json.loads(message.body)[0] for message in rest] == [[1], [2], [4]]


def test_send_many_sends_nothing_if_one_call_is_wrong(app, add, hand) -> None:
    with pytest.raises(TypeError):
        app.send_many([(add, (1,)), (add, ())])
    assert hand.messages() == []


async def test_asend_many_sends_all(app, add, hand) -> None:
    results = await app.asend_many([(add, (number,)) for number in range(5)], queue="many")
    assert len(results) == len(hand.messages("many")) == 5
    await app.aclose()


def test_listeners_see_and_may_change_what_is_published(app, add, hand) -> None:
    seen = []

    @before_task_publish.connect(sender="add")
    def before(sender, body, headers, properties, routing_key, **kwargs):
        seen.append((sender, body[0], routing_key))
        headers["trace"] = "abc"
        properties["app_id"] = "me"
        body[1]["y"] = 9

    @after_task_publish.connect
    def after(sender, headers, body, **kwargs):
        seen.append((sender, headers["trace"], body[1]))

    add.delay(1)
    message = hand.message()
    assert message.headers["trace"] == "abc"
    assert message.properties["app_id"] == "me"
    assert json.loads(message.body)[:2] == [[1], {"y": 9}]
    assert seen == [("add", (1,), "celery"), ("add", "abc", {"y": 9})]


def test_listeners_of_pickled_messages_see_them_too(app, add, hand) -> None:
    seen = []

    @after_task_publish.connect
    def after(body, **kwargs):
        seen.append(body[0])

    add.apply_async(({1, 2},), serializer="pickle")
    assert seen == [({1, 2},)]


def test_calls_from_a_task_know_their_parent(app, add, hand) -> None:
    app.conf.task_inherit_parent_priority = True

    @app.task
    def parent():
        add.delay(1)
        return add.apply_async((2,), priority=1).id

    first = parent.apply_async(priority=8)
    hand.work()
    one, two = hand.messages()
    assert one.headers["parent_id"] == one.headers["root_id"] == first.id
    assert (one.properties["priority"], two.properties["priority"]) == (8, 1)
    assert first.get(timeout=1) == two.headers["id"]


def test_a_receiver_may_put_a_date_into_the_headers(app, add, hand) -> None:
    def stamp(headers, **_) -> None:
        headers["stamped"] = datetime(2030, 1, 1, tzinfo=UTC)

    before_task_publish.connect(stamp)
    try:
        add.delay(1)
    finally:
        before_task_publish.disconnect(stamp)
    assert hand.message().headers["stamped"] == datetime(2030, 1, 1, tzinfo=UTC)


def test_send_many_heeds_options_set_on_a_task_between_two_calls(app, add, hand) -> None:
    app.send_many([(add, (1,)), (add, (2,))])
    add.priority = 5
    app.send_many([(add, (3,)), (add, (4,), None, {"queue": "celery"})])
    assert [message.properties["priority"] for message in hand.messages()] == [5, 5, 0, 0]
