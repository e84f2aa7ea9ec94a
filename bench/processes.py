"""Started programs: their process trees, memory, CPU time, and how they are stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_DEADLINE = 30.0
START_TIME = 19  # among the fields that `stat` returns
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Program:
    """A running program and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Ends the benchmark if the program has died."""
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} ended with code {self.process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


@contextlib.contextmanager
def started(name: str, command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> Iterator[Program]:
    """Runs the program in a session of its own; at the end SIGTERM, and SIGKILL for what outlives the deadline."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(env), cwd=cwd, stdout=output, stderr=output, start_new_session=True
        )
    program = Program(name, process, log)
    try:
        yield program
    finally:
        members = [(pid, stat(pid)) for pid in tree(process.pid)]
        process.terminate()
        try:
            process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            print(f"{name} did not stop within {STOP_DEADLINE:.0f} s and was killed")
            process.kill()
            process.wait()
        kill_left_over(members)


def kill_left_over(members: Sequence[tuple[int, list[str]]]) -> None:
    """SIGKILL for children that outlived their parent; the start time tells them from new processes."""
    for pid, before in members:
        if before and (now := stat(pid)) and now[START_TIME] == before[START_TIME]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:  # grows while it is walked
        found.extend(children.get(pid, ()))
    return found


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command's name; empty if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time used so far."""
    return sum((int(fields[11]) + int(fields[12])) / TICK for pid in pids if (fields := stat(pid)))


def whole_seconds(roots: Sequence[int]) -> float:
    """The same of whole trees, and of the processes in them that have ended."""
    all = (fields for root in roots for pid in tree(root) if (fields := stat(pid)))
    return sum(sum(map(int, fields[11:15])) / TICK for fields in all)


def pss_mib(pids: Sequence[int]) -> float:
    """Proportional set size: pages shared by n processes count 1/n in each."""
    return sum(_pss_kib(pid) for pid in pids) / 1024


def rss_mib(pids: Sequence[int]) -> float:
    """Resident set size, shared pages counted in each process."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * PAGE / 2**20


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise SystemExit(f"/proc/{pid}/smaps_rollup has no Pss line: this kernel can't tell the memory of a process")


def wait_until(program: Program, condition: Callable[[], bool], deadline: float, pause: float, what: str) -> float:
    """Polls until the condition holds; returns when (perf_counter)."""
    end = time.perf_counter() + deadline
    while not condition():
        program.check()
        if time.perf_counter() > end:
            raise SystemExit(f"{program.name}: {what} did not happen within {deadline:.0f} s:\n{program.tail()}")
        time.sleep(pause)
    return time.perf_counter()
