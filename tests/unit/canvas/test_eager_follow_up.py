"""What follows a task that is run where it is called: run at once in eager mode, sent otherwise."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac import Celeriac

_numbers = itertools.count()
called: list[Any] = []


@pytest.fixture
def app() -> Iterator[Celeriac]:
    called.clear()
    url = f"memory://eager{next(_numbers)}"
    with Celeriac("eager", broker=url, backend=url, set_as_current=False) as app:

        @app.task(name="add")
        def add(x: int, y: int = 0) -> int:
            return x + y

        @app.task(name="fail")
        def fail() -> None:
            raise ValueError("no")

        @app.task(name="note")
        def note(*args: Any) -> None:
            called.append(args)

        @app.task(name="old", bind=True)
        def old(self: Any, task_id: str) -> None:
            called.append(("old", task_id, self.request.parent_id))

        yield app


def waiting(app: Celeriac) -> int:
    transport = app.transports.write
    assert transport.broker is not None
    return int(transport.link().run(transport.broker.count(["celery"]), 5)["celery"])


def test_in_eager_mode_links_run_at_once(app: Celeriac) -> None:
    app.conf.task_always_eager = True
    result = app.tasks["add"].apply_async((1, 1), link=[app.tasks["note"].s(), app.tasks["note"].si("fixed")])
    assert (result.get(), called) == (2, [(2,), ("fixed",)])


def test_in_eager_mode_errbacks_of_both_styles_run_at_once(app: Celeriac) -> None:
    app.conf.task_always_eager = True
    result = app.tasks["fail"].apply_async(link_error=[app.tasks["note"].s(), app.tasks["old"].s()])
    (request, error, traceback), old = called
    assert (request.id, repr(error)) == (result.id, "ValueError('no')")
    assert "ValueError: no" in traceback
    assert old == ("old", result.id, result.id)


def test_outside_eager_mode_what_follows_an_applied_task_is_sent(app: Celeriac) -> None:
    assert app.tasks["add"].apply((1, 1), link=app.tasks["note"].s()).get() == 2
    assert (called, waiting(app)) == ([], 1)


def test_a_task_without_followers_sends_nothing(app: Celeriac) -> None:
    assert app.tasks["add"].apply((1, 1)).get() == 2
    assert (called, waiting(app)) == ([], 0)
