"""Results as callers see them: states, errors, tracebacks, progress, extended fields, waiting, forgetting."""

import time
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.whereabouts import Whereabouts
from celeriac.exceptions import TimeoutError as ResultTimeout
from celeriac.result import AsyncResult

from .running import Command, until

TIMEOUT = 60


@pytest.fixture(autouse=True)
def _worker(program: Command) -> None:
    """All of these need it."""


def test_an_error_is_raised_with_its_class_and_text(client: Celeriac) -> None:
    result = client.send_task("program.fail", ("exactly this",))
    with pytest.raises(ValueError, match="exactly this"):
        result.get(TIMEOUT)
    assert (result.state, result.failed(), result.successful(), result.ready()) == ("FAILURE", True, False, True)
    assert isinstance(result.result, ValueError)
    assert "in fail\n    raise ValueError(text)" in str(result.traceback)


def test_without_propagation_the_error_is_returned(client: Celeriac) -> None:
    error = client.send_task("program.fail", ("returned",)).get(TIMEOUT, propagate=False)
    assert repr(error) == "ValueError('returned')"


def test_a_result_that_does_not_come_is_a_timeout(client: Celeriac) -> None:
    with pytest.raises(ResultTimeout):
        client.send_task("program.add", (1,), queue="nobody").get(timeout=0.2)


def test_progress_is_seen_while_the_task_runs(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.progress", (10,))
    until(lambda: result.state == "PROGRESS" and result.info == {"done": 10, "of": 10})
    assert not result.ready()
    (home / f"notes.{result.id}").touch()
    assert result.get(TIMEOUT) == "complete"


def test_a_tracked_task_is_started(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.tracked")
    until(lambda: result.state == "STARTED")
    assert result.info["hostname"] == "w@here"
    assert isinstance(result.info["pid"], int)
    (home / f"notes.{result.id}").touch()
    assert result.get(TIMEOUT) is None


def test_an_ignored_task_keeps_the_state_it_stored(client: Celeriac) -> None:
    result = client.send_task("program.ignoring")
    until(lambda: result.state == "MINE")
    assert client.send_task("program.add", (1,)).get(TIMEOUT) == 1
    assert (result.state, result.info) == ("MINE", "stays")


def test_ignored_results_are_not_stored_unless_they_are_errors_that_shall_be(client: Celeriac) -> None:
    silent = client.send_task("program.silent")
    errors = client.send_task("program.silent_but_errors")
    until(lambda: errors.state == "FAILURE")
    assert silent.state == "PENDING"
    assert not silent.exists()


def test_a_call_may_ask_that_its_result_be_ignored(client: Celeriac) -> None:
    ignored = client.send_task("program.add", (1,), ignore_result=True)
    assert ignored.get(TIMEOUT) is None
    assert client.send_task("program.add", (2,)).get(TIMEOUT) == 2
    assert not client.AsyncResult(ignored.id).exists()


def test_a_known_task_and_an_unknown_id_can_be_told_apart(client: Celeriac) -> None:
    result = client.send_task("program.add", (1,))
    result.get(TIMEOUT)
    assert client.AsyncResult(result.id).exists()
    assert not client.AsyncResult("never-sent").exists()
    assert client.AsyncResult("never-sent").state == "PENDING"


def test_where_a_task_is_can_be_asked(client: Celeriac, home: Path) -> None:
    waiting = client.send_task("program.add", (1,), queue="nobody")
    assert waiting.where(["nobody"]) is Whereabouts.QUEUED
    later = client.send_task("program.add", (1,), countdown=600)
    until(lambda: later.where() is Whereabouts.DELAYED)
    running = client.send_task("program.progress", (10,))
    until(lambda: running.state == "PROGRESS")
    assert running.where() is Whereabouts.CLAIMED
    (home / f"notes.{running.id}").touch()
    running.get(TIMEOUT)
    assert running.where() == "stored"
    client.send_task("program.add", (1,), task_id="not-read", serializer="pickle")
    until(lambda: client.AsyncResult("not-read").ready())
    client.AsyncResult("not-read").forget()
    assert client.AsyncResult("not-read").where() is Whereabouts.DEAD
    assert client.AsyncResult("never-sent").where() is Whereabouts.UNKNOWN


async def test_async_code_may_ask_where_a_task_is(store: str) -> None:
    app = Celeriac("async-client", broker=store, backend=store, set_as_current=False)
    waiting = await app.asend_task("program.add", (1,), queue="nobody")
    assert await waiting.awhere(["nobody"]) is Whereabouts.QUEUED
    assert await app.AsyncResult("never-sent").awhere() is Whereabouts.UNKNOWN
    await app.aclose()


def test_a_forgotten_result_is_gone(client: Celeriac) -> None:
    result = client.send_task("program.add", (1,))
    result.get(TIMEOUT)
    result.forget()
    assert result.state == "PENDING"
    assert not result.exists()


def test_callbacks_are_called_with_the_result(client: Celeriac) -> None:
    seen: list[Any] = []
    result = client.send_task("program.add", (1, 1))
    result.then(lambda done: seen.append(("then", done.result)))
    result.get(TIMEOUT, callback=lambda task_id, value: seen.append((task_id, value)))
    assert seen == [("then", 2), (result.id, 2)]


def test_a_result_that_cannot_be_written_is_a_failure(client: Celeriac) -> None:
    with pytest.raises(Exception, match="object"):
        client.send_task("program.unwritable").get(TIMEOUT)


async def test_async_code_calls_and_awaits(store: str) -> None:
    app = Celeriac("async-client", broker=store, backend=store, set_as_current=False)

    @app.task(name="program.add")
    def add(x: int, y: int = 0) -> int:
        raise NotImplementedError

    first = await add.adelay(1, 2)
    second = await add.aapply_async((3,), {"y": 4})
    many = await app.asend_many([("program.add", (n,)) for n in range(20)])
    assert await first == 3
    assert await second.aget(timeout=TIMEOUT) == 7
    assert [await each for each in many] == list(range(20))
    failing = await app.asend_task("program.fail", ("awaited",))
    with pytest.raises(ValueError, match="awaited"):
        await failing
    await app.aclose()


def test_many_calls_go_at_once(client: Celeriac) -> None:
    results = client.send_many([("program.add", (n, 1)) for n in range(500)])
    assert [result.get(TIMEOUT) for result in results] == list(range(1, 501))


def test_a_large_result_arrives_whole(client: Celeriac) -> None:
    assert len(client.send_task("program.large", (5_000_000,)).get(TIMEOUT)) == 5_000_000


def test_a_result_belongs_to_the_class_of_its_app(client: Celeriac) -> None:
    result = client.send_task("program.add", (1,))
    assert isinstance(result, AsyncResult)
    assert isinstance(client.AsyncResult(result.id), client.AsyncResult)
    assert client.AsyncResult(result.id).get(TIMEOUT) == 1


def test_results_expire(store: str, client: Celeriac) -> None:
    """The worker's setting says when; this one is stored by the client, with a life of its own."""
    with Celeriac("short", broker=store, backend=store, result_expires=1, set_as_current=False) as app:
        begin = 0.0

        def seen() -> bool:
            """Within its second; who comes too late stores it again."""
            nonlocal begin
            begin = time.monotonic()
            app.backend.store_result("short-lived", "x", "SUCCESS")
            return bool(app.AsyncResult("short-lived").state == "SUCCESS")

        until(seen)
        until(lambda: not app.AsyncResult("short-lived").exists())
        assert time.monotonic() - begin > 0.5
