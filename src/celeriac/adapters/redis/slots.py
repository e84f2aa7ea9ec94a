"""Which node of a cluster a command belongs to, and what to do about redirections; no I/O."""

from bisect import bisect
from typing import Any

from redis import exceptions
from redis.crc import key_slot

from ...core.errors import OperationalError
from .packing import Command, Commands
from .place import Server

QUESTION: Commands = (("CLUSTER", "SLOTS"),)
# More than that, and the cluster is in the middle of something.
REDIRECTS = 5

# A cluster tells every node what is published on one, but later: where all of ours publish and listen at
# one node, what was told in order is heard in order, and the reply counts the listeners.
_KEYLESS = frozenset({"PING", "INFO", "CLIENT", "SCRIPT", "TIME", "PUBLISH", "SCAN"})


class SlotMap:
    """Ranges of slots and the masters that serve them."""

    def __init__(self, reply: list[Any], asked: Server) -> None:
        ranges = sorted((int(start), _server(nodes[0], asked)) for start, _end, *nodes in reply)
        if not ranges:
            raise OperationalError(f"The Redis cluster at {asked} serves no slots: it has not been created yet")
        self._starts = [start for start, _ in ranges]
        self._servers = [server for _, server in ranges]

    @property
    def servers(self) -> tuple[Server, ...]:
        return tuple(dict.fromkeys(self._servers))

    def server(self, slot: int) -> Server:
        return self._servers[max(bisect(self._starts, slot) - 1, 0)]


def _server(node: list[Any], asked: Server) -> Server:
    """A node that does not know its own address is the one that was asked."""
    host = node[0].decode() if node[0] else ""
    return Server(host or asked.host, int(node[1]))


def slot_of(command: Command, home: int) -> int:
    """The slot of a command's first key; `home` for commands that name none."""
    verb = command[0]
    if verb in _KEYLESS:
        return home
    key = command[3] if verb == "EVALSHA" else command[1]
    return slot(key if isinstance(key, (str, bytes)) else str(key))


def slot(key: str | bytes) -> int:
    return int(key_slot(key if isinstance(key, bytes) else key.encode()))


class Round:
    """The commands of one request and what is still to be done for them, through a few redirections."""

    def __init__(self, commands: Commands, home: int) -> None:
        self.commands = commands
        self.replies: list[Any] = [None] * len(commands)
        self.moved = False
        self._home = home
        self._pending = list(range(len(commands)))
        self._asking: dict[int, Server] = {}

    def groups(self, slots: SlotMap) -> list[tuple[Server, list[int], Commands]]:
        """(node, which commands, what to send) for everything that has no reply yet."""
        found: dict[Server, list[int]] = {}
        for i in self._pending:
            if i not in self._asking:
                found.setdefault(slots.server(slot_of(self.commands[i], self._home)), []).append(i)
        groups: list[tuple[Server, list[int], Commands]] = [
            (server, numbers, [self.commands[i] for i in numbers]) for server, numbers in found.items()
        ]
        for i, server in self._asking.items():
            groups.append((server, [i], [("ASKING",), self.commands[i]]))
        return groups

    def take(self, numbers: list[int], replies: list[Any]) -> None:
        for i, reply in zip(numbers, replies[-len(numbers) :], strict=True):
            self.replies[i] = reply

    def again(self) -> bool:
        """True if something was redirected; `moved` says that the map is out of date."""
        redirected = [i for i in self._pending if isinstance(self.replies[i], exceptions.AskError)]
        moved = [i for i in redirected if isinstance(self.replies[i], exceptions.MovedError)]
        self._asking = {i: _target(self.replies[i]) for i in redirected if i not in moved}
        self.moved = bool(moved)
        self._pending = redirected
        return bool(redirected)


def _target(error: Any) -> Server:
    return Server(error.host, int(error.port))


def restless(place: object) -> OperationalError:
    return OperationalError(f"The Redis cluster at {place} keeps redirecting: is it being resharded? Try again soon")
