"""Running: eager calls, retries inside and outside a worker, autoretry and pydantic."""

import asyncio

import pytest

from celeriac.app.autoretry import backoff
from celeriac.core.errors import MaxRetriesExceededError, Reject, Retry
from celeriac.core.outcome import Ending


def test_apply_runs_here_and_now(app) -> None:
    @app.task(bind=True)
    def task(self, x, y=0):
        request = self.request
        return x + y, request.is_eager, request.called_directly, request.retries, request.root_id == request.id

    result = task.apply((1,), {"y": 2})
    assert result.get() == (3, True, False, 0, True)
    assert (result.state, result.ready(), result.successful(), result.name) == ("SUCCESS", True, True, task.name)


def test_apply_runs_coroutine_functions(app) -> None:
    @app.task
    async def task(x):
        await asyncio.sleep(0)
        return x

    assert task.apply((5,)).get() == 5


def test_apply_keeps_what_the_task_raised(app) -> None:
    @app.task
    def task():
        raise KeyError("gone")

    result = task.apply()
    assert (result.state, result.failed()) == ("FAILURE", True)
    assert "KeyError" in result.traceback
    with pytest.raises(KeyError):
        result.get()
    assert isinstance(result.get(propagate=False), KeyError)
    with pytest.raises(KeyError):
        task.apply(throw=True)


def test_eager_mode_runs_calls_where_they_are_made(app, hand) -> None:
    app.conf.task_always_eager = True

    @app.task(bind=True)
    def task(self, pair):
        return self.request.id, type(pair)

    result = task.apply_async(((1, 2),), task_id="mine")
    assert result.get() == ("mine", list)  # JSON has no tuples: a test should find out
    assert hand.messages() == []


async def test_eager_mode_holds_for_async_calls_too(app) -> None:
    app.conf.task_always_eager = True

    @app.task
    async def task(x):
        return x

    assert await (await task.adelay(3)) == 3


def test_eager_results_are_stored_if_that_is_wanted(app) -> None:
    @app.task(store_eager_result=True)
    def task():
        return "kept"

    result = task.apply()
    assert app.AsyncResult(result.id).get(timeout=1) == "kept"


def test_eager_errors_propagate_if_that_is_wanted(app) -> None:
    app.conf.task_always_eager = app.conf.task_eager_propagates = True

    @app.task
    def task():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        task.delay()


def test_eager_retries_run_at_once(app) -> None:
    tries = []

    @app.task(bind=True, max_retries=3)
    def task(self, x):
        tries.append((self.request.retries, self.request.id))
        if len(tries) < 3:
            raise self.retry(countdown=1000)
        return x

    result = task.apply((7,))
    assert result.get() == 7
    assert [number for number, _ in tries] == [0, 1, 2]
    assert len({task_id for _, task_id in tries}) == 1


def test_retry_outside_a_worker_raises_the_error(app) -> None:
    @app.task(bind=True)
    def task(self, exc=None):
        raise self.retry(exc=exc)

    with pytest.raises(KeyError):
        task(KeyError("mine"))
    with pytest.raises(Retry):
        task()


def test_a_retry_travels_with_the_end_of_its_run(app, hand) -> None:
    @app.task(bind=True, name="t")
    def task(self, x, y=0):
        raise self.retry(exc=KeyError("again"), countdown=30)

    result = task.apply_async((1,), {"y": 2}, priority=4, headers={"mine": 1}, queue="q", time_limit=60)
    executor_outcome = hand.work("q")[0]
    assert executor_outcome.ending is Ending.RETRIED
    (post,) = executor_outcome.posts
    headers = post.message.headers
    assert (headers["id"], headers["retries"], headers["mine"]) == (result.id, 1, 1)
    assert headers["timelimit"] == [60, None]
    assert post.route.routing_key == "q"
    assert post.priority == 4
    assert post.due is not None
    assert headers["eta"] is not None
    assert result.state == "RETRY"
    assert isinstance(result.info, KeyError)


def test_a_retry_may_change_arguments_and_queue(app, hand) -> None:
    @app.task(bind=True)
    def task(self, x):
        raise self.retry(args=(x + 1,), countdown=0, queue="other")

    task.delay(1)
    hand.work()
    (outcome,) = hand.work("other")
    assert outcome.posts[0].message.body.startswith(b"[[3]")


def test_after_enough_tries_the_error_is_raised(app, hand) -> None:
    @app.task(bind=True, max_retries=1)
    def task(self, error):
        raise self.retry(exc=ValueError("final") if error else None, countdown=0)

    with_error, without = task.delay(True), task.delay(False)
    hand.work()
    hand.work()
    with pytest.raises(ValueError, match="final"):
        with_error.get(timeout=1)
    with pytest.raises(MaxRetriesExceededError, match="Can't retry"):
        without.get(timeout=1)


def test_retry_for_ever_is_possible(app, hand) -> None:
    @app.task(bind=True, max_retries=None)
    def task(self):
        raise self.retry(countdown=0)

    task.apply_async(retries=1000)
    assert hand.work()[0].posts[0].message.headers["retries"] == 1001


def test_a_retry_that_cannot_be_written_is_rejected(app, hand) -> None:
    @app.task(bind=True)
    def task(self):
        raise self.retry(args=(object(),))

    task.delay()
    (outcome,) = hand.work()
    assert (outcome.ending, outcome.requeue) == (Ending.REJECTED, False)


def test_retry_without_throw_returns(app, hand) -> None:
    @app.task(bind=True)
    def task(self):
        self.retry(throw=False, countdown=0)
        return "went on"

    result = task.delay()
    (outcome,) = hand.work()
    assert len(outcome.posts) == 1
    assert result.get(timeout=1) == "went on"


def test_autoretry_retries_what_it_names(app, hand) -> None:
    @app.task(autoretry_for=(OSError,), dont_autoretry_for=(FileNotFoundError,), retry_kwargs={"countdown": 0})
    def task(error):
        raise {"os": OSError, "file": FileNotFoundError, "reject": Reject, "value": ValueError}[error]("x")

    for error in ("os", "file", "reject", "value"):
        task.delay(error)
    endings = [outcome.ending for outcome in hand.work()]
    assert endings == [Ending.RETRIED, Ending.RAISED, Ending.REJECTED, Ending.RAISED]


def test_autoretry_works_for_coroutine_functions_and_classes(app, hand) -> None:
    class Base(app.Task):
        autoretry_for = (OSError,)
        retry_kwargs = {"countdown": 0}

    @app.task(base=Base)
    async def task():
        raise OSError

    class Own(app.Task):
        def run(self):
            raise OSError

    own = app.register_task(Own(), autoretry_for=(OSError,), retry_kwargs={"countdown": 0})
    task.delay()
    own.delay()
    assert [outcome.ending for outcome in hand.work()] == [Ending.RETRIED, Ending.RETRIED]


def test_autoretry_called_directly_raises_the_error(app) -> None:
    @app.task(autoretry_for=(Exception,))
    def task():
        raise OSError("direct")

    with pytest.raises(OSError, match="direct"):
        task()


def test_backoff_doubles_up_to_its_maximum() -> None:
    def pick(low, high):
        return high // 2

    assert [backoff(2, retries, 20, False, pick) for retries in range(6)] == [2, 4, 8, 16, 20, 20]
    assert backoff(1, 10_000_000, 600, False, pick) == 600
    assert backoff(1, 4, 600, True, pick) == 8


def test_backoff_decides_when_the_next_try_is(app, hand) -> None:
    @app.task(autoretry_for=(OSError,), retry_backoff=5, retry_jitter=False)
    def task():
        raise OSError

    task.apply_async(retries=2)
    message = hand.work()[0].posts[0]
    assert message.due is not None


def test_update_state_is_seen_by_whoever_asks(app, hand) -> None:
    states = []

    @app.task(bind=True)
    def task(self):
        self.update_state(state="PROGRESS", meta={"done": 3})
        states.append((result.state, result.info))

    result = task.delay()
    hand.work()
    assert states == [("PROGRESS", {"done": 3})]
    assert result.state == "SUCCESS"


def test_pydantic_arguments_arrive_as_models(app, hand) -> None:
    from pydantic import BaseModel

    class Point(BaseModel):
        x: int

    @app.task(pydantic=True)
    def task(point: Point, other: Point | None = None, plain: int = 0) -> Point:
        assert isinstance(point, Point)
        assert other is None or isinstance(other, Point)
        return Point(x=point.x + plain)

    assert task.delay({"x": 1}, plain=1) != task.delay(Point(x=4), other={"x": 2})
    outcomes = hand.work()
    assert [outcome.ending for outcome in outcomes] == [Ending.RETURNED, Ending.RETURNED]
    sent = task.delay(Point(x=4))
    hand.work()
    assert sent.get(timeout=1) == {"x": 4}


def test_pydantic_refuses_what_is_no_model(app, hand) -> None:
    from pydantic import BaseModel

    class Point(BaseModel):
        x: int

    @app.task(pydantic=True, bind=True, pydantic_strict=True)
    def task(self, point: Point):
        return point.x

    result = task.delay({"x": "no"})
    hand.work()
    assert result.state == "FAILURE"
    good = task.delay({"x": 3})
    hand.work()
    assert good.get(timeout=1) == 3


def test_pydantic_reads_hints_that_are_text(app, hand) -> None:
    from models_in_text import deliver

    result = deliver.delay({"number": 7})
    hand.work()
    assert result.get(timeout=1) == {"number": 7}
