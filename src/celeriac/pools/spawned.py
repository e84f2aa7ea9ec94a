"""The start of a spawned child: `python -m celeriac.pools.spawned <descriptor>`; loads the app, then lives."""

import importlib
import os
import socket
import sys
from typing import Any

import msgspec

from celeriac.process.forking import live
from celeriac.process.slots import Slots
from celeriac.process.spawning import adopt, read_spec

from .births import Life, Spec
from .child import ChildKit
from .pool import PoolSettings


def main(argument: str) -> None:
    """Never returns."""
    spec = msgspec.json.decode(read_spec(argument), type=Spec)
    adopt(spec.report_fd, spec.packets_fd, spec.slots_fd)
    live(lambda: _live(spec), os.getppid())


def _live(spec: Spec) -> None:
    sys.path[:] = spec.path
    loaded: PoolSettings = named(spec.entry)(spec.entry_argument)
    settings = msgspec.structs.replace(
        loaded,
        concurrency=spec.concurrency,
        max_tasks_per_child=spec.max_tasks,
        max_memory_per_child=spec.max_memory,
    )
    slots = Slots(spec.capacity, spec.slots_fd)
    far = socket.socket(fileno=spec.packets_fd)
    life: Life = named(spec.life)
    life(ChildKit(settings, far, slots, spec.slots_each), spec.index, socket.socket(fileno=spec.report_fd))


def named(path: str) -> Any:
    """What "module:name" names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main(sys.argv[1])
