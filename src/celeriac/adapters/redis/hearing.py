"""What a subscriber knows, without I/O: its channels, what it has heard and not told yet, what is unconfirmed."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from .packing import Command

# More than this unread means that nobody listens any more; then the oldest are forgotten.
_UNREAD_LIMIT = 100_000


class Hearing:
    """Takes in raw replies of a subscribed connection, gives out (channel, payload).

    A channel with a `*` in it is a pattern, for which the server has commands of their own.
    """

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.heard: deque[tuple[str, bytes]] = deque(maxlen=_UNREAD_LIMIT)
        self.unconfirmed = 0

    def wish(self, channels: Iterable[str], listen: bool) -> list[Command]:
        """The commands that make it so."""
        if listen:
            changed = [channel for channel in dict.fromkeys(channels) if channel not in self.channels]
            self.channels.update(changed)
        else:
            changed = [channel for channel in dict.fromkeys(channels) if channel in self.channels]
            self.channels.difference_update(changed)
        return self._commands("" if listen else "UN", changed)

    def again(self) -> list[Command]:
        """The commands with which a new connection takes up all channels."""
        self.unconfirmed = 0
        return self._commands("", sorted(self.channels))

    def _commands(self, prefix: str, channels: list[str]) -> list[Command]:
        self.unconfirmed += len(channels)
        patterns = [channel for channel in channels if "*" in channel]
        plain = [channel for channel in channels if "*" not in channel]
        wishes = ((f"P{prefix}SUBSCRIBE", *patterns), (f"{prefix}SUBSCRIBE", *plain))
        return [wish for wish in wishes if len(wish) > 1]

    def hear(self, reply: Any) -> None:
        if not isinstance(reply, list):
            return  # PONG outside of a subscription
        kind = reply[0]
        if kind == b"message":
            if reply[1].decode() in self.channels:
                self.heard.append((reply[1].decode(), reply[2]))
        elif kind == b"pmessage":
            if reply[1].decode() in self.channels:
                self.heard.append((reply[2].decode(), reply[3]))
        elif kind in (b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe"):
            self.unconfirmed -= 1
