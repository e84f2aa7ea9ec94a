"""The dumper: every event as a line of text."""

import contextlib
import sys
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final

from celeriac.current import get_current_app

_NAMES_KEPT: Final = 4095
_ABOUT: Final = frozenset(
    {"type", "hostname", "timestamp", "local_received", "utcoffset", "uuid", "name", "clock", "pid"}
)
_WORDS: Final = {"worker-online": "started", "worker-offline": "shutdown", "worker-heartbeat": "heartbeat"}


class Dumper:
    """`on_event` is a handler for receivers."""

    def __init__(self, out: Any = None) -> None:
        self.out = out or sys.stdout
        self._names: OrderedDict[str, str] = OrderedDict()

    def say(self, msg: str) -> None:
        """One line, at once, for whoever reads along."""
        print(msg, file=self.out, flush=True)

    def on_event(self, event: dict[str, Any]) -> None:
        """Say it."""
        kind = event["type"]
        when = datetime.fromtimestamp(event["timestamp"], UTC)
        what = _WORDS.get(kind, kind)
        if kind.startswith("task-"):
            what = f"task {kind.removeprefix('task-')}: {self._task(event)}"
        rest = ", ".join(f"{name}={event[name]}" for name in sorted(event) if name not in _ABOUT)
        self.say(f"{event.get('hostname')} [{when}] {what}{': ' if rest else ''}{rest}")

    def _task(self, event: dict[str, Any]) -> str:
        """Its name, if it was ever told, and its id."""
        uuid = str(event.get("uuid"))
        if event.get("name"):
            self._names[uuid] = event["name"]
            self._names.move_to_end(uuid)
            if len(self._names) > _NAMES_KEPT:
                self._names.popitem(last=False)
        return f"{self._names.get(uuid, '')}({uuid})"


def evdump(app: Any = None, out: Any = None) -> None:
    """Say all that is heard until interrupted."""
    dumper = Dumper(out)
    dumper.say("-> evdump: starting capture...")
    receiver = (app or get_current_app()).events.Receiver(handlers={"*": dumper.on_event})
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        receiver.capture(limit=None)
