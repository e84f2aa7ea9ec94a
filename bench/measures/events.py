"""What events cost: the same drain without them, with them, and with who listens to them, one after the other."""

import time

from bench.measures.drains import drained
from bench.rig import Mode, Rig
from bench.systems import System

QUIET = 0.5  # seconds without an event after which a monitor has heard all that it will hear
LONGEST = 60.0
EVENTS = 3  # of a task: received, started, succeeded


def events(rig: Rig, system: System) -> dict[str, float]:
    """Shares of the rate without events. The rates stand beside each other within seconds, as the systems do."""
    n = _messages(rig, system)
    without = drained(rig, system, Mode(results=False), n)
    told = drained(rig, system, Mode(results=False, events=True), n)
    heard, share = _heard(rig, system, n)
    found = {"events": told / without, "events_heard": heard / without, "heard": share}
    if not system.embedded:
        rate, share = _dropped(rig, system, n)
        found |= {"events_dropped": rate / without, "dropped": share}
    return found


def sent(rig: Rig, system: System) -> dict[str, float]:
    """Many messages at once, each told of by a task-sent, by the same without."""
    rates = []
    for mode in (Mode(), Mode(events=True)):
        rig.fresh(system)
        rates.append(float(rig.client(system, mode, "bulk", rig.sizes.bulk)["bulk"]))
    return {"sent": rates[1] / rates[0]}


def _heard(rig: Rig, system: System, n: int) -> tuple[float, float]:
    """The rate while somebody listens, and the share of the events that he has heard."""
    mode = Mode(results=False, events=True)
    rig.fresh(system)
    with rig.listener(system, mode) as cells:
        rate = drained(rig, system, mode, n, fresh=False)
        end, before = time.monotonic() + LONGEST, -1
        while sum(cells) != before and time.monotonic() < end:
            before = sum(cells)
            time.sleep(QUIET)
        return rate, (before - 1) / (EVENTS * n)


def _dropped(rig: Rig, system: System, n: int) -> tuple[float, float]:
    """The rate while somebody hears the events and does nothing with them, and the share that has reached him."""
    mode = Mode(results=False, events=True)
    rig.fresh(system)
    with rig.sink() as cells:
        rate = drained(rig, system, mode, n, fresh=False)
    return rate, cells[1] / (EVENTS * n)


def _messages(rig: Rig, system: System) -> int:
    if system.embedded:
        return rig.sizes.embedded
    return (rig.sizes.many if system.fast else rig.sizes.few) // 2
