"""Tasks and requests that are current here, and only here."""

import asyncio
import threading

import pytest

from celeriac.current import (
    Context,
    current_task,
    get_current_request,
    get_current_task,
    get_current_worker_task,
    pop_request,
    pop_task,
    push_request,
    push_task,
    request_of,
    requests_of,
    restore_task_join_will_block,
    set_task_join_will_block,
    task_join_will_block,
)


def test_pushes_nest() -> None:
    outer, inner = Context(id="outer"), Context(id="inner")
    push_task("A", outer)
    push_task("B", inner)
    assert (get_current_task(), request_of("A"), request_of("B")) == ("B", outer, inner)
    assert get_current_request() is inner
    assert (pop_task(), get_current_task(), pop_task(), get_current_task()) == ("B", "A", "A", None)
    assert pop_task() is None


def test_a_pushed_request_changes_the_request_and_not_the_current_task() -> None:
    pushed = Context(id="mine")
    push_request("A", pushed)
    assert (request_of("A"), get_current_task(), requests_of("A")) == (pushed, None, [pushed])
    assert pop_request() is pushed
    assert pop_request() is None


def test_the_worker_task_is_the_one_that_was_not_called_like_a_function() -> None:
    push_task("outer", Context(called_directly=False))
    push_task("inner", Context())
    assert (get_current_task(), get_current_worker_task()) == ("inner", "outer")
    pop_task()
    pop_task()
    assert get_current_worker_task() is None


def test_the_proxy_of_the_current_task_is_false_outside_tasks() -> None:
    assert not current_task
    push_task("A")
    assert str(current_task) == "A"
    assert isinstance(current_task, str)
    pop_task()


def test_threads_have_nothing_current_at_first() -> None:
    seen: list[object] = []
    push_task("A")
    thread = threading.Thread(target=lambda: seen.append(get_current_task()))
    thread.start()
    thread.join()
    pop_task()
    assert seen == [None]


async def test_coroutines_that_run_by_turns_keep_their_own() -> None:
    turn = asyncio.Barrier(2)

    async def body(name: str) -> object:
        push_task(name)
        await turn.wait()
        return get_current_task()

    assert list(await asyncio.gather(body("A"), body("B"))) == ["A", "B"]
    assert get_current_task() is None


def test_joining_blocks_inside_a_workers_task_unless_somebody_says_otherwise() -> None:
    assert not task_join_will_block()
    push_task("A", Context(outbox=[]))
    assert task_join_will_block()
    token = set_task_join_will_block(False)
    assert not task_join_will_block()
    restore_task_join_will_block(token)
    assert task_join_will_block()
    pop_task()
    push_task("A", Context())
    assert not task_join_will_block()
    pop_task()


@pytest.fixture(autouse=True)
def _nothing_is_left() -> None:
    assert get_current_task() is None
