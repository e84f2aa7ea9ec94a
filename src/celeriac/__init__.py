"""Celeriac: a distributed task queue that runs programs written for Celery."""

from .version import __version__

# Type checkers know this name; typing itself is not imported, for that would be most of what this module costs.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .app import Celeriac, Task, shared_task
    from .canvas import (
        Signature,
        chain,
        chord,
        chunks,
        group,
        maybe_signature,
        signature,
        subtask,
        xmap,
        xstarmap,
    )
    from .core.ids import uuid
    from .core.message import Exchange, Queue
    from .current import current_app, current_task

# Names that are imported when they are first used: `import celeriac` alone must cost next to nothing.
_LAZY = {
    "Celeriac": "celeriac.app",
    "Task": "celeriac.app",
    "shared_task": "celeriac.app",
    "current_app": "celeriac.app.proxies",
    "current_task": "celeriac.app.proxies",
    "bugreport": "celeriac.app.reporting",
    "Queue": "celeriac.core.message",
    "Exchange": "celeriac.core.message",
    "uuid": "celeriac.core.ids",
    "Signature": "celeriac.canvas",
    "chain": "celeriac.canvas",
    "chord": "celeriac.canvas",
    "chunks": "celeriac.canvas",
    "group": "celeriac.canvas",
    "maybe_signature": "celeriac.canvas",
    "signature": "celeriac.canvas",
    "subtask": "celeriac.canvas",
    "xmap": "celeriac.canvas",
    "xstarmap": "celeriac.canvas",
}

__all__ = [
    "Celeriac",
    "Exchange",
    "Queue",
    "Signature",
    "Task",
    "__version__",
    "chain",
    "chord",
    "chunks",
    "current_app",
    "current_task",
    "group",
    "maybe_signature",
    "shared_task",
    "signature",
    "subtask",
    "uuid",
    "xmap",
    "xstarmap",
]


def __getattr__(name: str) -> "Any":
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'celeriac' has no attribute {name!r}")
    # As importlib.import_module does, without importing importlib.
    found = globals()[name] = getattr(__import__(module, fromlist=(name,)), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
