"""Tasks of every kind in a worker: bound, classes, handlers, annotations, tries, requests, arguments."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.exceptions import MaxRetriesExceededError
from patience import in_time

from .notes import notes_of
from .running import Command, until

TIMEOUT = 60


@pytest.fixture(autouse=True)
def _worker(program: Command) -> None:
    """All of these need it."""


def called(client: Celeriac, name: str, *args: Any, **options: Any) -> Any:
    return client.send_task(f"program.{name}", args, **options).get(TIMEOUT)


def test_plain_async_shared_and_class_tasks_run(client: Celeriac) -> None:
    assert called(client, "add", 2, 3) == 5
    assert called(client, "aadd", 2, 3) == 5
    assert called(client, "shared") == "shared"
    assert called(client, "multiply", 21) == 42


def test_a_bound_task_is_given_itself(client: Celeriac) -> None:
    result = client.send_task("program.bound")
    assert result.get(TIMEOUT) == ["program.bound", "bound", result.id, "program"]


def test_a_task_class_keeps_what_it_has_from_run_to_run(client: Celeriac) -> None:
    counts = [called(client, "counted") for _ in range(20)]
    assert max(counts) > 5  # two processes, each with a task of its own


def test_annotations_hold_in_the_worker(client: Celeriac) -> None:
    assert called(client, "annotated") == ["annotated", 1]


@pytest.mark.parametrize(
    ("how", "handlers"),
    [
        ("well", ["before_start", "body", "on_success", "after_return"]),
        ("raise", ["before_start", "body", "on_failure", "after_return"]),
        (
            "retry",
            ["before_start", "body", "on_retry", "before_start", "body", "on_failure", "after_return"],
        ),
    ],
)
def test_handlers_are_called_in_order(client: Celeriac, home: Path, how: str, handlers: list[str]) -> None:
    result = client.send_task("program.noted", (how,))
    result.get(TIMEOUT, propagate=False)
    found = notes_of(home, result.id)
    assert [each if isinstance(each, str) else each[0] for each in found] == handlers


def test_handlers_are_told_what_happened(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.noted", ("raise",))
    result.get(TIMEOUT, propagate=False)
    found = notes_of(home, result.id)
    assert found[0] == ["before_start", ["raise"], {}]
    assert found[2:] == [["on_failure", "KeyError('raised')", True], ["after_return", "FAILURE"]]


# -- the request


def test_a_request_tells_everything_of_its_call(client: Celeriac, store: str) -> None:
    result = client.send_task("program.request", (1,), {"b": 2}, time_limit=30, soft_time_limit=20, shadow="other")
    seen = result.get(TIMEOUT)
    told = {
        "id": result.id,
        "args": [1],
        "kwargs": {"b": 2},
        "retries": 0,
        "hostname": "w@here",
        "root_id": result.id,
        "parent_id": None,
        "correlation_id": result.id,
        "is_eager": False,
        "called_directly": False,
        "timelimit": [30, 20],
        "time_limit": 30,
        "soft_time_limit": 20,
        "headers": None,
        "group": None,
        "ignore_result": None,  # the caller has left it to the task
        "shadow": "other",
        "argsrepr": "(1,)",
        "task": "program.request",
        "lang": "py",
        "callbacks": None,
        "chain": None,
        "stamps": {},
    }
    assert {name: seen[name] for name in told} == told
    assert seen["delivery_info"] == {"exchange": "", "routing_key": "celery", "priority": 0, "redelivered": False}
    assert seen["origin"].startswith(f"gen{os.getpid()}@")


def test_custom_headers_are_attributes_of_the_request(client: Celeriac) -> None:
    assert called(client, "custom_header", headers={"tenant": "acme"}) == "acme"


def test_tasks_sent_by_a_task_know_their_parent_and_are_its_children(client: Celeriac) -> None:
    result = client.send_task("program.parent")
    child, orphan = result.get(TIMEOUT)
    seen = client.AsyncResult(child).get(TIMEOUT)
    assert (seen["parent_id"], seen["root_id"]) == (result.id, result.id)
    assert [each.id for each in result.children] == [child]
    assert client.AsyncResult(orphan).get(TIMEOUT) == 2


# -- tries


def test_a_retry_waits_for_its_countdown_and_comes_back_to_its_queue(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.patient", ({"countdown": 0.5},))
    assert result.get(TIMEOUT) == [2, "celery", []]
    times = [note[2] for note in notes_of(home, result.id)]
    assert [note[1] for note in notes_of(home, result.id)] == [0, 1, 2]
    assert all(later - earlier >= 0.45 and in_time(later - earlier, 15.0) for earlier, later in pairwise(times))


def test_a_retry_may_name_a_moment(client: Celeriac) -> None:
    assert called(client, "patient", {"eta": "2020-01-01T00:00:00+00:00"})[0] == 2


def test_a_retry_may_change_the_arguments(client: Celeriac) -> None:
    again = [{"countdown": 0}, ["changed"]]
    assert called(client, "patient", {"countdown": 0, "args": again})[2] == ["changed"]


def test_a_task_that_waits_for_its_next_try_is_in_state_retry(client: Celeriac) -> None:
    result = client.send_task("program.patient", ({"countdown": 600},))
    until(lambda: result.state == "RETRY")
    assert not result.ready()


def test_after_max_retries_the_error_is_raised(client: Celeriac) -> None:
    with pytest.raises(OSError, match="no hope"):
        called(client, "hopeless", True)
    with pytest.raises(MaxRetriesExceededError, match=r"Can't retry program.hopeless\["):
        called(client, "hopeless", False)


def test_autoretry_tries_again_for_the_errors_it_names(client: Celeriac) -> None:
    assert called(client, "automatic", "os", 2) == 2


def test_backoff_waits_between_tries(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.backing_off")
    assert result.get(TIMEOUT) == 1
    first, second = [note[2] for note in notes_of(home, result.id)]
    assert second - first >= 0.9
    assert in_time(second - first, 15.0)


def test_autoretry_has_an_end(client: Celeriac, home: Path) -> None:
    result = client.send_task("program.automatic", ("os", 99))
    with pytest.raises(OSError, match="it failed"):
        result.get(TIMEOUT)
    assert [note[1] for note in notes_of(home, result.id)] == [0, 1, 2, 3]


@pytest.mark.parametrize(("error", "raised"), [("file", FileNotFoundError), ("value", ValueError)])
def test_autoretry_leaves_other_errors_alone(client: Celeriac, home: Path, error: str, raised: type[Exception]) -> None:
    result = client.send_task("program.automatic", (error, 99))
    with pytest.raises(raised):
        result.get(TIMEOUT)
    assert len(notes_of(home, result.id)) == 1


def test_an_expected_error_is_logged_without_a_traceback(client: Celeriac, program: Command) -> None:
    result = client.send_task("program.expected")
    with pytest.raises(KeyError):
        result.get(TIMEOUT)
    line = program.wait_line(rf"program\.expected\[{result.id}\] raised expected: KeyError\('a usual thing'\)")
    assert "INFO" in line


def test_an_unexpected_error_is_logged_with_its_traceback(client: Celeriac, program: Command) -> None:
    result = client.send_task("program.fail", ("oops-7",))
    result.get(TIMEOUT, propagate=False)
    line = program.wait_line(rf"program\.fail\[{result.id}\] raised unexpected: ValueError\('oops-7'\)")
    assert "ERROR" in line
    assert program.wait_line(r"^ValueError: oops-7")


# -- arguments


def test_pydantic_models_are_validated_and_dumped(client: Celeriac) -> None:
    assert called(client, "buy", {"number": "4", "item": "tea"}) == {"total": 8}
    refused = client.send_task("program.buy", ({"number": "many", "item": "tea"},))
    with pytest.raises(Exception) as error:
        refused.get(TIMEOUT)
    assert type(error.value).__name__ == "ValidationError"
    assert "number\n  Input should be a valid integer" in str(refused.traceback)


def test_arguments_that_do_not_fit_fail_the_task(client: Celeriac) -> None:
    with pytest.raises(TypeError, match="add"):
        called(client, "add", 1, 2, 3)


def test_soft_limits_can_be_caught(client: Celeriac) -> None:
    """A process that stands still before it comes to its `try` has felt the limit by then, so it may need a second."""
    until(lambda: client.send_task("program.limited").get(TIMEOUT, propagate=False) == "cleaned up")


def test_what_a_task_prints_is_in_the_log(client: Celeriac, program: Command) -> None:
    called(client, "speak", "hello from within")
    assert "WARNING/" in program.wait_line("hello from within")
    assert "WARNING/" in program.wait_line("HELLO FROM WITHIN")
