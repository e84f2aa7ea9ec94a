"""The watch of a soak: does anything end, on every worker, all the time, and does nobody grow."""

import time
from statistics import median

from ..ledger import Ledger
from .nodes import SLOTS, Node, Size
from .turning import Turning

EVERY = 0.25
_ROUND = 1.0  # a longer round is the machine's, not the workers'


class Watch(Turning):
    """Reads the ledger, the workers' pages and /proc."""

    def __init__(self, ledger: Ledger, nodes: list[Node]) -> None:
        super().__init__(EVERY)
        self._ledger = ledger
        self._nodes = nodes
        self._last = time.monotonic()
        self._counts: dict[str, int] = {}
        self._still: dict[str, float] = {}
        self.stalls: dict[str, float] = {}  # name, or "all" -> the longest time in which nothing ended
        self.sizes: dict[str, list[Size]] = {node.name: [] for node in nodes}
        self.silent = 0  # pages that were not answered, or had nothing to tell yet
        self.running: list[str] = []  # ids that began a moment ago
        self._ended = 0

    def unended(self) -> int:
        """Promised, and not ended when last looked at."""
        return len(self._ledger.acknowledged) - self._ended

    def turn(self) -> None:
        now = time.monotonic()
        passed, self._last = min(now - self._last, _ROUND), now
        self._ended = len(self._ledger.ended())
        self.running = self._ledger.unfinished()[-2 * SLOTS * len(self._nodes) :]
        self._note("all", self._ended, passed)
        for node in self._nodes:
            self.sizes[node.name].append(node.size())
            count = node.ended()
            if count is None:
                self.silent += 1
                count = self._counts.get(node.name, 0)
            self._note(node.name, count, passed)

    def _note(self, name: str, count: int, passed: float) -> None:
        moved = count != self._counts.get(name)
        self._counts[name] = count
        self._still[name] = 0.0 if moved else self._still.get(name, 0.0) + passed
        self.stalls[name] = max(self.stalls.get(name, 0.0), self._still[name])

    def growth(self, name: str) -> Size:
        """From the second quarter of the time to the last one; the first is for warming up."""
        sizes = self.sizes[name]
        quarter = len(sizes) // 4
        assert quarter, "too short to tell"
        before, after = sizes[quarter : 2 * quarter], sizes[-quarter:]
        return Size(
            *(
                int(median(column) - median(early))
                for early, column in zip(zip(*before, strict=True), zip(*after, strict=True), strict=True)
            )
        )
