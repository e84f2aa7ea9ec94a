"""A Peer stands for one process that uses a transport, in one colour, behind one plain face."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from celeriac.core.flow import Flow
from celeriac.core.message import Queue
from celeriac.core.ports import AsyncEar, AsyncLink, Bell, Ear, Transport

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own, so that tests of both colours read the same."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance-loop", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T], timeout: float = 90.0) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60.0)
        self._loop.close()


class EarFace:
    """An ear of either colour, used from plain code."""

    def __init__(self, ear: Ear | AsyncEar, loop: LoopThread) -> None:
        self._ear = ear
        self._loop = loop

    def _do(self, reply: Any) -> Any:
        return self._loop.call(reply) if asyncio.iscoroutine(reply) else reply

    def add(self, *channels: str) -> None:
        self._do(self._ear.add(channels))

    def discard(self, channels: Iterable[str]) -> None:
        self._do(self._ear.discard(channels))

    def next(self, timeout: float | None = 30.0) -> tuple[str, bytes] | None:
        heard: tuple[str, bytes] | None = self._do(self._ear.next(timeout))
        return heard

    def close(self) -> None:
        self._do(self._ear.close())


class BellFace:
    """A bell, used from plain code (bells are async only)."""

    def __init__(self, bell: Bell, loop: LoopThread) -> None:
        self._bell = bell
        self._loop = loop

    def wait(self, timeout: float = 30.0) -> bool:
        return self._loop.call(self._bell.wait(timeout))

    def close(self) -> None:
        self._loop.call(self._bell.close())


class Peer:
    """One transport with its links; `run` performs flows in the colour of the test."""

    def __init__(self, transport: Transport, colour: str, loop: LoopThread) -> None:
        self.transport = transport
        self.colour = colour
        self._loop = loop
        self._alink: AsyncLink = loop.call(transport.alink())
        self._open: list[EarFace | BellFace] = []

    def run(self, flow: Flow[T], timeout: float = 60.0) -> T:
        if self.colour == "sync":
            return self.transport.link().run(flow, timeout)
        return self._loop.call(self._alink.run(flow, timeout))

    def ear(self, *channels: str) -> EarFace:
        """An ear that listens to these channels already."""
        raw: Ear | AsyncEar
        raw = self.transport.link().listen() if self.colour == "sync" else self._loop.call(self._alink.listen())
        face = EarFace(raw, self._loop)
        self._open.append(face)
        face.add(*channels)
        return face

    def bell(self, *names: str) -> BellFace:
        queues: Sequence[Queue] = [Queue(name) for name in names]
        face = BellFace(self._loop.call(self._alink.bell(queues)), self._loop)
        self._open.append(face)
        return face

    def close(self) -> None:
        for face in self._open:
            face.close()
        self._loop.call(self._alink.close())
        self.transport.link().close()
