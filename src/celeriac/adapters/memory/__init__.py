"""The memory transport: a whole broker and result store inside one process, for tests and trying things out."""

from .transport import MemoryTransport

__all__ = ["MemoryTransport"]
