"""Proxies do to the object behind them what is done to them."""

from typing import Any

import pytest

from celeriac.current import PromiseProxy, Proxy, maybe_evaluate


class Thing:
    def __init__(self) -> None:
        self.value = 1

    def __call__(self, x: int) -> int:
        return x + self.value


def test_attributes_calls_and_operators_reach_the_object() -> None:
    thing = Thing()
    proxy: Any = Proxy(lambda: thing)
    proxy.value = 5
    assert (thing.value, proxy(1), isinstance(proxy, Thing), proxy == thing, hash(proxy)) == (
        5,
        6,
        True,
        True,
        hash(thing),
    )
    del proxy.value
    with pytest.raises(AttributeError):
        _ = proxy.value
    items: Any = Proxy(lambda: found)
    found: dict[str, int] = {}
    items["a"] = 1
    assert (len(items), items["a"], "a" in items, list(items), bool(items), repr(items)) == (
        1,
        1,
        True,
        ["a"],
        True,
        "{'a': 1}",
    )


def test_arguments_and_a_name_may_be_given() -> None:
    proxy: Any = Proxy(lambda a, b=0: a + b, (1,), {"b": 2}, name="sum")
    assert (proxy._get_current_object(), proxy.__name__) == (3, "sum")


def test_a_promise_is_kept_once() -> None:
    made: list[Thing] = []

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    promise: Any = PromiseProxy(make)
    told: list[Any] = []
    promise.__then__(told.append)
    assert (promise.__evaluated__(), made, told) == (False, [], [])
    assert promise.value == 1
    promise.value = 2
    assert (promise.value, len(made), told, promise.__evaluated__()) == (2, 1, made, True)
    promise.__then__(told.append)
    assert len(told) == 2
    assert maybe_evaluate(promise) is made[0]
    assert maybe_evaluate(5) == 5
