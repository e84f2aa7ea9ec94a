"""Hears the events of Celery's layout on Redis and drops them: `python -m bench.sink PORT CELLS`.

A monitor reads what it hears, on the same cores as the worker that it listens to; this shows what telling alone costs.
It keeps the bytes as they come (256 MiB of them), and counts the events in them when it is told to end.
"""

import base64
import mmap
import re
import signal
import socket
import sys
from types import FrameType

from bench.apps import counter

_CHANNELS = "/0.celeryev/*"
_BODY = re.compile(rb'"body":\s?"([A-Za-z0-9+/=]+)"')
_ROOM = 1 << 28
_EVENT = re.compile(rb'"uuid":')


def main(port: str, cells: str) -> None:
    counted = counter.view(cells)
    # pages that are there before it begins: to get them meanwhile would cost the worker's cores as much as the hearing
    room = memoryview(mmap.mmap(-1, _ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE))
    end_of_heard = 0
    ending = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    with socket.create_connection(("127.0.0.1", int(port))) as server:
        server.sendall(f"PSUBSCRIBE {_CHANNELS}\r\n".encode())
        server.recv(1024)
        counted[0] = 1  # it listens
        server.settimeout(0.2)
        while end_of_heard < _ROOM:
            try:
                end_of_heard += server.recv_into(room[end_of_heard:])
            except TimeoutError:
                if ending:
                    break
    counted[1] = _events(bytes(room[:end_of_heard]))


def _events(heard: bytes) -> int:
    """Kombu's layout: a message's body is in base64; the events of tasks name the task by `uuid`."""
    return sum(len(_EVENT.findall(base64.b64decode(body))) for body in _BODY.findall(heard))


if __name__ == "__main__":
    main(*sys.argv[1:])
