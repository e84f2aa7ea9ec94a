"""What the process that did not run a task says about its end."""

from typing import Any

from celeriac.core import signals
from celeriac.core.outcome import Ending

from .doubles import App, Backend, Task, message, meta

RAW = message("t", 1, k=2)


def verdict(name: str, *args: Any, app: App | None = None, **kwargs: Any) -> Any:
    return getattr((app or App(Task("t"))).verdicts(), name)(RAW, *args, **kwargs)


def test_a_lost_run_that_gets_another_chance_stores_nothing() -> None:
    outcome = verdict("lost", "signal 9", final=False)
    assert (outcome.ending, outcome.record, outcome.reason) == (Ending.LOST, None, "signal 9")


def test_a_run_lost_for_good_is_a_failure() -> None:
    outcome = verdict("lost", "signal 9", final=True)
    assert outcome.ending is Ending.LOST
    assert repr(meta(outcome)["result"]) == "WorkerLostError('signal 9')"


def test_a_run_over_its_hard_limit_is_a_failure() -> None:
    outcome = verdict("timed_out", 5.0)
    assert outcome.ending is Ending.TIMED_OUT
    assert repr(meta(outcome)["result"]) == "TimeLimitExceeded(5.0)"


def test_expired_revoked_and_terminated_are_revoked() -> None:
    cases: list[tuple[Any, str]] = [
        ({"expired": True}, "expired"),
        ({}, "revoked"),
        ({"terminated": True}, "terminated"),
    ]
    for options, word in cases:
        outcome = verdict("revoked", **options)
        assert (outcome.ending, outcome.reason, meta(outcome)["status"]) == (Ending.REVOKED, word, "REVOKED")


def test_failures_in_the_parent_are_signalled_with_the_arguments() -> None:
    heard: list[Any] = []
    signals.task_failure.connect(lambda **named: heard.append(named), weak=False, dispatch_uid="test")
    try:
        verdict("timed_out", 5.0)
    finally:
        signals.task_failure.disconnect(dispatch_uid="test")
    (told,) = heard
    assert (told["args"], told["kwargs"], told["sender"].name) == ([1], {"k": 2}, "t")


def test_what_cannot_be_read_at_all_still_has_a_verdict() -> None:
    verdicts = App().verdicts()
    assert verdicts.unknown(b"").ending is Ending.REFUSED
    assert verdicts.lost(b"", "signal 9", final=True).record is None
    assert verdicts.revoked(b"").ending is Ending.REVOKED


def test_without_a_result_store_verdicts_have_no_records() -> None:
    assert verdict("timed_out", 5.0, app=App(Task("t"), backend=Backend(enabled=False))).record is None


def test_ignored_results_have_no_verdicts_stored() -> None:
    raw = message("t", call={"ignore_result": True})
    assert App(Task("t")).verdicts().timed_out(raw, 5.0).record is None
    keeps = Task("t", store_errors_even_if_ignored=True)
    assert App(keeps).verdicts().timed_out(raw, 5.0).record is not None
