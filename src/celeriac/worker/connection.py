"""The worker's connection to one server: one state machine that all its services share.

Every request goes through `run`. When one fails because the server is away, the connection is down for
all; one task brings it back, with growing pauses; whoever has something to do waits for that and does it
again. Requests are made anew for each try, since a flow can be run only once.
"""

import asyncio
import enum
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeVar

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ports import AsyncLink, Transport

logger = logging.getLogger("celeriac.worker.consumer")
T = TypeVar("T")

_DEADLINE: Final = 10.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_SOON: Final = 1.0  # seconds: what breaks so soon after it was restored may break every time
_UNREACHED: Final = "could not be reached: gave up after {} tries ({})"


class State(enum.Enum):
    """down -> up -> down ... -> closed"""

    DOWN = "down"
    UP = "up"
    CLOSED = "closed"


class Tries(NamedTuple):
    """How often to try before giving up; None: for ever."""

    first: int | None  # at the start
    later: int | None  # after each success


class ConnectionClosed(Exception):
    """The worker is stopping: nothing more will be sent."""


class Connection:
    """Up, down or closed; see the module's text."""

    def __init__(
        self,
        transport: Transport,
        tries: Tries,
        clock: Clock = SYSTEM_CLOCK,
        what: str = "broker",
    ) -> None:
        self.transport = transport
        self.state = State.DOWN
        self.last_success = 0.0  # monotonic: when the server last answered
        self.losses = 0
        self.away_since: float | None = None  # monotonic: the last answer before the loss; None: never reached yet
        self._clock = clock
        self._what = what
        self._later = tries.later
        self._max_retries = tries.first
        self._link: AsyncLink | None = None
        self._restored_at = -math.inf  # monotonic
        self._hold = 0.0  # seconds to wait before it is restored again
        self._up = asyncio.Event()
        self._restoring: asyncio.Task[None] | None = None
        self._greet: list[Callable[[], Awaitable[None]]] = []
        self.on_give_up: Callable[[str], None] = lambda reason: None

    def on_up(self, greeting: Callable[[], Awaitable[None]]) -> None:
        """Called (in order) each time the server is reached, before anything waiting goes on."""
        self._greet.append(greeting)

    @property
    def link(self) -> AsyncLink:
        if self._link is None:
            raise ConnectionClosed("the connection was never opened")
        return self._link

    async def open(self) -> None:
        """Connect for the first time; pauses and tries again like any later time."""
        self.down(None)
        await self._up.wait()
        if self.state is State.CLOSED:
            raise ConnectionClosed("gave up connecting")

    async def run(
        self, make: Callable[[], Flow[T]], timeout: float = _DEADLINE, hopeless: type[OperationalError] = LeaseLost
    ) -> T:
        """Perform the flow, over as many connections as it takes. What is hopeless is not tried again."""
        while True:
            if not self._up.is_set():
                await self._up.wait()
            if self.state is State.CLOSED:
                raise ConnectionClosed("the connection is closed")
            try:
                return await self.attempt(make(), timeout)
            except (LeaseLost, hopeless):
                raise
            except OperationalError as exc:
                self.down(exc)

    async def attempt(self, flow: Flow[T], timeout: float = _DEADLINE) -> T:
        """Perform the flow once."""
        result = await self.link.run(flow, timeout)
        self.last_success = self._clock.monotonic()
        return result

    def down(self, error: OperationalError | None) -> None:
        if self.state is State.CLOSED or self._restoring is not None:
            return
        if error is not None:
            self.losses += 1
            words = "consumer: Connection to %s lost. Trying to re-establish the connection... (%s)"
            logger.warning(words, self._what, error)
            self.away_since = self.last_success
            soon = self._clock.monotonic() < self._restored_at + _SOON
            self._hold = min(max(self._hold * 2, _FIRST_PAUSE), _LONGEST_PAUSE) if soon else 0.0
        self.state = State.DOWN
        self._up.clear()
        self._restoring = asyncio.create_task(self._restore())

    async def _restore(self) -> None:
        tries, pause = 0, _FIRST_PAUSE
        try:
            await asyncio.sleep(self._hold)
            while not await self._try_once(tries):
                tries += 1
                if self._max_retries and tries >= self._max_retries:
                    where = f"The {self._what} {self.transport.describe()}"
                    self.give_up(f"{where} {_UNREACHED.format(tries, self._why())}")
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        except Exception as exc:
            # Without this nobody would ever try again, and everybody would wait.
            logger.critical("The connection to %s can't be restored", self.transport.describe(), exc_info=True)
            self.give_up(f"{self.transport.describe()} can't be used: {exc!r}")
        finally:
            self._restoring = None

    async def _try_once(self, tries: int) -> bool:
        try:
            if self._link is None:
                self._link = await self.transport.alink()
            self.state = State.UP
            for greeting in self._greet:
                await greeting()
        except OperationalError as exc:
            self.state = State.DOWN
            logger.error(
                "consumer: Cannot connect to %s: %s. Trying again... (%s/%s)",
                self.transport.describe(),
                self._said_shortly(exc).removesuffix("."),
                tries + 1,
                self._max_retries or "unlimited",
            )
            return False
        self._max_retries = self._later
        self._restored_at = self._clock.monotonic()
        self._up.set()
        logger.info("Connected to %s", self.transport.describe())
        return True

    def _said_shortly(self, error: OperationalError) -> str:
        """Without the address, which is said already."""
        url = self.transport.describe()
        return str(error).replace(f" at {url}", "").replace(url, f"the {self._what}")

    def _why(self) -> str:
        """The setting that says when to give up."""
        if self._max_retries != 1:
            return "broker_connection_max_retries"
        first = self.away_since is None
        return "broker_connection_retry_on_startup is off" if first else "broker_connection_retry is off"

    def give_up(self, reason: str) -> None:
        """There is no going on with this server."""
        self.state = State.CLOSED
        self._up.set()
        self.on_give_up(reason)

    async def close(self) -> None:
        self.state = State.CLOSED
        if self._restoring is not None:
            self._restoring.cancel()
        self._up.set()
        if self._link is not None:
            await self._link.close()
