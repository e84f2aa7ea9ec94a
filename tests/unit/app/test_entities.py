"""Queues as kombu's objects describe them are accepted wherever a queue is, the real kombu's look-alikes too."""

from types import SimpleNamespace
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.contrib.kombu import Broadcast, Exchange, Queue, binding
from celeriac.core import message
from celeriac.core.errors import ImproperlyConfigured


def app_with(*queues: Any, **settings: Any) -> Celeriac:
    return Celeriac("entities", set_as_current=False, broker="memory://", task_queues=list(queues), **settings)


def test_a_queue_of_task_queues_keeps_all_that_it_says() -> None:
    media = Exchange("media", type="topic", delivery_mode="transient")
    more = binding(Exchange("other", type="topic"), "#.jpg")
    queue = Queue("images", media, "media.*", bindings=[more], max_priority=5, expires=60, durable=False)
    found = app_with(queue).amqp.queues["images"]
    assert found == message.Queue(
        "images",
        message.Exchange("media", "topic", delivery_mode=1),
        "media.*",
        durable=False,
        expires=60,
        max_priority=5,
        bindings=((message.Exchange("other", "topic"), "#.jpg"),),
    )


def test_a_queue_that_only_has_a_name_is_completed_by_the_defaults() -> None:
    found = app_with(Queue("plain"), task_default_exchange="tasks", task_default_routing_key="key").amqp.queues["plain"]
    assert (found.exchange.name, found.exchange.type, found.routing_key) == ("tasks", "direct", "key")


def test_any_object_with_the_attributes_of_a_queue_is_one() -> None:
    exchange = SimpleNamespace(name="e", type="fanout", durable=False, auto_delete=True, arguments={})
    queue = SimpleNamespace(name="q", exchange=exchange, routing_key=None, bindings=set(), no_ack=None)
    found = app_with(queue).amqp.queues["q"]
    assert found.exchange == message.Exchange("e", "fanout", durable=False, auto_delete=True)


def test_calls_may_name_a_queue_or_an_exchange_by_its_object() -> None:
    app = app_with(Queue("celery"))
    direct = app.amqp.router.destination(app.amqp.router.route({"queue": Queue("q", Exchange("e"), "k")}, "task"))
    assert (direct.exchange, direct.routing_key) == ("", "q")
    options = {"exchange": Exchange("logs", type="topic"), "routing_key": "a.b"}
    topic = app.amqp.router.destination(app.amqp.router.route(options, "task"))
    assert (topic.exchange, topic.exchange_type, topic.routing_key) == ("logs", "topic", "a.b")


@pytest.mark.parametrize("target", [Queue("vip"), {"queue": Queue("vip")}])
def test_routes_may_name_a_queue_by_its_object(target: Any) -> None:
    app = app_with(Queue("celery"), task_routes={"task": target})
    assert app.amqp.router.destination(app.amqp.router.route({}, "task")).routing_key == "vip"


def test_a_broadcast_is_found_by_its_name_and_is_each_process_own() -> None:
    queue = Broadcast("everybody")
    app = app_with(queue, task_routes={"reload": {"queue": "everybody"}})
    assert queue.name.startswith("bcast.")
    assert queue.name != Broadcast("everybody").name
    route = app.amqp.router.destination(app.amqp.router.route({}, "reload"))
    assert (route.exchange, route.exchange_type) == ("everybody", "fanout")
    app.amqp.queues.select(["everybody"])
    assert [found.name for found in app.amqp.queues.consume_from.values()] == [queue.name]


def test_what_is_no_queue_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="42 is no queue"):
        app_with(42).amqp.queues  # noqa: B018
