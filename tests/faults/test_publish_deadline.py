"""A broker that is down, silent or wrong never holds up whoever calls delay() beyond publish_timeout."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from patience import in_time

from .conftest import HELD_UP

LIMIT = 0.6
SLACK = 0.6 + HELD_UP


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Bound, so that it is nobody else's; nobody listens there."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts, and never says a word."""
    server = socket.create_server(("127.0.0.1", 0), backlog=50)
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for connection in held:
        connection.close()


def make_app(port: int, limit: float = LIMIT) -> Celeriac:
    return Celeriac("p", broker=f"redis://127.0.0.1:{port}/0", publish_timeout=limit, set_as_current=False)


@pytest.mark.parametrize("kind", ["closed_port", "silent_port"])
def test_delay_raises_within_its_deadline(kind: str, request: pytest.FixtureRequest) -> None:
    with make_app(request.getfixturevalue(kind)) as app:
        began = time.monotonic()
        with pytest.raises(OperationalError, match=r"127\.0\.0\.1"):
            app.send_task("x")
        assert in_time(time.monotonic() - began, LIMIT + SLACK)
        assert not app.connection_for_write().connected


@pytest.mark.parametrize("kind", ["closed_port", "silent_port"])
async def test_adelay_raises_within_its_deadline(kind: str, request: pytest.FixtureRequest) -> None:
    app = make_app(request.getfixturevalue(kind))
    began = time.monotonic()
    with pytest.raises(OperationalError, match=r"127\.0\.0\.1"):
        await app.asend_task("x")
    assert in_time(time.monotonic() - began, LIMIT + SLACK)
    await app.aclose()


async def test_a_publish_that_hangs_can_be_cancelled(silent_port: int) -> None:
    app = make_app(silent_port, 100.0)
    task = asyncio.ensure_future(app.asend_task("x"))
    await asyncio.wait([task], timeout=0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await app.aclose()


def test_many_threads_meet_the_same_deadline(silent_port: int) -> None:
    with make_app(silent_port) as app:
        took: list[float] = []

        def send() -> None:
            began = time.monotonic()
            with pytest.raises(OperationalError):
                app.send_task("x")
            took.append(time.monotonic() - began)

        threads = [threading.Thread(target=send) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(took) == 30
    assert in_time(max(took), LIMIT + SLACK)
