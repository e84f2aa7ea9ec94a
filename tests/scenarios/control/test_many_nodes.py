"""A whole cluster answers within the time one round trip takes: nobody waits for those who can't come any more."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import pytest

from celeriac import Celeriac
from celeriac.control.busbox import pidbox
from celeriac.control.calling import exchanges
from celeriac.core.message import Message
from patience import in_time

NODES = 50


class Crowd:
    """Many nodes in one loop, each with a link and an ear of its own; they answer ping and nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._listening = threading.Semaphore(0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(),), daemon=True)

    async def _live(self) -> None:
        self._leave = asyncio.Event()
        nodes = [asyncio.create_task(self._node(f"n{number}@here")) for number in range(NODES)]
        await self._leave.wait()
        for node in nodes:
            node.cancel()
        await asyncio.gather(*nodes, return_exceptions=True)

    async def _node(self, name: str) -> None:
        with Celeriac(name, broker=self._url, backend=self._url, set_as_current=False) as app:
            transport = app.transports.read
            box = pidbox(transport, transport.bus)
            assert box is not None
            link = await transport.alink()
            ear = await link.listen()
            await ear.add([box.channel(exchanges(app.conf).call)])
            self._listening.release()
            try:
                while (heard := await ear.next(None)) is not None:
                    asked = json.loads(box.read(heard[1]).body)
                    to, body = asked["reply_to"], json.dumps({name: {"ok": "pong"}}).encode()
                    reply = Message({"ticket": asked["ticket"], "clock": 1}, {"delivery_mode": 1}, body)
                    await link.run(box.answer(to["exchange"], to["routing_key"], reply), 20)
            finally:
                await ear.close()
                await link.close()

    def __enter__(self) -> "Crowd":
        self._thread.start()
        for _ in range(NODES):
            assert self._listening.acquire(timeout=30), "the nodes did not come up"
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(30)
        self._loop.close()


@pytest.fixture
def crowd(store: str) -> Iterator[Crowd]:
    with Crowd(store) as crowd:
        yield crowd


def test_all_of_them_answer_and_nobody_waits_out_the_time(client: Celeriac, crowd: Crowd) -> None:
    begin = time.monotonic()
    replies = client.control.ping(timeout=60)
    assert in_time(time.monotonic() - begin, 30)  # idle machines need some hundredths of a second
    assert {node for reply in replies for node in reply} == {f"n{number}@here" for number in range(NODES)}


async def test_async_code_hears_them_too(client: Celeriac, crowd: Crowd) -> None:
    assert len(await client.acontrol.ping(timeout=60)) == NODES
    await client.aclose()
