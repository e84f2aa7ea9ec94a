"""Shared memory that says which run each execution slot is in, written by children and read by the parent."""

import mmap
import os
import struct
from typing import Final

from .files import open_unnamed

# One slot: the number of the run in it (0: idle), when that run began (system-wide monotonic clock), and
# what the parent wishes: of which run, what, and whether the child is to leave when it is between runs.
# Then the last run of the batch that the child has taken, and the part of a batch that was called back.
_SLOT: Final = struct.Struct("=QdQBB6xQQQ")
_BEGIN: Final = struct.Struct("=Qd")
_NUMBER: Final = struct.Struct("=Q")
_WISH: Final = struct.Struct("=QB")
_STRIDE: Final = 64  # a slot is a cache line
_WORDS: Final = _STRIDE // 8
_WISH_OFFSET: Final = 16
_RETIRE_OFFSET: Final = 25
_LAST_OFFSET: Final = 32
_RECALL_OFFSET: Final = 40
_RANGE: Final = struct.Struct("=QQ")

NONE: Final = 0
SOFT: Final = 1  # raise SoftTimeLimitExceeded in the run
END: Final = 2  # let the signal that comes now end the process


class Slots:
    """A fixed number of slots; made before the first fork, or attached to by descriptor after an exec.

    Each slot has one writer (its child; the parent writes only its wishes), so no lock is needed: a
    reader may see a run number a moment too late, never half a number.
    """

    __slots__ = ("_memory", "_words", "capacity", "fd")

    def __init__(self, capacity: int, fd: int = -1) -> None:
        self.capacity = capacity
        self.fd = fd  # -1: anonymous memory, inherited by forks alone
        self._memory = mmap.mmap(fd, max(1, capacity) * _STRIDE)
        self._words = memoryview(self._memory).cast("Q")

    @classmethod
    def in_file(cls, capacity: int) -> "Slots":
        """Slots in a file without a name, whose descriptor a spawned child can be given."""
        fd = open_unnamed(name="celeriac-slots")
        os.ftruncate(fd, max(1, capacity) * _STRIDE)
        return cls(capacity, fd)

    def begin(self, index: int, run: int, at: float) -> None:
        """The child says: from now on this slot is in that run."""
        _BEGIN.pack_into(self._memory, index * _STRIDE, run, at)

    def end(self, index: int) -> None:
        """The child says: the run is over and reported."""
        _NUMBER.pack_into(self._memory, index * _STRIDE, 0)

    def look(self, index: int) -> tuple[int, float]:
        """(run number or 0, when it began)."""
        return _BEGIN.unpack_from(self._memory, index * _STRIDE)

    def occupied(self, first: int, count: int) -> list[tuple[int, int]]:
        """(slot, run) of those among the slots that are in a run; quick, though there be thousands."""
        runs = self._words[first * _WORDS : (first + count) * _WORDS : _WORDS].tolist()
        return [(slot, run) for slot, run in enumerate(runs, first) if run]

    def where(self, first: int, count: int, run: int) -> int | None:
        """The slot among these that is in that run."""
        try:
            return first + self._words[first * _WORDS : (first + count) * _WORDS : _WORDS].tolist().index(run)
        except ValueError:
            return None

    def wish(self, index: int, run: int, kind: int) -> None:
        """The parent says: should that run still be in this slot, do this."""
        _WISH.pack_into(self._memory, index * _STRIDE + _WISH_OFFSET, run, kind)

    def wished(self, index: int) -> int:
        """What the parent wishes of the run that is in the slot now."""
        run, _, of_run, kind, *_ = _SLOT.unpack_from(self._memory, index * _STRIDE)
        return int(kind) if run and run == of_run else NONE

    def took(self, index: int, last: int) -> None:
        """The child says: it has taken a batch whose last run is this."""
        _NUMBER.pack_into(self._memory, index * _STRIDE + _LAST_OFFSET, last)

    def waiting(self, index: int) -> tuple[int, int]:
        """(run, last): the child is in `run` and holds those up to `last` behind it; run == last: none."""
        (run,) = _NUMBER.unpack_from(self._memory, index * _STRIDE)
        (last,) = _NUMBER.unpack_from(self._memory, index * _STRIDE + _LAST_OFFSET)
        return run, max(run, last) if run else 0

    def recall(self, index: int, after: int, last: int) -> None:
        """The parent says: of the runs behind `after` up to `last`, begin none that is not begun yet."""
        _RANGE.pack_into(self._memory, index * _STRIDE + _RECALL_OFFSET, after, last)

    def recalled(self, index: int, run: int) -> bool:
        """Was this run called back? To be asked after `begin`, which the parent looks at after `recall`."""
        after, last = _RANGE.unpack_from(self._memory, index * _STRIDE + _RECALL_OFFSET)
        return bool(after < run <= last)

    def retire(self, index: int) -> None:
        """The parent says: let the child leave when it is between runs."""
        self._memory[index * _STRIDE + _RETIRE_OFFSET] = 1

    def retired(self, index: int) -> bool:
        """Is the child to leave?"""
        return self._memory[index * _STRIDE + _RETIRE_OFFSET] != 0

    def clear(self, index: int) -> None:
        """Make the slot like new, for the next child."""
        _SLOT.pack_into(self._memory, index * _STRIDE, 0, 0.0, 0, 0, 0, 0, 0, 0)

    def close(self) -> None:
        """No further child will be made: nobody needs the file any more, only the memory."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
