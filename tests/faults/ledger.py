"""The two ledgers of a campaign, kept apart from the system under test, and the verdict on them.

The producer's is a set of ids that were acknowledged. The consumer's is written by the task bodies
themselves: one line as a body begins, one as it ends, appended to a file of the executing process.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_fds: dict[int, int] = {}
_opening = threading.Lock()


def record(folder: str, task_id: str, what: str) -> None:
    """Append one line."""
    pid = os.getpid()
    with _opening:  # both lines of a run go into one file
        if pid not in _fds:
            _fds[pid] = os.open(f"{folder}/{pid}-{time.monotonic_ns()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(_fds[pid], f"{task_id} {what} {time.monotonic():.6f}\n".encode())


@dataclass
class Verdict:
    """What became of the tasks of one campaign."""

    acknowledged: int = 0
    ended: int = 0
    lost: set[str] = field(default_factory=set)  # acknowledged, never ended
    never_started: set[str] = field(default_factory=set)  # of these, those that never began
    unexpected: set[str] = field(default_factory=set)  # ran, but were never sent
    duplicated: int = 0  # ends beyond the first
    restarted: int = 0  # begins beyond the first
    overlaps: set[str] = field(default_factory=set)  # two runs of one id at one time

    def __str__(self) -> str:
        return (
            f"acknowledged={self.acknowledged} ended={self.ended} lost={len(self.lost)} "
            f"never_started={len(self.never_started)} unexpected={len(self.unexpected)} "
            f"duplicated={self.duplicated} restarted={self.restarted} overlaps={len(self.overlaps)}"
        )


class Run:
    """One run of one task, as its body told it."""

    __slots__ = ("begin", "end", "pid")

    def __init__(self, pid: int, begin: float) -> None:
        self.pid = pid
        self.begin = begin
        self.end: float | None = None  # None: it did not come to its end (yet)


class Ledger:
    """Reads what the bodies wrote; each look reads only what is new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.acknowledged: set[str] = set()
        self.indeterminate: set[str] = set()  # sending raised: they may have been sent, or not
        self._runs: dict[str, list[Run]] = defaultdict(list)
        self._ended: set[str] = set()
        self._read: dict[str, int] = {}  # file -> how far
        self._open: dict[tuple[str, str], Run] = {}  # (file, task) -> the run that has begun there

    def runs(self) -> dict[str, list[Run]]:
        """Every run so far, by task id."""
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.stat().st_size != self._read.get(entry.name, 0):  # of thousands of files few are new
                    self._read_on(entry)
        return self._runs

    def _read_on(self, entry: "os.DirEntry[str]") -> None:
        """What was written whole: a line that crosses a page is seen in two pieces, or one if its writer was killed."""
        done = self._read.get(entry.name, 0)
        with open(entry.path, "rb") as file:
            file.seek(done)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read[entry.name] = done + len(whole + end)
        for line in whole.decode().splitlines():
            self._note(entry.name, *line.split(" "))

    def _note(self, file: str, task_id: str, what: str, at: str) -> None:
        if what == "start":
            run = self._open[file, task_id] = Run(int(file.partition("-")[0]), float(at))
            self._runs[task_id].append(run)
        else:
            self._open.pop((file, task_id)).end = float(at)
            self._ended.add(task_id)

    def ended(self) -> set[str]:
        """The acknowledged ids that ended at least once."""
        self.runs()
        return self._ended & self.acknowledged

    def running(self) -> list[Run]:
        """What has begun and not ended, as far as anybody wrote."""
        return [run for runs in self.runs().values() for run in runs if run.end is None]

    def unfinished(self) -> list[str]:
        """Ids of runs that had begun and not come to their end when last read, the latest last."""
        return [task_id for _, task_id in list(self._open)]

    def verdict(self) -> Verdict:
        runs = self.runs()
        ends = {id: sum(run.end is not None for run in some) for id, some in runs.items()}
        ended = {id for id, count in ends.items() if count}
        lost = self.acknowledged - ended
        return Verdict(
            acknowledged=len(self.acknowledged),
            ended=len(ended),
            lost=lost,
            never_started=lost - set(runs),
            unexpected=set(runs) - self.acknowledged - self.indeterminate,
            duplicated=sum(count - 1 for count in ends.values() if count),
            restarted=sum(len(some) - 1 for some in runs.values()),
            overlaps={id for id, some in runs.items() if overlap(some)},
        )


def overlap(runs: Iterable[Run]) -> bool:
    """Did two runs that ended share a moment? (Of a run that was killed nobody knows until when it ran.)"""
    whole = sorted((run.begin, run.end) for run in runs if run.end is not None)
    return any(later[0] < earlier[1] for earlier, later in pairwise(whole))
