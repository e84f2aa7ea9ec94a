"""Figures: what is measured in which unit, the values of all rounds, their medians, spreads and ratios."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the report."""

    key: str
    title: str
    unit: str
    more_is_better: bool = False


KINDS = (
    Kind("drain", "no-op tasks, late acks", "tasks/s", True),
    Kind("drain_results", "no-op tasks, late acks, results stored and published", "tasks/s", True),
    Kind("drain_early", "no-op tasks, early acks, results stored and published", "tasks/s", True),
    Kind("drain_naps", "tasks that sleep 10 ms, late acks, results (two slots: at most 200)", "tasks/s", True),
    Kind("events", "no-op tasks with events of tasks (-E), by without", "times", True),
    Kind("events_heard", "the same while a monitor listens", "times", True),
    Kind("heard", "of these events, what the monitor heard", "share", True),
    Kind("events_dropped", "the same while a program hears them and does nothing with them", "times", True),
    Kind("dropped", "of these events, what reached that program", "share", True),
    Kind("sent", "many messages at once with task_send_sent_event, by without", "times", True),
    Kind("delay", "delay() one by one", "messages/s", True),
    Kind("bulk", "many messages at once", "messages/s", True),
    Kind("trip_p50", "delay().get() round trip, median", "ms"),
    Kind("trip_p99", "delay().get() round trip, 99th percentile", "ms"),
    Kind("group", "a group from sending it to the list of its results", "tasks/s", True),
    Kind("chord", "a chord from sending it to its body's result", "tasks/s", True),
    Kind("chord_growth", "what a member of a chord costs, four times larger by smaller", "times"),
    Kind("chain", "a chain from sending it to its last result", "links/s", True),
    Kind("long_chain", "a chain six times as long", "links/s", True),
    Kind("chain_growth", "what a link of it costs, by one of the shorter chain", "times"),
    Kind("start", "worker start until its first task has run", "s"),
    Kind("import", "import in a client program, above bare Python", "ms"),
    Kind("memory", "memory of all worker processes (PSS), idle", "MiB"),
    Kind("delayed", "what a million tasks due in an hour add to the worker's processes (RSS)", "MiB"),
    Kind("sleeping", "10,000 tasks that sleep 1 s each, from sending to the last, asyncio pool, one child", "s"),
    Kind("idle_worker", "CPU of an idle worker", "ms per s"),
    Kind("idle_server", "CPU of Redis under an idle worker", "ms per s"),
)


@dataclass(slots=True)
class Figures:
    """kind -> system -> one value a round; round i of one system ran next to round i of the others."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, kind: str, system: str, value: float) -> None:
        self.values.setdefault(kind, {}).setdefault(system, []).append(value)

    def of(self, kind: str, system: str) -> list[float]:
        return self.values.get(kind, {}).get(system, [])

    def median(self, kind: str, system: str) -> float | None:
        values = self.of(kind, system)
        return median(values) if values else None

    def spread(self, kind: str, system: str) -> float | None:
        """Largest minus smallest, as a share of the median."""
        values = self.of(kind, system)
        middle = median(values) if values else 0
        return (max(values) - min(values)) / middle if middle else None

    def ratio(self, kind: Kind, system: str, against: str) -> float | None:
        """How many times better: the median of the ratios of the rounds."""
        pairs = zip(self.of(kind.key, system), self.of(kind.key, against), strict=False)
        ratios = [better(kind, ours, theirs) for ours, theirs in pairs if ours and theirs]
        return median(ratios) if ratios else None


def better(kind: Kind, ours: float, theirs: float) -> float:
    return ours / theirs if kind.more_is_better else theirs / ours


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
