"""Who waits for queues and bus channels in this process: mailboxes that wake a thread or an event loop."""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

MAILBOX_LIMIT = 10_000


class Mailbox:
    """What a listener has not read yet; bounded, so that one who never reads costs little."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.letters: deque[tuple[str, bytes]] = deque()
        self.overflowed = False
        self.wake = wake

    def put(self, channel: str, payload: bytes) -> None:
        if len(self.letters) < MAILBOX_LIMIT:
            self.letters.append((channel, payload))
        else:
            self.overflowed = True
        self.wake()


class Listeners:
    """Mailboxes by channel. The names of queues and of bus channels live in two separate spaces."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, set[Mailbox]] = defaultdict(set)
        self._queues: dict[str, set[Mailbox]] = defaultdict(set)

    def add(self, mailbox: Mailbox, channels: Iterable[str]) -> None:
        with self._lock:
            for channel in channels:
                self._channels[channel].add(mailbox)

    def watch(self, mailbox: Mailbox, queues: Iterable[str]) -> None:
        with self._lock:
            for queue in queues:
                self._queues[queue].add(mailbox)

    def discard(self, mailbox: Mailbox, names: Iterable[str]) -> None:
        with self._lock:
            for space in (self._channels, self._queues):
                for name in names:
                    if name in space:
                        space[name].discard(mailbox)
                        if not space[name]:
                            del space[name]

    def tell(self, channel: str, payload: bytes) -> int:
        with self._lock:
            mailboxes = tuple(self._channels.get(channel, ()))
        for mailbox in mailboxes:
            mailbox.put(channel, payload)
        return len(mailboxes)

    def ring(self, queue: str) -> None:
        with self._lock:
            mailboxes = tuple(self._queues.get(queue, ()))
        for mailbox in mailboxes:
            mailbox.wake()


def loop_waker(event: asyncio.Event) -> Callable[[], None]:
    """A function that sets the event from any thread."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)

    return wake
