"""A gate between a client and a server: it can be shut, as a network is that drops every packet, and opened again.

It can also hold what the server says, and only that, until it is opened.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_PATIENCE = 20.0  # seconds, with a side that does not read


class Gate:
    """`with Gate(port) as gate:` clients use `gate.port`. While it is shut nothing passes, and nobody is told."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._turn = threading.Lock()  # of who lets something pass, and who shuts
        self._open = threading.Event()
        self._open.set()
        self._over = threading.Event()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._servers: set[socket.socket] = set()
        self._mute = False
        self._held: list[tuple[socket.socket, bytes]] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def shut(self) -> None:
        """When this returns, nothing is on its way any more, but to a side that does not read."""
        with self._between():
            self._open.clear()

    def mute(self) -> None:
        """The server hears everything, and is not heard."""
        with self._between():
            self._mute = True

    def open(self) -> None:
        self._mute = False
        self._open.set()

    @contextlib.contextmanager
    def _between(self) -> Iterator[None]:
        """While nothing passes."""
        mine = self._turn.acquire(timeout=3.0)
        try:
            yield
        finally:
            if mine:
                self._turn.release()

    def _run(self) -> None:
        while not self._over.is_set():
            if not self._open.wait(0.05):
                continue
            while self._held and not self._mute:
                target, said = self._held.pop(0)
                with contextlib.suppress(OSError):  # nobody is there any more to hear it
                    target.sendall(said)
            for key, _ in self._selector.select(0.05):
                with self._turn:
                    if not self._open.is_set():
                        break
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._pass(key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), _PATIENCE)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.settimeout(_PATIENCE)
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)
        self._servers.add(server)

    def _pass(self, source: socket.socket) -> None:
        target = self._pairs.get(source)
        if target is None:  # its other end was closed just now
            return
        try:
            data = source.recv(65_536)
            if data and self._mute and source in self._servers:
                self._held.append((target, data))
                return
            if data:
                target.sendall(data)
                return
        except OSError:
            pass
        for one in (source, target):
            self._pairs.pop(one, None)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(one)
            one.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._open.set()
        self._thread.join(2 * _PATIENCE)
        for one in (*self._pairs, self._listener):
            one.close()
        self._selector.close()
