"""What a system costs before and between tasks: start-up, import, memory, idle CPU."""

import os
import select
import subprocess
import time
from statistics import median

from bench.processes import cpu_seconds, pss_mib, tree, wait_until
from bench.rig import Mode, Rig
from bench.systems import System

DEADLINE = 60.0
IMPORTS = 15


def start(rig: Rig, system: System) -> dict[str, float]:
    """One message waits; the clock runs from the start of the process until its task has run."""
    mould = rig.mould(Mode())
    rig.fresh(system)
    rig.fill(system, Mode(), mould, 1)
    begin = time.perf_counter()
    with rig.worker(system, Mode()) as job:
        end = wait_until(job.program, lambda: job.ran() >= 1, DEADLINE, 0.001, "the first task")
    return {"start": end - begin}


def importing(rig: Rig, system: System) -> dict[str, float]:
    """Median of a few starts of Python with the import, less the same without."""
    bare, full = [], []
    _seconds(system.python, system.import_line)  # compiled files are there after the first one
    for _ in range(IMPORTS):
        bare.append(_seconds(system.python, "pass"))
        full.append(_seconds(system.python, system.import_line))
    return {"import": (median(full) - median(bare)) * 1000}


def _seconds(python: str, line: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    with subprocess.Popen([python, "-c", line], env=environment) as process:
        # to wait with a deadline by subprocess is to look every 50 ms, which is as much as is measured here
        ended = os.pidfd_open(process.pid)
        try:
            in_time = bool(select.select([ended], [], [], DEADLINE)[0])
            seconds = time.perf_counter() - begin
        finally:
            os.close(ended)
        if not in_time:
            process.kill()
    if process.returncode:
        raise SystemExit(f"{python} -c {line!r} ended with code {process.returncode}")
    return seconds


def resting(rig: Rig, system: System) -> dict[str, float]:
    """After some work has warmed it up: memory, then CPU time over some seconds with nothing to do."""
    with rig.warm_worker(system) as job:
        time.sleep(1)
        members, server = tree(job.program.process.pid), [rig.server.pid]
        memory, worker_before, server_before = pss_mib(members), cpu_seconds(members), cpu_seconds(server)
        time.sleep(rig.sizes.idle)
        per_second = 1000 / rig.sizes.idle
        return {
            "memory": memory,
            "idle_worker": (cpu_seconds(members) - worker_before) * per_second,
            "idle_server": (cpu_seconds(server) - server_before) * per_second,
        }
