"""An app on a memory broker of its own, and schedulers of it on a clock that is moved by hand."""

from collections.abc import Iterator
from typing import Any

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from celeriac.core.clock import ManualClock
from celeriac.core.ids import uuid
from celeriac.core.message import Queue
from celeriac.wire import envelope

START = 1_700_000_000.0


class Desk:
    """What the tests of one schedule need."""

    def __init__(self, schedule: dict[str, Any] | None = None, **settings: Any) -> None:
        self.url = f"memory://{uuid()}"
        self.clock = ManualClock(START)
        self.app = Celeriac("proj", broker=self.url, backend=self.url, set_as_current=False, **settings)
        self.app.conf.result_expires = None  # no entry of the app's own
        self.app.conf.beat_schedule = schedule or {}
        self.app.task(name="t.add")(lambda x=0, y=0: x + y)
        # Leases run out when a test says so, and not because this machine is slow.
        self.app.transports.write.store.clock = ManualClock(START)
        self._schedulers: list[SharedScheduler] = []

    def scheduler(self, app: Any = None) -> SharedScheduler:
        made = SharedScheduler(app or self.app, clock=self.clock)
        self._schedulers.append(made)
        return made

    def run(self, scheduler: SharedScheduler, seconds: float, most: int = 100_000) -> list[str]:
        """Let the clock go on from tick to tick for so long; the names of what was sent."""
        end = self.clock.now() + seconds
        for _ in range(most):
            pause = scheduler.tick()
            left = end - self.clock.now()
            if not left and pause:
                return self.sent()
            self.clock.advance(min(pause, left))
        raise AssertionError("it never has nothing to do")

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the machine's clock; time itself goes on."""
        self.clock._now += seconds

    def sent(self) -> list[str]:
        """Takes the messages that wait; the entry's first argument, or its task's name."""
        return [body_name(message) for message in self.messages()]

    def messages(self) -> list[Any]:
        transport = self.app.transports.write
        link, owner = transport.link(), uuid()
        link.run(transport.lease.acquire(f"worker/{owner}", owner, 60.0), 5.0)
        claim = link.run(transport.broker.claim(owner, [Queue("celery"), Queue("other")], 10_000), 5.0)
        return [envelope.decode(delivery.raw) for delivery in claim.deliveries]

    def close(self) -> None:
        for scheduler in self._schedulers:
            scheduler.close()
        self.app.transports.write.forget()
        self.app.close()


def body_name(message: Any) -> str:
    text = message.headers["argsrepr"].strip("()[],'\" ")
    return text.split(",")[0].strip("'\"") or message.headers["task"]


def desk(*args: Any, **settings: Any) -> Iterator[Desk]:
    made = Desk(*args, **settings)
    yield made
    made.close()
