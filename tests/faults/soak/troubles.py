"""What befalls the workers of a soak: executing processes killed, connections cut, a store that stands still."""

import contextlib
import os
import random
import signal

from .nodes import Node
from .stores import Store
from .turning import Turning

EVERY = 1.0
FREEZE = 1.0


class Troubles(Turning):
    """One a second or so; to a store that suffers nothing, kills alone."""

    def __init__(self, nodes: list[Node], store: Store) -> None:
        super().__init__(EVERY)
        self._nodes = nodes
        self._store = store
        self._random = random.Random(13)
        self.kills = self.cuts = self.freezes = 0

    def turn(self) -> None:
        dice = self._random.random()
        if not self._store.suffers or dice < 0.6:
            self._kill()
        elif dice < 0.9:
            self._store.cut()
            self.cuts += 1
        else:
            self._freeze()

    def _kill(self) -> None:
        children = self._random.choice(self._nodes).children()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(children), signal.SIGKILL)
                self.kills += 1

    def _freeze(self) -> None:
        self._store.freeze()
        try:
            self.pause(FREEZE)
        finally:
            self._store.thaw()
        self.freezes += 1
