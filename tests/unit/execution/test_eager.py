"""Eager runs: the same steps, in the caller's process and with the caller's exceptions."""

import asyncio
from typing import Any

import pytest

from celeriac.core.errors import Retry
from celeriac.current import Context
from celeriac.execution import Ended

from .doubles import TASK_ID, App, Diary, Task, meta


def apply(task: Any, *args: Any, stores: bool = False, throw: bool = False) -> Ended:
    request = Context(id=TASK_ID, task=task.name, args=args, kwargs={}, is_eager=True, called_directly=False)
    return App(task).eager(stores).apply(task, request, throw=throw)


def raising(exc: BaseException) -> Any:
    def body() -> None:
        raise exc

    return body


def test_an_eager_success_has_its_value_and_its_handlers() -> None:
    task = Diary("t")
    ended = apply(task, [1])
    assert (ended.state, ended.value, ended.record) == ("SUCCESS", [1], None)
    assert task.called() == ["before_start", "on_success", "after_return"]


def test_an_eager_failure_has_the_exception_itself() -> None:
    error = ValueError("no")
    task = Diary("t", raising(error))
    ended = apply(task)
    assert (ended.state, ended.value) == ("FAILURE", error)
    assert ended.traceback is not None
    assert ended.traceback.endswith("ValueError: no\n")
    assert task.called() == ["before_start", "on_failure", "after_return"]


def test_with_throw_the_exception_goes_on_to_the_caller_at_once() -> None:
    task = Diary("t", raising(ValueError("no")))
    with pytest.raises(ValueError, match="no"):
        apply(task, throw=True)
    assert task.called() == ["before_start"]


def test_a_retry_is_given_back_even_with_throw() -> None:
    retry = Retry("again")
    assert apply(Task("t", raising(retry)), throw=True).value is retry


def test_what_ends_the_caller_is_not_held_up() -> None:
    with pytest.raises(SystemExit):
        apply(Task("t", raising(SystemExit(1))))


def test_an_error_in_a_handler_reaches_the_caller() -> None:
    class Bad(Task):
        def on_success(self, *args: Any) -> None:
            raise RuntimeError("in handler")

    with pytest.raises(RuntimeError, match="in handler"):
        apply(Bad("t"))


def test_eager_results_have_a_record_where_they_are_to_be_stored() -> None:
    ended = apply(Task("t"), 5, stores=True)
    assert ended.record is not None
    assert meta(ended.record)["result"] == 5


def test_an_async_task_runs_eagerly_inside_a_running_loop() -> None:
    async def body(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def caller() -> Ended:
        return apply(Task("t", body), 6)

    assert asyncio.run(caller()).value == 6
