"""Finds the job that a child took from the socket and died with before it could say so.

Between the read of a packet and the write of the slot there are some microseconds. A child killed in them
leaves a run that no slot shows and no report will end. Runs are numbered in the order they are sent and
the socket keeps that order, so what is still in the socket tells what has been taken.
"""

from collections.abc import Iterable
from typing import Final

from celeriac.process.packets import PacketQueue

PATIENCE: Final = 1.0  # seconds a live child may need from the read to its slot


class MissingRuns:
    """The runs sent and not settled, and which of them nobody can be running."""

    def __init__(self, packets: PacketQueue) -> None:
        self._packets = packets
        self._out: dict[int, None] = {}
        # For who settles many: forget(run, False) is None the first time, for a run that was sent.
        self.forget: Final = self._out.pop

    def __contains__(self, run: int) -> bool:
        return run in self._out

    def __len__(self) -> int:
        return len(self._out)

    def sent(self, run: int) -> None:
        self._out[run] = None

    def settled(self, run: int) -> bool:
        """True the first time, for a run that was sent."""
        return self._out.pop(run, False) is None

    def suspect(self, running: Iterable[int]) -> set[int]:
        """A child died: what was taken and shows nowhere. To be confirmed after PATIENCE, and no sooner."""
        return self._taken().difference(running)

    def confirm(self, suspects: set[int], running: Iterable[int]) -> list[int]:
        """The suspects that are still out and run nowhere; they are settled by this."""
        return sorted(run for run in suspects.difference(running) if self.settled(run))

    def clear(self) -> list[int]:
        """All that are out, when no child is left to run any."""
        left = sorted(self._out)
        self._out.clear()
        return left

    def _taken(self) -> set[int]:
        head = self._packets.next_run()
        return {run for run in self._out if head is None or run < head}
