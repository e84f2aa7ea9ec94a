"""Messages taken out of queues by programs that are no workers: to be looked at, moved or copied elsewhere."""

from .hold import Hold
from .transfer import Moved, Transfer

__all__ = ["Hold", "Moved", "Transfer"]
