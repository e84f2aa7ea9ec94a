"""Listening ahead: threads that wait for each call are listened for before it goes out, and others are not."""

import threading
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError, TimeoutError


def channels(app: Celeriac) -> set[str]:
    """What somebody listens for."""
    return set(app.transports.results.store.listeners._channels)


def call_and_wait(app: Celeriac) -> None:
    """What makes a thread one that waits for each call at once."""
    with pytest.raises(TimeoutError):
        app.send_task("x").get(timeout=0)


@pytest.fixture
def eager(app: Celeriac) -> Celeriac:
    # A slow machine may take longer than a result stays fresh for: try until it was quick enough.
    for _ in range(1000):
        call_and_wait(app)
        if app.backend.eager_threads:
            return app
    raise AssertionError("no result was waited for at once")


def test_a_thread_that_never_waited_is_not_listened_for(app) -> None:
    assert app.backend.eager_threads == set()
    app.send_task("x")
    assert channels(app) == set()


def test_the_next_call_is_listened_for_before_it_goes_out(eager) -> None:
    result = eager.send_task("x")
    assert app_channel(eager, result.id) in channels(eager)


def app_channel(app: Celeriac, id: str) -> str:
    return app.transports.results.results.channel(id)


def test_what_is_told_of_such_a_call_is_heard_without_a_look_into_the_store(eager) -> None:
    result = eager.send_task("x")
    eager.backend.store_result(result.id, 42, "SUCCESS")
    looks: list[Any] = []
    real = eager.backend.waiter.read
    eager.backend.waiter.read = lambda *args: looks.append(args) or real(*args)
    assert result.get(timeout=60) == 42
    assert looks == []


def test_what_nobody_told_is_found_in_the_store(eager) -> None:
    result = eager.send_task("x")
    store = eager.transports.results.store
    eager.backend.store_result("other", 1, "SUCCESS")
    silent, store.listeners.tell = store.listeners.tell, lambda *args: 0
    eager.backend.store_result(result.id, 42, "SUCCESS")
    store.listeners.tell = silent
    assert result.get(timeout=60) == 42


def test_a_call_that_nobody_waits_for_ends_the_guessing(eager) -> None:
    eager.send_task("x")
    eager.send_task("x")
    assert eager.backend.eager_threads == set()
    before = channels(eager)
    eager.send_task("x")
    assert channels(eager) == before


def test_waiting_for_another_call_first_ends_it_too(eager) -> None:
    first, second = eager.send_task("x"), eager.AsyncResult("second")
    for id in (first.id, "second"):
        eager.backend.store_result(id, id, "SUCCESS")
    assert second.get(timeout=60) == "second"
    assert eager.backend.eager_threads == set()
    assert first.get(timeout=60) == first.id


def test_calls_without_a_result_are_not_listened_for(eager) -> None:
    before = channels(eager)
    eager.send_task("x", ignore_result=True)
    assert channels(eager) == before


def test_each_thread_is_looked_at_by_itself(eager) -> None:
    mine = eager.send_task("x")
    before = channels(eager)
    other = threading.Thread(target=eager.send_task, args=("x",))
    other.start()
    other.join()
    assert channels(eager) == before
    eager.backend.store_result(mine.id, 1, "SUCCESS")
    assert mine.get(timeout=60) == 1


def test_a_store_that_is_away_does_not_keep_a_call_from_going_out(eager) -> None:
    eager.backend.waiter.close()
    call_and_wait(eager)
    link = eager.transports.results.link()
    ear_class = type(link.listen())

    class Deaf(ear_class):
        def add(self, channels, wait=True) -> None:
            raise OperationalError("the store is away")

    eager.backend.waiter._ears.close()
    link.listen = lambda: Deaf(eager.transports.results.store.listeners)
    eager.backend.eager_threads.add(threading.get_ident())
    result = eager.send_task("x")
    link.__dict__.pop("listen")
    eager.backend.store_result(result.id, 42, "SUCCESS")
    assert result.get(timeout=60) == 42


def test_an_ear_whose_owner_ran_out_of_time_is_used_again(app) -> None:
    result = app.send_task("x")
    opened: list[Any] = []
    link = app.transports.results.link()
    real = link.listen
    link.listen = lambda: opened.append(1) or real()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            result.get(timeout=0.001)
    assert len(opened) == 1


def test_closing_ends_what_was_begun_ahead(eager) -> None:
    eager.send_task("x")
    eager.backend.close()
    assert eager.backend.eager_threads == set()
    assert channels(eager) == set()
