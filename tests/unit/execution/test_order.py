"""The order of handlers, signals and hooks around a body, and what becomes of their own errors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from celeriac.core import signals
from celeriac.core.errors import Ignore, Reject, Retry
from celeriac.core.outcome import Ending
from celeriac.execution.plan import make_plan

from .doubles import TASK_ID, App, Diary, Task, message, meta, run

NAMES = ("task_prerun", "task_postrun", "task_success", "task_failure", "task_retry", "task_internal_error")


@contextmanager
def listening(entries: list[Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """Write down the task signals, in `entries` and with their arguments."""
    heard: dict[str, dict[str, Any]] = {}

    def hear(signal: Any = None, sender: Any = None, **named: Any) -> None:
        entries.append((signal.name,))
        heard[signal.name] = {"sender": sender, **named}

    for name in NAMES:
        getattr(signals, name).connect(hear, weak=False, dispatch_uid="test")
    try:
        yield heard
    finally:
        for name in NAMES:
            getattr(signals, name).disconnect(dispatch_uid="test")


def raising(exc: BaseException) -> Any:
    def body(*args: Any, **kwargs: Any) -> None:
        raise exc

    return body


def order(task: Diary) -> list[str]:
    with listening(task.entries):
        run(task, 1)
    return task.called()


def test_a_success_in_celerys_order() -> None:
    assert order(Diary("t")) == [
        "task_prerun", "before_start", "on_success", "task_success", "after_return", "task_postrun",
    ]  # fmt: skip


def test_a_failure_in_celerys_order() -> None:
    assert order(Diary("t", raising(ValueError()))) == [
        "task_prerun", "before_start", "on_failure", "task_failure", "after_return", "task_postrun",
    ]  # fmt: skip


def test_a_retry_has_no_after_return() -> None:
    assert order(Diary("t", raising(Retry()))) == [
        "task_prerun", "before_start", "on_retry", "task_retry", "task_postrun",
    ]  # fmt: skip


def test_an_ignored_run_has_only_the_frame() -> None:
    assert order(Diary("t", raising(Ignore()))) == ["task_prerun", "before_start", "task_postrun"]


def test_a_final_reject_is_told_as_a_failure() -> None:
    assert order(Diary("t", raising(Reject()))) == ["task_prerun", "before_start", "task_failure", "task_postrun"]
    assert order(Diary("t", raising(Reject(requeue=True)))) == ["task_prerun", "before_start", "task_postrun"]


def test_handlers_and_signals_get_celerys_arguments() -> None:
    error = ValueError("no")
    task = Diary("t", raising(error))
    with listening([]) as heard:
        run(task, 1, k=2)
    _before, failure, after = task.entries
    assert failure[:5] == ("on_failure", error, TASK_ID, [1], {"k": 2})
    assert failure[5].exception is error
    assert after[:6] == ("after_return", "FAILURE", error, TASK_ID, [1], {"k": 2})
    told = heard["task_failure"]
    assert (told["sender"], told["task_id"], told["exception"]) == (task, TASK_ID, error)
    assert told["traceback"] is told["einfo"].tb
    postrun = heard["task_postrun"]
    assert (postrun["retval"], postrun["state"], postrun["task"]) == (error, "FAILURE", task)


def test_on_retry_gets_the_cause() -> None:
    cause = ValueError("cause")
    task = Diary("t", raising(Retry(exc=cause, when=1)))
    run(task)
    assert task.entries[1][1] is cause


def test_an_error_in_before_start_is_a_failure_of_the_task() -> None:
    class Bad(Diary):
        def before_start(self, *args: Any) -> None:
            raise RuntimeError("before")

    task = Bad("t")
    outcome = run(task, 1)
    assert outcome.reason == "RuntimeError('before')"
    assert task.called() == ["on_failure", "after_return"]


@pytest.mark.parametrize("handler", ["on_success", "after_return"])
def test_an_error_in_a_handler_is_logged_and_the_success_stays(handler: str, caplog: pytest.LogCaptureFixture) -> None:
    bad = type("Bad", (Diary,), {handler: lambda *a: raising(RuntimeError("in handler"))()})
    outcome = run(bad("t"), 1)
    assert (outcome.ending, meta(outcome)["status"]) == (Ending.RETURNED, "SUCCESS")
    assert f"Task t[{TASK_ID}] {handler} handler raised: RuntimeError('in handler')" in caplog.text


def test_an_error_in_on_failure_does_not_hide_what_the_task_raised() -> None:
    class Bad(Diary):
        def on_failure(self, *args: Any) -> None:
            raise RuntimeError("in handler")

    outcome = run(Bad("t", raising(ValueError("real"))))
    assert outcome.reason == "ValueError('real')"


def test_the_loaders_and_the_backends_hooks_frame_the_run() -> None:
    entries: list[str] = []

    class Loader:
        def on_task_init(self, task_id: str, task: Any) -> None:
            entries.append("init")

        def on_process_cleanup(self) -> None:
            entries.append("cleanup")
            raise RuntimeError("logged, not raised")

    App(Task("t", lambda: entries.append("body")), loader=Loader()).executor().run(message("t"))
    assert entries == ["init", "body", "cleanup"]


def test_hooks_with_an_empty_body_are_left_out_and_others_are_not() -> None:
    class OneHook(Task):
        def on_success(self, *args: Any) -> None:
            args[0]

    plan = make_plan(OneHook("t"), "t")
    assert plan.on_success is not None
    assert (plan.before_start, plan.on_failure, plan.on_retry, plan.after_return) == (None,) * 4


def logged(caplog: pytest.LogCaptureFixture, task: Any) -> tuple[str, str]:
    with caplog.at_level(logging.INFO, "celeriac.app.trace"):
        run(task, 7)
    (record,) = caplog.records
    return record.levelname, record.getMessage()


@pytest.mark.parametrize(
    ("body", "level", "words"),
    [
        (lambda x: x, "INFO", "succeeded in 0.0s: 7"),
        (raising(ValueError("no")), "ERROR", "raised unexpected: ValueError('no')"),
        (raising(KeyError("k")), "INFO", "raised expected: KeyError('k')"),
        (raising(Retry(exc=ValueError("no"), when=3)), "INFO", "retry: Retry in 3s: ValueError('no')"),
        (raising(Ignore()), "INFO", "ignored"),
        (raising(Reject("no good")), "WARNING", "reject requeue=False: no good"),
    ],
)
def test_ends_are_logged_in_celerys_words(caplog: pytest.LogCaptureFixture, body: Any, level: str, words: str) -> None:
    assert logged(caplog, Task("t", body, throws=(KeyError,))) == (level, f"Task t[{TASK_ID}] {words}")


def test_the_words_of_logs_can_be_replaced(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celeriac.execution.texts.LOG_SUCCESS", "done: %(name)s gave %(return_value)s")
    assert logged(caplog, Task("t")) == ("INFO", "done: t gave 7")


def test_a_shadow_name_is_what_logs_show(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "celeriac.app.trace"):
        App(Task("t")).executor().run(message("t", 1, call={"shadow": "other"}))
    assert f"Task other[{TASK_ID}] succeeded" in caplog.text
