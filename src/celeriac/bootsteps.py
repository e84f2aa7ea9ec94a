"""Bootsteps: the parts of a worker, for adding your own; under the module name that Celery programs know."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from .contrib.kombu import Connection
from .core.errors import OperationalError
from .worker.blueprint import CLOSE, RUN, TERMINATE, Blueprint, StartStopStep, Step

logger = logging.getLogger("celeriac.bootsteps")

_LISTEN: Final = 1.0  # seconds after which the end is looked for
_LONGEST_PAUSE: Final = 10.0  # between two tries to reach a broker that is away
_END_WITHIN: Final = 10.0  # seconds that a callback may take when the worker ends


class ConsumerStep(StartStopStep):
    """Consumers of one's own beside the worker's: override get_consumers, and add the class to app.steps["consumer"].

    Their callbacks run in a thread of the worker's parent process, one message at a time, never two at once. What a
    callback neither acknowledges nor rejects goes back into its queue when the worker ends.
    """

    requires: ClassVar[Iterable[Any]] = ("celeriac.worker.consumer_steps:Connection",)
    consumers: Iterable[Any] | None = None

    def get_consumers(self, channel: Any) -> Iterable[Any]:
        """The consumers, made on this channel."""
        raise NotImplementedError("missing get_consumers")

    async def start(self, c: Any) -> None:
        self._over = threading.Event()
        self._channel = Connection(app=c.app)
        self.consumers = list(self.get_consumers(self._channel) or ())
        self._thread = threading.Thread(target=self._listen, name=f"celeriac-{self.alias}", daemon=True)
        self._thread.start()

    async def stop(self, c: Any) -> None:
        over = getattr(self, "_over", None)
        if over is None or over.is_set():
            return
        over.set()
        await asyncio.to_thread(self._thread.join, _END_WITHIN)

    def _listen(self) -> None:
        """The thread: until the worker ends, over as many connections as it takes."""
        pause = 0.1
        while not self._over.is_set():
            try:
                self._consume()
                pause = 0.1
            except OperationalError as exc:
                logger.warning("%s: the broker is away (%s); again in %.1fs", self.alias, exc, pause)
                self._over.wait(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)
        try:
            self._channel.release()
        except OperationalError as exc:
            logger.warning("%s: its messages go back when their lease ends: %s", self.alias, exc)

    def _consume(self) -> None:
        for consumer in self.consumers or ():
            consumer.consume()
        while not self._over.is_set():
            try:
                self._channel.drain_events(timeout=_LISTEN)
            except TimeoutError:
                continue
            except OperationalError:
                raise
            except Exception:
                logger.exception("%s: a message was not handled; it goes back when the worker ends", self.alias)


__all__ = ["CLOSE", "RUN", "TERMINATE", "Blueprint", "ConsumerStep", "StartStopStep", "Step"]
