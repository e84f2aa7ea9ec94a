"""Signals of a real worker: which, in which order, in which process, with which arguments; as Celery sends them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.exceptions import TimeLimitExceeded

from .notes import notes, notes_of
from .running import Command, until, worker

TIMEOUT = 60
TASK = ["args", "kwargs", "task", "task_id"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture(scope="module")
def running(store: str, home: Path) -> Iterator[Command]:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    options = ("-c", "1", "-n", "w@here")
    with worker(home, "scenarios.workers.signalled", *options, environment=environment) as command:
        yield command


@pytest.fixture(autouse=True)
def _worker(running: Command) -> None:
    """All of these need it."""


def heard(home: Path, task_id: str, last: str = "task_postrun", times: int = 1) -> list[tuple[str, str]]:
    """(signal, process) about one task, once the last of them was sent."""
    until(lambda: [each[0] for each in notes_of(home, task_id)].count(last) == times, told=lambda: notes(home))
    return [(name, place) for name, place, *_ in notes_of(home, task_id)]


def test_a_worker_starts_with_celerys_signals_in_celerys_order(home: Path) -> None:
    found = [(name, place, sender) for name, about, place, sender, _ in notes(home) if about is None]
    assert found[:12] == [
        ("on_configure", "main", "Celeriac"),
        ("on_after_configure", "main", "Celeriac"),
        ("import_modules", "main", "Celeriac"),
        ("on_after_finalize", "main", "Celeriac"),
        ("celeryd_init", "main", "w@here"),
        ("worker_init", "main", "WorkController"),
        ("after_setup_logger", "main", None),
        ("after_setup_task_logger", "main", None),
        ("celeryd_after_setup", "main", "w@here"),
        ("worker_before_create_process", "main", "prefork"),
        ("worker_before_create_process", "child", None),  # in the process that forks the others
        ("worker_process_init", "child", "w@here"),
    ]
    until(lambda: "worker_ready" in [name for name, *_ in notes(home)])


def test_start_signals_have_their_arguments(home: Path) -> None:
    given = {name: arguments for name, _, _, _, arguments in notes(home)}
    assert given["celeryd_init"] == ["conf", "instance", "options"]
    assert given["celeryd_after_setup"] == ["conf", "instance"]
    assert given["after_setup_logger"] == ["colorize", "format", "logfile", "logger", "loglevel"]


def test_queues_can_be_added_when_the_worker_is_set_up(client: Celeriac, running: Command) -> None:
    running.wait_line(r"\.> added_at_setup")
    assert client.send_task("signalled.well", queue="added_at_setup").get(TIMEOUT) is None


def test_a_success(client: Celeriac, home: Path) -> None:
    result = client.send_task("signalled.well")
    order = [("task_received", "main"), ("task_prerun", "child"), ("task_success", "child"), ("task_postrun", "child")]
    assert heard(home, result.id) == order
    found = {name: [sender, given] for name, _, sender, given in notes_of(home, result.id)}
    assert found == {
        "task_received": ["Consumer", ["request"]],
        "task_prerun": ["signalled.well", TASK],
        "task_success": ["signalled.well", ["result", "runtime"]],
        "task_postrun": ["signalled.well", sorted([*TASK, "retval", "state"])],
    }


def test_a_failure(client: Celeriac, home: Path) -> None:
    result = client.send_task("signalled.badly")
    names = ["task_received", "task_prerun", "task_failure", "task_postrun"]
    assert [name for name, _ in heard(home, result.id)] == names
    failure = next(each for each in notes_of(home, result.id) if each[0] == "task_failure")
    assert failure[3] == ["args", "einfo", "exception", "kwargs", "task_id", "traceback"]


def test_a_retry_is_published_like_any_call(client: Celeriac, home: Path) -> None:
    result = client.send_task("signalled.again")
    assert result.get(TIMEOUT) == "added"  # the header that before_task_publish has put in
    assert [name for name, _ in heard(home, result.id, times=2)] == [
        *("task_received", "task_prerun", "before_task_publish", "after_task_publish", "task_retry", "task_postrun"),
        *("task_received", "task_prerun", "task_success", "task_postrun"),
    ]
    retry = next(each for each in notes_of(home, result.id) if each[0] == "task_retry")
    assert retry[3] == ["einfo", "reason", "request"]


@pytest.mark.parametrize(
    ("name", "signals"),
    [
        ("ignored", ["task_received", "task_prerun", "task_postrun"]),
        ("rejected", ["task_received", "task_prerun", "task_failure", "task_postrun"]),
    ],
)
def test_other_ends(client: Celeriac, home: Path, name: str, signals: list[str]) -> None:
    result = client.send_task(f"signalled.{name}")
    assert [signal for signal, _ in heard(home, result.id)] == signals


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_the_worker_alone_tells_of_a_hard_limit(client: Celeriac, store: str, home: Path, pool: str) -> None:
    """Whether its process was killed or the task felt it, the same: one failure, told in the parent."""
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "more")}
    options = ("-c", "1", "-n", "limited@here", "-P", pool, "-Q", pool)
    with worker(home, "scenarios.workers.signalled", *options, environment=environment) as limited:
        result = client.send_task("signalled.lingers", queue=pool, time_limit=0.4)
        with pytest.raises(TimeLimitExceeded):
            result.get(TIMEOUT)
        assert limited.stop() == 0
    found = [(name, place) for name, about, place, *_ in notes(home, "more") if about == result.id]
    assert [each for each in found if each[1] == "main"] == [("task_received", "main"), ("task_failure", "main")]
    told = [name for name, place in found if place == "child"]  # a process may stand still until it is killed
    assert told == ["task_prerun"][: len(told)]


def test_a_task_that_sends_publishes_with_all_arguments(client: Celeriac, home: Path) -> None:
    child = client.send_task("signalled.sends").get(TIMEOUT)
    found = heard(home, child)
    # The worker may have received it before the sender says that it is out: two processes.
    assert [name for name, place in found if place == "main"] == ["task_received"]
    assert [name for name, place in found if place == "child"] == [
        *("before_task_publish", "after_task_publish"),
        *("task_prerun", "task_success", "task_postrun"),
    ]
    assert found[0] == ("before_task_publish", "child")
    before, after = [each for each in notes_of(home, child) if each[0].endswith("_task_publish")]
    arguments = ["body", "declare", "exchange", "headers", "properties", "retry_policy", "routing_key"]
    assert before == ["before_task_publish", "child", "signalled.well", arguments]
    assert after == ["after_task_publish", "child", "signalled.well", ["body", "exchange", "headers", "routing_key"]]
    assert client.AsyncResult(child).get(TIMEOUT) == "added"


def test_what_expired_is_revoked_in_the_parent(client: Celeriac, home: Path) -> None:
    result = client.send_task("signalled.well", expires=datetime.now(UTC) - timedelta(seconds=5))
    assert heard(home, result.id, "task_revoked") == [("task_revoked", "main")]
    assert notes_of(home, result.id)[0][3] == ["expired", "request", "signum", "terminated"]


def test_unknown_and_unreadable_messages_are_told(client: Celeriac, home: Path) -> None:
    unknown = client.send_task("signalled.nowhere")
    assert heard(home, unknown.id, "task_unknown") == [("task_unknown", "main")]
    assert notes_of(home, unknown.id)[0][2] == "Consumer"
    client.send_task("signalled.well", serializer="pickle")
    rejected: Any = until(lambda: [each for each in notes(home) if each[0] == "task_rejected"])
    assert rejected[0][2:] == ["main", "Consumer", ["exc", "message"]]
    assert len(rejected) == 1


def test_a_worker_ends_with_celerys_signals(running: Command, home: Path) -> None:
    assert running.stop() == 0
    last = [each for each in notes(home) if each[0] != "heartbeat_sent"][-3:]  # it beats until its processes are gone
    assert [each[0] for each in last] == ["worker_shutting_down", "worker_process_shutdown", "worker_shutdown"]
    given = {name: [sender, arguments] for name, _, _, sender, arguments in last}
    assert given["worker_shutting_down"] == ["w@here", ["exitcode", "how", "sig"]]
    assert given["worker_process_shutdown"] == ["w@here", ["exitcode", "pid"]]
