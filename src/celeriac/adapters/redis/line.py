"""One connection of the sync links, stripped to what an exchange needs: bytes out, replies in, under a deadline."""

from __future__ import annotations

import select
import time
from typing import Any, Final

from redis import exceptions
from redis.utils import HIREDIS_AVAILABLE

from .connections import SyncConnection
from .failures import FAILURES
from .packing import Command, Commands, pack

_PIECE: Final = 1 << 16
# Setting a socket's timeout costs a system call: it is set again only after so many seconds.
_EXACT: Final = 0.01
_MORE: Final = object()
_HUNG_UP: Final = "the server closed the connection"
# hang-ups of the other side are reported where the platform can tell
_SAYS_SOMETHING: Final = getattr(select, "POLLIN", 0) | getattr(select, "POLLRDHUP", 0)


class Line:
    """Used by one thread at a time. redis-py connects it; then we read the socket ourselves if there is hiredis."""

    __slots__ = ("_poll", "_reader", "_sock", "connection")

    def __init__(self, connection: SyncConnection) -> None:
        self.connection = connection
        self._sock = connection._sock
        self._reader = _reader_for(connection)
        self._poll = _poll_for(self._sock)

    def quiet(self) -> bool:
        """False if anything came meanwhile: the server has hung up, or says what nobody asked for."""
        if self._poll is None:
            return not self.connection.can_read()
        return not self._poll.poll(0)

    def fileno(self) -> int:
        """-1 where bytes may be held that the socket does not show."""
        return -1 if self._poll is None or self._reader is None else self._sock.fileno()

    def trip(self, commands: Commands, deadline: float) -> list[Any]:
        """Send all, then read all; a refused command's reply is its error."""
        start = time.monotonic()
        if deadline <= start:
            raise exceptions.TimeoutError("no time was left")
        sock, reader = self._sock, self._reader
        sock.settimeout(deadline - start)
        sock.sendall(pack(commands))
        if reader is None:
            return [self._read(deadline) for _ in commands]
        replies: list[Any] = []
        wanted = len(commands)
        while True:
            now = time.monotonic()
            if now - start > _EXACT:
                start = now
                sock.settimeout(max(deadline - now, 0.001))
            piece = sock.recv(_PIECE)
            if not piece:
                raise exceptions.ConnectionError(_HUNG_UP)
            reader.feed(piece)
            while (reply := reader.gets()) is not _MORE:
                replies.append(reply)
                if len(replies) == wanted:
                    return replies

    def tell(self, command: Command, timeout: float) -> None:
        """Send one command; its reply is heard later."""
        self._sock.settimeout(timeout)
        self._sock.sendall(pack((command,)))

    def hear(self, timeout: float | None) -> list[Any]:
        """What the server says next, of its own accord too; nothing if it is silent for so long."""
        sock, reader = self._sock, self._reader
        sock.settimeout(timeout)
        replies: list[Any] = []
        try:
            if reader is None:
                return [self.connection.read_response(disconnect_on_error=False)]
            while not replies:
                piece = sock.recv(_PIECE)
                if not piece:
                    raise exceptions.ConnectionError(_HUNG_UP)
                reader.feed(piece)
                while (reply := reader.gets()) is not _MORE:
                    replies.append(reply)
        except (TimeoutError, exceptions.TimeoutError):
            pass  # silence
        return replies

    def _read(self, deadline: float) -> Any:
        """One reply, by redis-py."""
        self._sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            return self.connection.read_response(disconnect_on_error=False)
        except exceptions.ResponseError as error:
            return error

    def close(self) -> None:
        self.connection.disconnect()


def alive(line: Line) -> bool:
    """False once the server has closed it."""
    try:
        return line.quiet()
    except FAILURES:
        return False


def _reader_for(connection: SyncConnection) -> Any:
    if not HIREDIS_AVAILABLE:
        return None
    from hiredis import Reader

    return Reader(
        protocolError=exceptions.InvalidResponse, replyError=connection._parser.parse_error, notEnoughData=_MORE
    )


def _poll_for(sock: Any) -> Any:
    """None where redis-py must look: at sockets that may hold decrypted bytes, and where poll is missing."""
    if not hasattr(select, "poll") or hasattr(sock, "pending"):
        return None
    poll = select.poll()
    poll.register(sock, _SAYS_SOMETHING)
    return poll
