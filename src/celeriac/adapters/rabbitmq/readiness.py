"""Waiting until a socket that never blocks may be read or written; in green threads (gevent, eventlet) too."""

from __future__ import annotations

import select
import socket


def readable(sock: socket.socket, seconds: float | None, bell: socket.socket | int | None = None) -> bool:
    """False if nothing came for so long, or the bell rang instead."""
    if not hasattr(select, "poll"):  # eventlet's has select alone
        return bool(select.select([sock] if bell is None else [sock, bell], [], [], seconds)[0][:1] == [sock])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    if bell is not None:
        poll.register(bell, select.POLLIN)
    ready = poll.poll(None if seconds is None else max(seconds, 0.0) * 1000.0)
    return bool(ready) and (bell is None or any(number == sock.fileno() for number, _ in ready))


def writable(sock: socket.socket, seconds: float) -> bool:
    """False if there was no room for so long."""
    if not hasattr(select, "poll"):
        return bool(select.select([], [sock], [], seconds)[1])
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    return bool(poll.poll(max(seconds, 0.0) * 1000.0))
