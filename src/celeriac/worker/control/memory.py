"""Questions about the memory of the worker's parent process."""

import importlib
import os
import tempfile
from collections import deque
from typing import Any

from celeriac.pools.child import resident_kib

from .panel import inspect_command

_samples: deque[float] = deque(maxlen=1000)  # KiB


def _human(kib: float) -> str:
    return f"{kib / 1024:.2f}MB" if kib >= 1024 else f"{kib:.2f}kB"


@inspect_command()
def memsample(state: Any, **kwargs: Any) -> str:
    """Sample current RSS memory usage."""
    _samples.append(resident_kib())
    return _human(_samples[-1])


@inspect_command(args=[("samples", int)], signature="[n_samples=10]")
def memdump(state: Any, samples: int = 10, **kwargs: Any) -> str:
    """Dump statistics of previous memsample requests."""
    taken = list(_samples)[-max(1, int(samples)) :]
    lines = [f"- rss (sample {number}): {_human(kib)}." for number, kib in enumerate(taken, 1)]
    return "\n".join([*lines, f"- rss (now): {_human(resident_kib())}.", ""])


@inspect_command(
    default_timeout=60.0,
    args=[("type", str), ("num", int), ("max_depth", int)],
    signature="[object_type=Request] [num=200 [max_depth=10]]",
)
def objgraph(state: Any, num: int = 200, max_depth: int = 10, type: str = "Request", **kwargs: Any) -> dict[str, str]:
    """Create graph of uncollected objects (memory-leak debugging)."""
    try:
        graphs: Any = importlib.import_module("objgraph")
    except ImportError:
        raise ImportError("Requires the objgraph library") from None
    handle, filename = tempfile.mkstemp(prefix="cobjg", suffix=".png")
    os.close(handle)
    objects = graphs.by_type(type)[: int(num)]
    graphs.show_backrefs(objects, max_depth=int(max_depth), highlight=lambda found: found in objects, filename=filename)
    return {"filename": filename}
