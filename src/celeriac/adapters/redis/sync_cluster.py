"""The sync link to a cluster: one pool for each node; every command goes to the node that serves its key."""

import time
from typing import Any, TypeVar

from ...core.errors import OperationalError
from ...core.flow import Flow
from .connections import SyncConnection
from .doorway import Doorway
from .ears import SyncEar
from .packing import Commands
from .place import Server
from .slots import QUESTION, REDIRECTS, Round, SlotMap, restless
from .sync_link import SyncLink, drive

T = TypeVar("T")


class SyncClusterLink:
    """Safe for threads and forks because its nodes' links are."""

    def __init__(self, doorway: Doorway, limit: int | None, home: int) -> None:
        self._doorway = doorway
        self._limit = limit
        self._home = home
        self._nodes: dict[Server, SyncLink] = {}
        self._slots: SlotMap | None = None

    def run(self, flow: Flow[T], timeout: float) -> T:
        return drive(flow, self.perform, time.monotonic() + timeout)

    def listen(self) -> SyncEar:
        return SyncEar(self._connect_home, self._doorway)

    def close(self) -> None:
        for node in list(self._nodes.values()):
            node.close()

    def perform(self, commands: Commands, deadline: float) -> list[Any]:
        work = Round(commands, self._home)
        for _ in range(REDIRECTS):
            slots = self._slots or self._load(deadline)
            for server, numbers, some in work.groups(slots):
                try:
                    work.take(numbers, self._node(server).perform(some, deadline, redirects=True))
                except OperationalError:
                    self._slots = None  # a node may be gone: ask again who serves what
                    raise
            if not work.again():
                return work.replies
            if work.moved:
                self._slots = None
        raise restless(self._doorway.place)

    def _load(self, deadline: float) -> SlotMap:
        """Asks nodes one after the other until one answers."""
        errors: list[OperationalError] = []
        for server in dict.fromkeys((*self._doorway.place.servers, *self._nodes)):
            try:
                (reply,) = self._node(server).perform(QUESTION, deadline)
                self._slots = SlotMap(reply, server)
            except OperationalError as error:
                errors.append(error)
            else:
                return self._slots
        raise errors[0]

    def _node(self, server: Server) -> SyncLink:
        node = self._nodes.get(server)
        if node is None:
            node = self._nodes.setdefault(server, SyncLink(self._doorway.to((server,)), self._limit))
        return node

    def _connect_home(self, deadline: float) -> SyncConnection:
        slots = self._slots or self._load(deadline)
        try:
            return self._node(slots.server(self._home)).connect(deadline)
        except OperationalError:
            self._slots = None
            raise
