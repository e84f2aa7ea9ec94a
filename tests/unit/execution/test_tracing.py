"""Tracers of others: a build_tracer in place of ours is asked once for a task, and called for every run of it."""

from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.execution import tracing
from celeriac.execution.plan import make_plan
from celeriac.execution.tracing import task_has_custom


@pytest.fixture
def app() -> Celeriac:
    return Celeriac("traced", broker="memory://", backend="disabled://", set_as_current=False)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a tracer was told, in the way in which sentry-sdk wraps ours."""
    told: list[Any] = []
    original = tracing.build_tracer

    def build(name: str, task: Any, *args: Any, **kwargs: Any) -> Any:
        told.append(("built", name))
        tracer = original(name, task, *args, **kwargs)

        def trace(uuid: str, args: Any, kwargs: Any, request: Any) -> Any:
            told.append((uuid, tuple(args), kwargs, request["headers"]))
            try:
                return tracer(uuid, args, kwargs, request)
            except ValueError as exc:
                told.append(exc)
                raise

        return trace

    monkeypatch.setattr(tracing, "build_tracer", build)
    return told


def test_nobody_traces_unless_asked_to(app: Celeriac) -> None:
    @app.task
    def add(x: int) -> int: ...

    assert make_plan(add, "add").tracer is None


def test_every_run_goes_by_the_tracer(app: Celeriac, told: list[Any]) -> None:
    @app.task(name="t.add")
    def add(x: int, y: int = 1) -> int:
        return x + y

    @app.task(name="t.later")
    async def later(x: int) -> int:
        return x + 1

    @app.task(name="t.fail")
    def fail() -> None:
        raise ValueError("no")

    assert add.apply((1,), {"y": 2}, task_id="one", headers={"trace": "x"}).get() == 3
    assert told == [("built", "t.add"), ("one", (1,), {"y": 2}, {"trace": "x"})]
    assert later.apply((1,)).get() == 2
    assert fail.apply().state == "FAILURE"
    assert isinstance(told[-1], ValueError)


def test_a_call_of_the_classs_own_is_traced_with_what_it_does(app: Celeriac, told: list[Any]) -> None:
    class Doubling(app.Task):  # type: ignore[name-defined,misc]
        def __call__(self, *args: Any) -> Any:
            return 2 * self.run(*args)

    @app.task(base=Doubling)
    def same(x: int) -> int:
        return x

    @app.task
    def plain() -> None: ...

    assert same.apply((4,)).get() == 8
    assert len(told) == 2
    assert task_has_custom(same, "__call__")
    assert not task_has_custom(plain, "__call__")
