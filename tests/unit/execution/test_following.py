"""What follows a run goes with its outcome; who can't be told makes the run be repeated."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from celeriac.core.errors import Ignore, Reject, Retry
from celeriac.core.join import OpenJoin, Sequel
from celeriac.core.message import Message, Post, Route
from celeriac.core.outcome import Ending
from celeriac.current import Context
from celeriac.execution import Followed, Unfinished

from .doubles import App, Diary, Task, message, meta

CHAIN: dict[str, Any] = {"chain": [{"task": "next"}]}


def post(name: str) -> Post:
    return Post(Message({"task": name}, {}, b""), Route("celery"))


class Follower:
    """Notes what it is asked, and says always the same."""

    def __init__(self, posts: Sequence[Post] = (), sequels: Sequence[Sequel] = (), error: Exception | None = None):
        self.asked: list[tuple[str, Any]] = []
        self._followed = Followed(posts, sequels)
        self._error = error

    def __call__(self, request: Context, state: str, value: Any) -> Followed:
        self.asked.append((state, value))
        if self._error is not None:
            raise self._error
        return self._followed


def test_a_run_without_followers_asks_nobody() -> None:
    follow = Follower((post("next"),))
    outcome = App(Task("t")).executor(follow=follow).run(message("t", 1))
    assert (follow.asked, outcome.posts, outcome.sequels) == ([], (), ())


def test_what_follows_a_success_goes_with_it() -> None:
    sequel = Sequel(group="g", owner="me")
    follow = Follower((post("next"),), (sequel,))
    outcome = App(Task("t")).executor(follow=follow).run(message("t", 1, call=CHAIN))
    assert follow.asked == [("SUCCESS", 1)]
    assert (outcome.ending, outcome.posts, outcome.sequels) == (Ending.RETURNED, (post("next"),), (sequel,))


def test_what_follows_a_failure_goes_with_it() -> None:
    def fail() -> None:
        raise ValueError("no")

    follow = Follower((post("errback"),))
    outcome = App(Task("t", fail)).executor(follow=follow).run(message("t", call=CHAIN))
    ((state, error),) = follow.asked
    assert (state, repr(error), outcome.posts) == ("FAILURE", "ValueError('no')", (post("errback"),))


def test_messages_of_its_own_go_before_what_follows() -> None:
    task = Task("t", lambda: task.request.outbox.append(post("own")))
    outcome = App(task).executor(follow=Follower((post("next"),))).run(message("t", call=CHAIN))
    assert outcome.posts == (post("own"), post("next"))


def test_a_follower_that_fails_makes_a_success_a_failure() -> None:
    follow = Follower(error=KeyError("what to call"))
    outcome = App(Task("t")).executor(follow=follow).run(message("t", 1, call=CHAIN))
    assert [state for state, _ in follow.asked] == ["SUCCESS", "FAILURE"]
    assert (outcome.ending, meta(outcome)["status"]) == (Ending.RAISED, "FAILURE")


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_whose_end_cannot_be_told_is_repeated_and_its_handlers_hear_nothing(fails: bool) -> None:
    def body() -> None:
        if fails:
            raise ValueError("no")

    task = Diary("t", body)
    outcome = App(task).executor(follow=Follower(error=Unfinished("the store is away"))).run(message("t", call=CHAIN))
    assert (outcome.ending, outcome.requeue, outcome.record) == (Ending.REJECTED, True, None)
    assert outcome.reason == "the store is away"
    assert task.called() == ["before_start"]


@pytest.mark.parametrize(
    ("raised", "asked"), [(Ignore(), []), (Reject("no", requeue=True), []), (Reject("no"), ["FAILURE"]), (Retry(), [])]
)
def test_only_ends_are_followed(raised: Exception, asked: list[str]) -> None:
    def body() -> None:
        raise raised

    follow = Follower()
    App(Task("t", body)).executor(follow=follow).run(message("t", call=CHAIN))
    assert [state for state, _ in follow.asked] == asked


def test_it_is_said_that_nothing_follows_an_ignored_run(caplog: pytest.LogCaptureFixture) -> None:
    def body() -> None:
        raise Ignore

    executor = App(Task("t", body)).executor(follow=Follower())
    executor.run(message("t"))
    assert caplog.records == []
    executor.run(message("t", call=CHAIN))
    assert "ended with Ignore: what was to follow it" in caplog.text


@pytest.mark.parametrize("raised", [Ignore(), Retry(), None])
def test_joins_are_opened_with_the_messages_that_need_them(raised: Exception | None) -> None:
    def body() -> None:
        task.request.outbox.append(post("part"))
        task.request.opens = [OpenJoin("g", 2)]
        if raised is not None:
            raise raised

    task = Task("t", body)
    outcome = App(task).executor(follow=Follower()).run(message("t"))
    assert (outcome.posts, outcome.sequels) == ((post("part"),), (Sequel(opens=(OpenJoin("g", 2),)),))


def test_a_join_grows_at_once_when_the_run_that_added_to_it_is_tried_again() -> None:
    def body() -> None:
        task.request.outbox.append(post("part"))
        task.request.adds = 1
        raise Retry

    task = Task("t", body)
    call = {"group_id": "g", "chord": {"task": "body"}}
    outcome = App(task).executor(follow=Follower()).run(message("t", call=call))
    assert outcome.sequels == (Sequel(grows=(OpenJoin("g", 1),)),)


def test_a_message_with_followers_is_run_again_though_it_has_succeeded() -> None:
    """Its success may be stored, and what follows it not be sent."""
    app = App(Task("t"), worker_deduplicate_successful_tasks=True)
    follow = Follower()
    executor = app.executor(follow=follow)
    app.backend.states[executor.run(message("t", 1)).record.id] = "SUCCESS"
    assert executor.run(message("t", 1), redelivered=True).ending is Ending.IGNORED
    assert executor.run(message("t", 1, call=CHAIN), redelivered=True).ending is Ending.RETURNED
    assert follow.asked == [("SUCCESS", 1)]


def test_what_never_ran_is_followed_too() -> None:
    app = App(Task("t"))
    verdicts = app.verdicts()
    verdicts.follow = follow = Follower((post("errback"),))
    raw = message("t", call=CHAIN)
    outcomes = [
        verdicts.lost(raw, "died", final=True),
        verdicts.timed_out(raw, 1.0),
        verdicts.revoked(raw),
        verdicts.refused(raw, ValueError("bad")),
        verdicts.unknown(message("unknown", call=CHAIN)),
    ]
    assert [outcome.posts for outcome in outcomes] == [(post("errback"),)] * 5
    assert [state for state, _ in follow.asked] == ["FAILURE", "FAILURE", "REVOKED", "FAILURE", "FAILURE"]
    assert verdicts.lost(raw, "died", final=False).posts == ()
    assert len(follow.asked) == 5


def test_in_an_event_loop_followers_are_asked_from_a_thread() -> None:
    """Counting a part waits for a server, and the loop must not."""
    loops: list[bool] = []

    def follow(request: Context, state: str, value: Any) -> Followed:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loops.append(False)
        else:
            loops.append(True)
        return Followed()

    async def body() -> int:
        return 1

    async def failing() -> None:
        raise ValueError("no")

    executor = App(Task("t", body), Task("f", failing)).executor(follow=follow)
    for name in ("t", "f"):
        asyncio.run(executor.arun(message(name, call=CHAIN)))
    executor.close()
    assert loops == [False, False]
