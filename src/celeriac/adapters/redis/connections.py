"""What the links use of redis-py: its connections in both colours, as protocols, and the constructors behind them."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable
from typing import Any, Protocol

import redis.asyncio.connection
import redis.connection


class SyncConnection(Protocol):
    """redis.connection.Connection and its kin."""

    socket_timeout: float | None
    socket_connect_timeout: float | None
    _sock: socket.socket
    _parser: Any

    def connect(self) -> None: ...

    def disconnect(self) -> None: ...

    def can_read(self) -> bool: ...

    def send_packed_command(self, command: Iterable[bytes], check_health: bool) -> None: ...

    def read_response(self, *, disconnect_on_error: bool = True) -> Any: ...


class AsyncConnection(Protocol):
    """redis.asyncio.connection.Connection and its kin."""

    _writer: asyncio.StreamWriter | None
    _parser: Any

    async def connect(self) -> None: ...

    async def disconnect(self, nowait: bool = False) -> None: ...

    async def can_read(self) -> bool: ...

    async def send_packed_command(self, command: Iterable[bytes], check_health: bool) -> None: ...

    async def read_response(self, *, disconnect_on_error: bool = True) -> Any: ...


_CLOSED_WITHIN = 2.0

# By the way in: redis-py's constructors are not fully typed.
SYNC: dict[str, Any] = {
    "tcp": redis.connection.Connection,
    "tls": redis.connection.SSLConnection,
    "unix": redis.connection.UnixDomainSocketConnection,
}
ASYNC: dict[str, Any] = {
    "tcp": redis.asyncio.connection.Connection,
    "tls": redis.asyncio.connection.SSLConnection,
    "unix": redis.asyncio.connection.UnixDomainSocketConnection,
}


async def hang_up(connection: AsyncConnection, wait: bool = False) -> None:
    """Cuts the connection at once; with `wait`, returns when its socket is closed (TLS needs a moment for it)."""
    writer = connection._writer
    try:
        if writer is not None:
            writer.transport.abort()
            if wait:
                with contextlib.suppress(OSError):
                    async with asyncio.timeout(_CLOSED_WITHIN):
                        await writer.wait_closed()
    finally:  # also when whoever waits is cancelled
        await connection.disconnect(nowait=True)
