"""Remote control from the client's side: commands to workers, their replies, and what must not run."""

from .control import AsyncControl, Control
from .inspect import AsyncInspect, Inspect

__all__ = ["AsyncControl", "AsyncInspect", "Control", "Inspect"]
