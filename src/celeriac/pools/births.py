"""How a child comes to its life: by the zygote's fork alone, or by an exec into a fresh interpreter."""

import socket
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from celeriac.core.errors import ImproperlyConfigured
from celeriac.process import spawning
from celeriac.process.forking import ChildMain
from celeriac.process.packets import PacketQueue
from celeriac.process.slots import Slots

from .child import ChildKit
from .pool import PoolSettings

# (what it inherits, its index, its end of the report socket)
Life = Callable[[ChildKit, int, socket.socket], None]

# what a fresh interpreter is started with: a module, and words for it
Program = tuple[str, ...]
SPAWNED: Final[Program] = ("celeriac.pools.spawned",)


class Spec(msgspec.Struct, frozen=True):
    """What a spawned child must know before it knows anything."""

    life: str  # module:name
    index: int
    report_fd: int
    packets_fd: int
    slots_fd: int
    capacity: int
    slots_each: int
    concurrency: int
    max_tasks: int | None
    max_memory: int | None
    entry: str
    entry_argument: str
    path: list[str]


def check(settings: PoolSettings) -> None:
    """Raises ImproperlyConfigured for what no child could be made of."""
    if settings.start_method not in ("fork", "spawn"):
        raise ImproperlyConfigured(f"a pool's start method is 'fork' or 'spawn', not {settings.start_method!r}")
    if settings.start_method == "spawn" and ":" not in settings.entry:
        raise ImproperlyConfigured("start method 'spawn' needs an entry 'module:name' by which a child loads the app")
    if settings.concurrency < 1:
        raise ImproperlyConfigured(f"a pool's concurrency is at least 1, not {settings.concurrency}")


def child_main(
    settings: PoolSettings, life: Life, program: Program, packets: PacketQueue, slots: Slots, slots_each: int
) -> ChildMain:
    """What the zygote's fork calls in the child."""
    if settings.start_method == "fork":
        kit = ChildKit(settings, packets.reading_end, slots, slots_each)
        return lambda index, sock: life(kit, index, sock)
    packets_fd = packets.reading_end.fileno()

    def specify(index: int, report_fd: int) -> bytes:
        spec = Spec(
            life=f"{life.__module__}:{life.__qualname__}",
            index=index,
            report_fd=report_fd,
            packets_fd=packets_fd,
            slots_fd=slots.fd,
            capacity=slots.capacity,
            slots_each=slots_each,
            concurrency=settings.concurrency,
            max_tasks=settings.max_tasks_per_child,
            max_memory=settings.max_memory_per_child,
            entry=settings.entry,
            entry_argument=settings.entry_argument,
            path=sys.path,
        )
        return msgspec.json.encode(spec)

    return spawning.exec_child(program, specify, [packets_fd, slots.fd])
