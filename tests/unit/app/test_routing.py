"""Routing: which queue, exchange and routing key a call gets, recorded from Celery 5.7."""

import re

import pytest

from celeriac import Exchange, Queue
from celeriac.app.queues import Queues
from celeriac.app.routing import MapRoute, Router, prepare
from celeriac.core.errors import ImproperlyConfigured, QueueNotFound

QUEUES = [
    Queue("a"),
    Queue("b", Exchange("bx", type="topic"), routing_key="b.#"),
    Queue("c", routing_key="ck"),
    Queue("d", Exchange("dx"), routing_key="dk"),
]


@pytest.fixture
def task(app):
    app.conf.task_queues = QUEUES

    @app.task(name="p.f")
    def task(*args): ...

    return task


# Each line was recorded by sending the same call with Celery 5.7.
@pytest.mark.parametrize(
    ("options", "exchange", "routing_key"),
    [
        ({}, "", "celery"),
        ({"queue": "a"}, "", "a"),
        ({"queue": "b"}, "bx", "b.#"),
        ({"queue": "c"}, "", "c"),
        ({"queue": "d"}, "", "d"),
        ({"queue": "new"}, "", "new"),
        ({"routing_key": "zz"}, "", "celery"),
        ({"exchange": "exx"}, "", "celery"),
        ({"exchange": "exx", "routing_key": "zz"}, "exx", "zz"),
        ({"exchange": "exx", "routing_key": "zz", "exchange_type": "topic"}, "exx", "zz"),
        ({"queue": "a", "routing_key": "zz"}, "", "a"),
        ({"queue": "a", "exchange": "zz"}, "", "a"),
        ({"queue": "b", "routing_key": "b.zz"}, "bx", "b.zz"),
        ({"queue": Queue("obj", Exchange("objx", "topic"), routing_key="orr")}, "objx", "orr"),
        ({"exchange": Exchange("objx", "topic"), "routing_key": "orr"}, "objx", "orr"),
    ],
)
def test_options_choose_the_address(app, task, options, exchange, routing_key) -> None:
    route = app.sender.post(task, (1,), {}, options).route
    assert (route.exchange, route.routing_key) == (exchange, routing_key)


@pytest.mark.parametrize(("options", "routing_key"), [({}, "c"), ({"queue": "a"}, "a"), ({"routing_key": "xx"}, "c")])
def test_a_route_gives_what_the_caller_does_not(app, task, options, routing_key) -> None:
    app.conf.task_routes = {"p.*": {"queue": "c", "priority": 7}}
    post = app.sender.post(task, (1,), {}, options)
    assert (post.route.routing_key, post.priority) == (routing_key, 7)


@pytest.mark.parametrize(
    ("routes", "queue"),
    [
        ({"p.f": "one"}, "one"),
        ({"p.?": "glob"}, "glob"),
        ({re.compile(r"p\.[a-f]$"): "pattern"}, "pattern"),
        ({"p.*": "glob", "p.f": "exact"}, "exact"),
        ([{"other": "no"}, {"p.*": "second"}], "second"),
        ([("p.*", {"queue": "pairs"})], "pairs"),
        ([[("other", "no"), ("p.*", "listed pairs")]], "listed pairs"),
        (lambda name, args, kwargs, options, task=None, **kw: "function", "function"),
        ([lambda *a, **kw: None, lambda *a, **kw: {"queue": "next"}], "next"),
        ("test_routing.route_by_name", "p.f-queue"),
        ("test_routing.ByClass", "class"),
        ({"q.*": "no"}, "celery"),
    ],
)
def test_routers_of_every_kind_are_understood(app, task, routes, queue) -> None:
    app.conf.task_routes = routes
    assert app.sender.post(task, (1,), {}, {}).route.routing_key == queue
    assert app.sender.post(task, (1,), {}, {"priority": 1}).route.routing_key == queue


def route_by_name(name, args, kwargs, options, task=None, **kw):
    return f"{name}-queue"


class ByClass:
    def route_for_task(self, name, args=None, kwargs=None, options=None, task=None, **kw):
        return {"queue": "class"}


def test_a_function_routes_by_arguments(app, task) -> None:
    app.conf.task_routes = lambda name, args, *rest, **kw: f"shard-{args[0] % 2}"
    keys = [app.sender.post(task, (number,), {}, {}).route.routing_key for number in range(3)]
    assert keys == ["shard-0", "shard-1", "shard-0"]


def test_a_router_that_is_none_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="task_routes"):
        prepare(5)


def test_missing_queues_are_refused_if_that_is_wanted(app, task) -> None:
    app.conf.task_create_missing_queues = False
    with pytest.raises(QueueNotFound, match="'nope' missing"):
        task.apply_async(queue="nope")


def test_the_default_queue_has_the_apps_defaults(app) -> None:
    app.conf.update(task_default_queue="mine", task_queue_max_priority=5)
    queue = app.amqp.queues["mine"]
    assert (queue.exchange.name, queue.routing_key, queue.max_priority) == ("mine", "mine", 5)


def test_old_dicts_describe_queues(app) -> None:
    app.conf.task_queues = {"old": {"exchange": "ox", "exchange_type": "topic", "routing_key": "o.#"}}
    queue = app.amqp.queues["old"]
    assert (queue.exchange.name, queue.exchange.type, queue.routing_key) == ("ox", "topic", "o.#")


def test_an_unknown_option_of_a_queue_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="durabel"):
        Queues({"q": {"durabel": True}})


def test_workers_select_and_deselect_queues() -> None:
    queues = Queues([Queue("a"), Queue("b", alias="second")])
    assert set(queues.consume_from) == {"a", "b"}
    queues.deselect("a")
    assert set(queues.consume_from) == {"b"}
    queues.select("second, new")
    assert set(queues.consume_from) == {"second", "new"}
    queues.select_add("more")
    assert "more" in queues.consume_from
    assert queues["second"] is queues["b"]


def test_queues_are_shown_to_people() -> None:
    assert Queues([Queue("a")]).format(indent=2) == "  .> a                exchange=(direct) key=a"


def test_routes_know_only_names() -> None:
    assert Router([MapRoute({"a": "q"})]).static
    assert not Router([MapRoute({"a": "q"}), lambda *a, **k: None]).static


def test_a_route_that_says_how_long_a_call_is_good_for_says_it_of_each_call(app, hand) -> None:
    app.conf.task_routes = {"p.f": {"queue": "celery", "expires": 60}}

    @app.task(name="p.f")
    def task() -> None: ...

    task.delay()
    assert hand.message().headers["expires"] is not None
