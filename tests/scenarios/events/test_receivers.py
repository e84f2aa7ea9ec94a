"""Receivers in sync and in async code: they hear again by themselves after the broker was away."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from servers.redis_server import RedisServer

from ..workers.running import until
from .conftest import PATIENCE


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture
def app(server: RedisServer) -> Iterator[Celeriac]:
    with Celeriac("receivers", broker=server.url, backend=server.url, set_as_current=False) as made:
        yield made


def tell(app: Celeriac, name: str) -> None:
    """Nobody keeps an event: it is told until it is heard."""
    with suppress(OperationalError):
        app.events.Dispatcher(hostname="teller@here").send("x-said", name=name)


def restart(server: RedisServer) -> None:
    server.stop()
    server.start()


def test_in_sync_code_it_hears_again_after_the_server_was_restarted(app: Celeriac, server: RedisServer) -> None:
    heard: list[str] = []
    receiver = app.events.Receiver(handlers={"x-said": lambda event: heard.append(event["name"])})
    listening = threading.Thread(target=lambda: receiver.capture(wakeup=False), daemon=True)
    listening.start()
    for name in ("before", "after"):

        def told(name: str = name) -> bool:
            tell(app, name)
            return name in heard

        until(told, PATIENCE)
        if name == "before":
            restart(server)
    receiver.should_stop = True
    listening.join(PATIENCE)
    assert not listening.is_alive()


async def hear(events: AsyncIterator[dict[str, Any]], app: Celeriac, name: str) -> None:
    """Tell and listen until it is heard."""

    async def telling() -> None:
        while True:
            await asyncio.to_thread(tell, app, name)
            await asyncio.sleep(0.05)

    teller = asyncio.create_task(telling())
    try:
        async with asyncio.timeout(PATIENCE):
            while (await anext(events)).get("name") != name:
                pass
    finally:
        teller.cancel()
        with suppress(asyncio.CancelledError):
            await teller


async def test_in_async_code_it_hears_again_after_the_server_was_restarted(
    app: Celeriac, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = app.events.Receiver(handlers={})
    async with aclosing(receiver.aitercapture(wakeup=False)) as events:
        await hear(events, app, "before")
        await asyncio.to_thread(restart, server)
        await hear(events, app, "after")
    assert "Events are lost until the broker is back" in caplog.text


async def test_in_async_code_it_ends_as_in_sync_code(app: Celeriac) -> None:
    heard: list[Any] = []
    receiver = app.events.Receiver(handlers={"*": heard.append})
    with pytest.raises(TimeoutError):
        async with aclosing(receiver.aitercapture(timeout=0.1, wakeup=False)) as events:
            await anext(events)
    async with aclosing(receiver.aitercapture(limit=1, wakeup=False)) as events:
        await hear(events, app, "only")
        with pytest.raises(StopAsyncIteration):
            await anext(events)
    assert len(heard) == 1


async def test_a_broker_that_is_not_there_from_the_beginning_is_an_error() -> None:
    with Celeriac("away", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        async with aclosing(app.events.Receiver(handlers={}).aitercapture()) as events:
            with pytest.raises(OperationalError):
                await anext(events)
