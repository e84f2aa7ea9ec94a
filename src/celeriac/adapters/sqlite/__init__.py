"""The SQLite transport: broker, results, leases and bus in one file, for any number of processes on one machine."""

from .transport import SQLiteTransport

__all__ = ["SQLiteTransport"]
