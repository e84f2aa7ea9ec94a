"""How much of the machine other programs used while a measure ran; a load average before it can't show that."""

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import TICK, whole_seconds

DISTURBED = 0.1  # share of the machine from which a figure is not to be trusted


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds used since the machine started: by all, and by us."""

    at: float
    machine: float
    own: float


def read(servers: Sequence[int]) -> Reading:
    """Our own: this process, the programs it has waited for, and the servers, which still run."""
    ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own = sum(usage.ru_utime + usage.ru_stime for usage in ours) + whole_seconds(servers)
    return Reading(time.monotonic(), _machine(), own)


def share(before: Reading, after: Reading) -> float:
    """What others used, as a share of all cores: 0 is a quiet machine."""
    foreign = (after.machine - before.machine) - (after.own - before.own)
    return max(0.0, foreign) / ((after.at - before.at) * (os.cpu_count() or 1))


def _machine() -> float:
    """Seconds in which a core was not idle; of the first line of /proc/stat, idle and iowait are left out."""
    user, nice, system, _idle, _iowait, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    irq, softirq, steal = rest[:3]
    return (user + nice + system + irq + softirq + steal) / TICK
