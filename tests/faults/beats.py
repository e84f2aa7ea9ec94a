"""Several beats of one program as real processes, and what the store says of them."""

import os
import signal
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from celeriac import Celeriac
from celeriac.beat.register import Register
from celeriac.core.errors import OperationalError
from celeriac.core.ids import uuid
from celeriac.core.message import Queue
from celeriac.core.ports.plans import Mark
from celeriac.wire import envelope
from patience import PACE
from watched import Watched

EVERY = 0.25
LEASE = 2.0
DEADLINE = 60.0

PROGRAM = f"""
import os
from celeriac import Celeriac

app = Celeriac("beats")
app.conf.result_expires = None
app.conf.beat_lease_ttl = float(os.environ["BEATS_LEASE"])
app.conf.beat_schedule = {{
    name: {{"task": "beats.count", "schedule": {EVERY}, "args": (name,), "missed": "all", "missed_limit": 10_000}}
    for name in ("one", "two")
}}
"""


class Beats:
    """A fleet of beats; each has a way of its own to the broker."""

    def __init__(self, folder: Path, url: str, lease: float = LEASE) -> None:
        self.folder = folder
        self.url = url
        self._lease = lease
        (folder / "beats.py").write_text(PROGRAM)
        self.app = Celeriac("beats", broker=url, set_as_current=False)
        self._register = Register(self.app)
        self.running: dict[int, Watched] = {}
        self.ways: dict[int, Any] = {}
        self._started = 0

    def start(self, url: str, way: Any = None) -> int:
        """Returns when it has begun, and would end gently if asked to."""
        self._started += 1
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("CELERI", "CELERY"))}
        words = (sys.executable, "-m", "celeriac", "-A", "beats", "-q", "beat", "-l", "INFO")
        log = self.folder / f"beat{self._started}.log"
        beat = Watched(
            words, self.folder, {**environ, "CELERIAC_BROKER_URL": url, "BEATS_LEASE": str(self._lease)}, log
        )
        self.running[beat.pid] = beat
        self.ways[beat.pid] = way
        beat.wait_line("beat: Starting", DEADLINE)
        return beat.pid

    def kill(self, pid: int) -> Any:
        """kill -9; returns its way to the broker, for the next one."""
        self.running.pop(pid).kill()
        return self.ways.pop(pid)

    def leader(self) -> int | None:
        holder = self._register.link.run(self._register.lease.holder("beat/beats"), 10.0)
        return None if holder is None else int(holder.split("/")[1])

    def wait_for_leader(self, other_than: int | None = None) -> int:
        return int(self.wait(lambda: (found := self.leader()) is not None and found != other_than and found))

    def marks(self) -> dict[str, Mark]:
        return {plan.name: plan.mark for plan in self._register.load().plans if plan.mark is not None}

    def wait_for_tick_after(self, moment: float) -> float:
        """Until every entry was sent by somebody later than this; how much later the first was."""
        rans: list[float] = self.wait(
            lambda: (rans := [mark.ran / 1e6 for mark in self.marks().values()]) and min(rans) > moment and rans
        )
        return min(rans) - moment

    def wait(self, true: Any) -> Any:
        begin = time.monotonic()
        while True:
            try:
                found = true()
            except OperationalError:
                found = None
            if found:
                return found
            assert not PACE.over(begin, DEADLINE), self.logs()
            time.sleep(0.05)

    def logs(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()}" for log in sorted(self.folder.glob("beat*.log")))

    def stop(self) -> None:
        """SIGTERM to all; those that stand still go on first."""
        for beat in self.running.values():
            beat.signal(signal.SIGCONT)
            beat.signal(signal.SIGTERM)
        for beat in self.running.values():
            assert beat.wait_end(DEADLINE) == 0, self.logs()
        self.running.clear()

    def sent(self) -> list[tuple[str, str]]:
        """(entry, task id) of all messages in the queue, taken out of it."""
        transport = self.app.transports.write
        assert transport.broker is not None
        assert transport.lease is not None
        owner = uuid()
        link = transport.link()
        link.run(transport.lease.acquire(f"worker/{owner}", owner, 600.0), 10.0)
        found = []
        while deliveries := link.run(transport.broker.claim(owner, [Queue("celery")], 500), 10.0).deliveries:
            messages = [envelope.decode(delivery.raw) for delivery in deliveries]
            found += [(message.headers["argsrepr"].split("'")[1], message.headers["id"]) for message in messages]
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for beat in self.running.values():
            beat.kill()
        self.app.close()
