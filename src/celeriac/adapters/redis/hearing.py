"""What a subscriber knows, without I/O: its channels, what it has heard and not told yet, what is unconfirmed."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from .packing import Command

# More than this unread means that nobody listens any more; then the oldest are forgotten.
_UNREAD_LIMIT = 100_000


class Hearing:
    """Takes in raw replies of a subscribed connection, gives out (channel, payload)."""

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.heard: deque[tuple[str, bytes]] = deque(maxlen=_UNREAD_LIMIT)
        self.unconfirmed = 0

    def wish(self, channels: Iterable[str], listen: bool) -> Command | None:
        """The command that makes it so, None where it is so already."""
        if listen:
            changed = [channel for channel in dict.fromkeys(channels) if channel not in self.channels]
            self.channels.update(changed)
        else:
            changed = [channel for channel in dict.fromkeys(channels) if channel in self.channels]
            self.channels.difference_update(changed)
        return self._command("SUBSCRIBE" if listen else "UNSUBSCRIBE", changed)

    def again(self) -> Command | None:
        """The command with which a new connection takes up all channels."""
        self.unconfirmed = 0
        return self._command("SUBSCRIBE", sorted(self.channels))

    def _command(self, verb: str, channels: list[str]) -> Command | None:
        self.unconfirmed += len(channels)
        return (verb, *channels) if channels else None

    def hear(self, reply: Any) -> None:
        if not isinstance(reply, list):
            return  # PONG outside of a subscription
        kind = reply[0]
        if kind == b"message":
            if reply[1].decode() in self.channels:
                self.heard.append((reply[1].decode(), reply[2]))
        elif kind in (b"subscribe", b"unsubscribe"):
            self.unconfirmed -= 1
