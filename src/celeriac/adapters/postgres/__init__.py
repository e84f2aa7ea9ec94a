"""The PostgreSQL transport: broker, results, leases and bus in the tables of one schema, for any number of machines."""

from .transport import PostgresTransport

__all__ = ["PostgresTransport"]
