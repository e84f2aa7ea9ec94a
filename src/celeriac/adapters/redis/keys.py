"""How everything in Redis is named: kombu's keys for queues and claims, our own beside them under `celeriac.`."""

from bisect import bisect

from .options import RedisOptions


class Keys:
    """The names one broker uses; `prefix` goes before every one of them."""

    def __init__(self, options: RedisOptions, prefix: str, db: int) -> None:
        self.prefix = prefix
        self.steps = options.priority_steps
        self.sep = options.sep
        self.unacked = prefix + options.unacked_key
        self.index = prefix + options.unacked_index_key
        self.owners = f"{prefix}celeriac.owners"
        self.dying = f"{prefix}celeriac.owners.dead"
        self.serving = f"{prefix}celeriac.serving"
        self.leases = f"{prefix}celeriac.leases"
        self.term = f"{prefix}celeriac.term"
        self.dead = f"{prefix}celeriac.dead"
        self.dead_index = f"{prefix}celeriac.dead.index"
        self.revoked = f"{prefix}celeriac.revoked"
        self._fanout = prefix + _fanout_prefix(options.fanout_prefix, db)
        self._fanout_patterns = options.fanout_patterns
        self._last = len(self.steps) - 1

    def step(self, priority: int | None) -> int:
        """The priority step (index into the steps) a priority of 0 to 9 belongs to; lower is served first."""
        if not priority:
            return 0
        return max(bisect(self.steps, min(max(priority, 0), 9)) - 1, 0)

    def line(self, queue: str, step: int = 0) -> str:
        """The list that holds this queue's messages of one priority step."""
        value = self.steps[step]
        return f"{self.prefix}{queue}{self.sep}{value}" if value else self.prefix + queue

    def lines(self, queue: str) -> list[str]:
        """All the lists of a queue, first served first."""
        return [self.line(queue, step) for step in range(len(self.steps))]

    def delayed(self, queue: str) -> str:
        return f"{self.prefix}celeriac.delayed.{queue}"

    def lease(self, name: str) -> str:
        return f"{self.prefix}celeriac.lease.{name}"

    def plans(self, book: str) -> tuple[str, str, str, str]:
        """Where a book's revision, definitions, marks and paused names are."""
        start = f"{self.prefix}celeriac.beat.{book}"
        return f"{start}.revision", f"{start}.plans", f"{start}.marks", f"{start}.paused"

    def bindings(self, exchange: str) -> str:
        return f"{self.prefix}_kombu.binding.{exchange}"

    def fanout(self, exchange: str, routing_key: str = "") -> str:
        """The channel on which a fanout exchange speaks."""
        if routing_key and self._fanout_patterns:
            return f"{self._fanout}{exchange}/{routing_key}"
        return self._fanout + exchange


def _fanout_prefix(option: bool | str, db: int) -> str:
    if option is True:
        option = "/{db}."
    return option.replace("{db}", str(db)) if option else ""
