"""How long a worker's results and dead letters are kept, what more is kept with them, and which contents it reads."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from celeriac import Celeriac
from celeriac.exceptions import TimeoutError as ResultTimeout

from .letters import letters
from .running import until, worker

TIMEOUT = 60
PROGRAM = """
from celeriac import Celeriac

app = Celeriac("keeping", broker={store!r}, backend={store!r})
app.conf.update({settings!r})


@app.task(name="keeping.echo", bind=True)
def echo(self, *args, **kwargs):
    return [args, kwargs]
"""
CONTENTS = ["json", "pickle", "msgpack", "yaml"]


def program(folder: Path, store: str, **settings: Any) -> None:
    (folder / "keeping.py").write_text(PROGRAM.format(store=store, settings=settings))


def expiry(store: str, task_id: str) -> float | None:
    """Seconds until the store forgets this result; None if it is gone already."""
    if store.startswith("sqlite"):
        with sqlite3.connect(store.removeprefix("sqlite:///"), timeout=10) as connection:
            row = connection.execute("SELECT expires FROM results WHERE id = ?", (task_id,)).fetchone()
        return None if row is None else float(row[0] - time.time())
    with redis.Redis.from_url(store) as server:
        left = int(server.pttl(f"celery-task-meta-{task_id}"))
    return None if left == -2 else left / 1000


@pytest.fixture(scope="module")
def accepting(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celeriac]:
    """The client of a worker that reads everything, and stores all it knows."""
    folder = tmp_path_factory.mktemp("accepting")
    program(folder, store, accept_content=CONTENTS, result_extended=True, task_default_queue="accepting")
    environment = {"C_FORCE_ROOT": "1"}  # it reads pickle
    with (
        worker(folder, "keeping", "-c", "1", "-n", "accepting@here", environment=environment),
        Celeriac("client", broker=store, backend=store, task_default_queue="accepting", set_as_current=False) as app,
    ):
        yield app


@pytest.mark.parametrize("serializer", CONTENTS)
def test_a_worker_reads_every_content_that_accept_content_names(accepting: Celeriac, serializer: str) -> None:
    result = accepting.send_task("keeping.echo", (1, "two"), {"three": [3.5]}, serializer=serializer)
    assert result.get(TIMEOUT) == [[1, "two"], {"three": [3.5]}]
    assert result.id not in letters(accepting)


def test_extended_results_tell_what_was_called_where_and_how(accepting: Celeriac) -> None:
    result = accepting.send_task("keeping.echo", (1,), {"two": 2}, retries=1)
    result.get(TIMEOUT)
    assert (result.name, result.args, result.kwargs) == ("keeping.echo", [1], {"two": 2})
    assert (result.worker, result.retries, result.queue) == ("accepting@here", 1, "accepting")


def test_a_result_is_kept_for_a_day_where_nothing_else_is_said(accepting: Celeriac, store: str) -> None:
    result = accepting.send_task("keeping.echo")
    result.get(TIMEOUT)
    left = expiry(store, result.id)
    assert left is not None
    assert 86_400 - 60 < left <= 86_400


def test_a_worker_throws_away_what_is_past_its_time(store: str, tmp_path: Path) -> None:
    program(tmp_path, store, result_expires=2, dead_letter_ttl=2, task_default_queue="short")
    with (
        worker(tmp_path, "keeping", "-c", "1") as running,
        Celeriac("client", broker=store, backend=store, task_default_queue="short", set_as_current=False) as app,
    ):
        refused = app.send_task("keeping.nothing")

        def seen() -> Any:
            """A result that was there; who comes too late for it calls again."""
            result = app.send_task("keeping.echo")
            with suppress(ResultTimeout):
                return result if result.get(5) == [[], {}] else None

        result = until(seen)
        until(lambda: expiry(store, result.id) is None, told=lambda: running.text)
        until(lambda: refused.id not in letters(app), told=lambda: running.text)
        running.wait_line(r"Threw away \d+ dead letter\(s\) past their time")
