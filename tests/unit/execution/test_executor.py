"""A run from the message's bytes to its Outcome: returned, raised, retried, ignored, rejected."""

from typing import Any

import pytest

from celeriac.core.errors import Ignore, Reject, Retry, Terminated, WorkerShutdown
from celeriac.core.message import Message, Post, Route
from celeriac.core.outcome import Ending
from celeriac.current import get_current_task

from .doubles import TASK_ID, App, Backend, Task, message, meta, run

POST = Post(Message({}, {}, b""), Route("celery"))


def raising(exc: BaseException) -> Any:
    def body(*args: Any, **kwargs: Any) -> None:
        raise exc

    return body


def test_what_the_task_returns_is_the_record_of_a_success() -> None:
    outcome = run(Task("add", lambda x, y: x + y), 2, y=3)
    assert outcome.ending is Ending.RETURNED
    assert outcome.record is not None
    assert (outcome.record.id, outcome.record.state, outcome.record.ttl) == (TASK_ID, "SUCCESS", 86400.0)
    found = meta(outcome)
    assert (found["status"], found["result"], found["task_id"]) == ("SUCCESS", 5, TASK_ID)


def test_what_the_task_raises_is_the_record_of_a_failure() -> None:
    outcome = run(Task("bad", raising(ValueError("no", 1))))
    assert (outcome.ending, outcome.reason) == (Ending.RAISED, "ValueError('no', 1)")
    found = meta(outcome)
    assert found["status"] == "FAILURE"
    assert repr(found["result"]) == "ValueError('no', 1)"
    assert found["traceback"] == outcome.traceback


def test_the_traceback_begins_in_the_task_and_not_in_this_package() -> None:
    text = run(Task("bad", raising(ValueError("no")))).traceback
    assert text is not None
    assert text.splitlines()[1].lstrip().startswith(f'File "{__file__}"')
    assert "celeriac/execution" not in text


@pytest.mark.parametrize("exc", [MemoryError("full"), SystemExit(3), KeyboardInterrupt(), RecursionError("deep")])
def test_no_exception_of_a_task_ends_the_process_that_runs_it(exc: BaseException) -> None:
    outcome = run(Task("bad", raising(exc)))
    assert outcome.ending is Ending.RAISED
    assert outcome.record is not None
    assert outcome.record.state == "FAILURE"


def test_the_workers_own_shutdown_is_not_taken_for_a_failure_of_the_task() -> None:
    with pytest.raises(WorkerShutdown):
        run(Task("bad", raising(WorkerShutdown(0))))
    assert get_current_task() is None


def test_a_retry_sends_what_is_in_the_outbox_with_its_end() -> None:
    def again() -> None:
        assert task.request.outbox is not None
        task.request.outbox.append(POST)
        raise Retry("later", exc=ValueError("cause"), when=3)

    task = Task("again", again)
    outcome = run(task)
    assert (outcome.ending, outcome.posts, outcome.reason) == (Ending.RETRIED, (POST,), "ValueError('cause')")
    found = meta(outcome)
    assert (found["status"], repr(found["result"])) == ("RETRY", "ValueError('cause')")


def test_a_message_put_in_the_outbox_goes_out_even_if_the_task_returns() -> None:
    def body() -> int:
        assert task.request.outbox is not None
        task.request.outbox.append(POST)
        return 1

    task = Task("both", body)
    assert run(task).posts == (POST,)


def test_ignore_leaves_no_record() -> None:
    outcome = run(Task("ignored", raising(Ignore())))
    assert (outcome.ending, outcome.record) == (Ending.IGNORED, None)


def test_a_final_reject_is_a_failure_to_whoever_waits() -> None:
    outcome = run(Task("rejected", raising(Reject("no good"))))
    assert (outcome.ending, outcome.requeue, outcome.reason) == (Ending.REJECTED, False, "no good")
    assert meta(outcome)["status"] == "FAILURE"


def test_a_reject_back_to_the_queue_is_no_end() -> None:
    outcome = run(Task("rejected", raising(Reject("again", requeue=True))))
    assert (outcome.ending, outcome.requeue, outcome.record) == (Ending.REJECTED, True, None)


def test_a_run_ended_by_request_is_revoked() -> None:
    outcome = run(Task("ended", raising(Terminated("SIGTERM"))))
    assert outcome.ending is Ending.REVOKED
    assert meta(outcome)["status"] == "REVOKED"


def test_a_result_that_cannot_be_written_is_a_failure() -> None:
    outcome = run(Task("odd", lambda: object()))
    assert outcome.ending is Ending.RAISED
    found = meta(outcome)
    assert (found["status"], type(found["result"]).__name__) == ("FAILURE", "EncodeError")


def test_an_exception_that_cannot_be_written_is_still_a_failure_of_its_name() -> None:
    class Odd(Exception):
        def __repr__(self) -> str:
            raise RuntimeError

    outcome = run(Task("odd", raising(Odd(object()))))
    found = meta(outcome)
    assert found["status"] == "FAILURE"
    assert type(found["result"]).__name__ == "Odd"


def test_an_exception_whose_text_cannot_be_made_is_still_a_failure() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert meta(run(Task("odd", raising(Odd(1)))))["status"] == "FAILURE"


@pytest.mark.parametrize(
    ("header", "option", "stored"),
    [(True, False, False), (False, True, True), (None, True, False), (None, False, True)],
)
def test_the_call_decides_whether_the_result_is_stored_and_the_task_where_the_call_is_silent(
    header: bool | None, option: bool, stored: bool
) -> None:
    task = Task("t", lambda: 1, ignore_result=option)
    outcome = App(task).executor().run(message("t", call={"ignore_result": header}))
    assert (outcome.record is not None) is stored


def test_errors_of_ignored_results_are_stored_if_the_task_wants_that() -> None:
    task = Task("t", raising(ValueError()), ignore_result=True, store_errors_even_if_ignored=True)
    outcome = App(task).executor().run(message("t", call={"ignore_result": True}))
    assert meta(outcome)["status"] == "FAILURE"


def test_without_a_result_store_there_are_no_records() -> None:
    executor = App(Task("t"), backend=Backend(enabled=False)).executor()
    assert executor.run(message("t", 1)).record is None


def test_failures_may_have_a_time_to_live_of_their_own() -> None:
    executor = App(Task("t", raising(ValueError())), result_failure_expires=60).executor()
    outcome = executor.run(message("t"))
    assert outcome.record is not None
    assert outcome.record.ttl == 60.0


def test_extended_results_say_what_was_called() -> None:
    executor = App(Task("t"), result_extended=True).executor()
    found = meta(executor.run(message("t", 1, k=2, call={"retries": 2})))
    assert {key: found[key] for key in ("name", "args", "kwargs", "worker", "retries", "queue")} == {
        "name": "t",
        "args": [1],
        "kwargs": {"k": 2},
        "worker": "worker@host",
        "retries": 2,
        "queue": "celery",
    }


def test_the_results_of_tasks_that_were_sent_are_the_children() -> None:
    class Sent:
        def as_tuple(self) -> Any:
            return (("child", None), None)

    def body() -> None:
        task.request.children.append(Sent())

    task = Task("parent", body)
    assert meta(run(task))["children"] == [[["child", None], None]]


def test_started_is_stored_at_once_if_the_task_is_tracked() -> None:
    app = App(Task("t", lambda: seen.extend(app.backend.stored), track_started=True))
    seen: list[Any] = []
    app.executor().run(message("t"))
    (stored,) = seen
    assert (stored[0], stored[2], sorted(stored[1])) == (TASK_ID, "STARTED", ["hostname", "pid"])


def test_a_store_that_fails_at_started_does_not_stop_the_run(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Backend):
        def store_result(self, task_id: str, result: Any, state: str, **options: Any) -> None:
            raise OSError("gone")

    app = App(Task("t", lambda: 1, track_started=True), backend=Broken())
    assert app.executor().run(message("t")).ending is Ending.RETURNED
    assert "STARTED was not stored" in caplog.text


def test_a_redelivered_message_that_had_succeeded_is_not_run_again_where_that_is_asked_for() -> None:
    runs: list[int] = []
    app = App(Task("t", lambda: runs.append(1)), worker_deduplicate_successful_tasks=True)
    app.backend.states[TASK_ID] = "SUCCESS"
    executor = app.executor()
    assert executor.run(message("t"), redelivered=True).ending is Ending.IGNORED
    assert not runs
    assert executor.run(message("t"), redelivered=False).ending is Ending.RETURNED
    assert runs == [1]


def test_an_overridden_call_is_called_instead_of_run() -> None:
    class Wrapped(Task):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return ["wrapped", self.run(*args, **kwargs)]

    assert meta(run(Wrapped("t", lambda: 1)))["result"] == ["wrapped", 1]


def test_run_may_be_replaced_between_two_runs() -> None:
    task = Task("t", lambda: 1)
    executor = App(task).executor()
    executor.run(message("t"))
    task.__dict__["run"] = lambda: 2
    assert meta(executor.run(message("t")))["result"] == 2


def test_the_current_task_and_its_request_are_there_in_the_body_and_gone_after_it() -> None:
    seen: list[Any] = []

    def body() -> None:
        request = task.request
        seen.extend([get_current_task(), request.id, request.called_directly, request.hostname])
        seen.append(request.delivery_info)

    task = Task("t", body)
    App(task).executor().run(message("t"), redelivered=True)
    info = {"exchange": "", "routing_key": "celery", "priority": 0, "redelivered": True}
    assert seen == [task, TASK_ID, False, "worker@host", info]
    assert get_current_task() is None


def test_custom_headers_are_attributes_of_the_request() -> None:
    seen: list[Any] = []
    task = Task("t", lambda: seen.extend([task.request.my, task.request.headers]))
    App(task).executor().run(message("t", call={"headers": {"my": "own"}}))
    assert seen == ["own", {"my": "own"}]


def test_results_are_shown_for_events_only_if_asked_for() -> None:
    executor = App(Task("t", lambda: "x" * 5000)).executor()
    assert executor.run(message("t")).result == ""
    executor.send_results = True
    assert len(executor.run(message("t")).result) == 1024
