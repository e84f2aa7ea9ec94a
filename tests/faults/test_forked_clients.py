"""An app that was used before a fork can be used after it, on both sides."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import TimeoutError
from servers.redis_server import RedisServer


@pytest.fixture(params=["redis", "sqlite"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Celeriac]:
    if request.param == "sqlite":
        with Celeriac("p", broker=f"sqlite:///{tmp_path}/q.sqlite3", set_as_current=False) as made:
            yield made
        return
    with (
        RedisServer() as server,
        Celeriac("p", broker=server.url, backend=server.url, set_as_current=False) as made,
    ):
        yield made


def use(app: Celeriac, who: str) -> str:
    """Send, wait in vain, store and read."""
    result = app.send_task("x", (who,))
    with pytest.raises(TimeoutError):
        result.get(timeout=0.05)
    app.backend.store_result(result.id, who, "SUCCESS")
    assert app.AsyncResult(result.id).get(timeout=60) == who

    async def in_a_loop() -> Any:
        sent = await app.asend_task("x", (who,))
        app.backend.store_result(sent.id, sent.id, "SUCCESS")
        assert await app.AsyncResult(sent.id).aget(timeout=60) == sent.id

    asyncio.run(in_a_loop())
    return result.id


def child(app: Celeriac, pipe: Any) -> None:
    pipe.send((use(app, "child"), app.thread_oid, app.identity.origin))


def test_both_sides_of_a_fork_send_and_read(app: Celeriac) -> None:
    first = use(app, "parent")
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(app, far))
    process.start()
    assert near.poll(100)
    sent, oid, origin = near.recv()
    process.join(30)
    assert process.exitcode == 0
    second = use(app, "parent again")
    assert len({first, sent, second}) == 3
    assert oid != app.thread_oid
    assert origin != app.identity.origin
    assert app.AsyncResult(sent).get(timeout=60) == "child"
