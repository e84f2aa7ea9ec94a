"""Workers in a test's own process: started and stopped many times, they leave nothing behind."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.core.errors import TimeoutError
from celeriac.testing.app import TestApp
from celeriac.testing.worker import start_worker
from servers.redis_server import RedisServer

from .workers.running import until

TIMES = 12
MAY_END = threading.Event()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Celeriac]:
    """An app with tasks, on each kind of broker."""
    if request.param == "redis":
        with RedisServer() as server, made({"broker_url": server.url, "result_backend": server.url}) as app:
            yield app
        return
    url = f"sqlite:///{tmp_path}/tests.sqlite3"
    with made({"broker_url": url, "result_backend": url} if request.param == "sqlite" else {}) as app:
        yield app


def made(config: dict[str, str]) -> Celeriac:
    app = TestApp("started", config)

    @app.task(name="started.where")
    def where() -> int:
        return os.getpid()

    @app.task(name="started.stays")
    def stays() -> None:
        MAY_END.wait(60)

    return app


def left_behind() -> tuple[int, int, int]:
    """Threads, open files, children; what is only waiting for the collector is not left."""
    gc.collect()
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    return threading.active_count(), len(os.listdir("/proc/self/fd")), len(children.read_text().split())


@pytest.mark.parametrize("pool", ["solo", "prefork", "threads"])
def test_nothing_is_left_of_workers_that_have_been_stopped(app: Celeriac, pool: str) -> None:
    if pool != "solo" and app.conf.broker_url.startswith("memory"):
        pool = "solo"  # other processes do not see this one's memory
    before: tuple[int, int, int] | None = None
    for turn in range(TIMES):
        with start_worker(app, pool=pool, concurrency=2, ping_task_timeout=30, shutdown_timeout=30):
            pid = app.tasks["started.where"].delay().get(timeout=30)
            assert (pid == os.getpid()) == (pool == "solo")
        if turn == 2:  # by now everything that is kept for good has been made
            before = left_behind()
    assert before is not None
    until(
        lambda: all(now <= then for now, then in zip(left_behind(), before, strict=True)),
        20,
        told=lambda: f"{left_behind()}, and before {before}",
    )


def test_a_worker_that_can_not_start_says_why() -> None:
    app = TestApp("refused", {"broker_url": "redis://127.0.0.1:1", "broker_connection_retry_on_startup": False})
    with (
        pytest.raises(RuntimeError, match=r"127\.0\.0\.1:1/0 could not be reached"),
        start_worker(app, perform_ping_check=False),
    ):
        pass


def test_a_task_that_does_not_end_is_told_when_the_worker_is_to_stop() -> None:
    MAY_END.clear()
    with (
        made({}) as app,
        pytest.raises(RuntimeError, match="shutdown_timeout"),
        start_worker(app, shutdown_timeout=0.5, perform_ping_check=False),
    ):
        result = app.tasks["started.stays"].delay()
        with pytest.raises(TimeoutError):
            result.get(timeout=0.5)
    MAY_END.set()
