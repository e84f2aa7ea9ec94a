"""What befalls the workers of a soak: executing processes killed, connections cut, a store that stands still."""

import contextlib
import os
import random
import signal

from servers.redis_server import RedisServer

from .nodes import Node
from .turning import Turning

EVERY = 1.0
FREEZE = 1.0


class Troubles(Turning):
    """One a second or so; with no server, kills alone."""

    def __init__(self, nodes: list[Node], server: RedisServer | None) -> None:
        super().__init__(EVERY)
        self._nodes = nodes
        self._server = server
        self._random = random.Random(13)
        self.kills = self.cuts = self.freezes = 0

    def turn(self) -> None:
        dice = self._random.random()
        if self._server is None or dice < 0.6:
            self._kill()
        elif dice < 0.9:
            self._cut(self._server)
        else:
            self._freeze(self._server)

    def _kill(self) -> None:
        children = self._random.choice(self._nodes).children()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(children), signal.SIGKILL)
                self.kills += 1

    def _cut(self, server: RedisServer) -> None:
        with server.client() as client:
            for kind in ("normal", "pubsub"):
                client.client_kill_filter(skipme=True, _type=kind)
        self.cuts += 1

    def _freeze(self, server: RedisServer) -> None:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            self.pause(FREEZE)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        self.freezes += 1
