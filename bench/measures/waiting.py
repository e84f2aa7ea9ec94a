"""Tasks that wait: thousands asleep in one event loop, and a million that are not due yet."""

import time
from dataclasses import replace

from bench.processes import rss_mib, tree, wait_until
from bench.rig import Mode, Rig
from bench.systems import System

SLEEPERS = "10000"
DEADLINE = 120.0


def sleeping(rig: Rig, system: System) -> dict[str, float]:
    """Ten thousand tasks that each sleep for a second, on one asyncio child; from the first sent to the last ended."""
    sleepers = replace(
        system, worker=_on_asyncio(system.worker), client=(system.client[0], system.client[1], "sleepers")
    )
    rig.mould(Mode())
    rig.fresh(sleepers)
    rig.client(sleepers, Mode(), "bulk", 1)  # sends two: the loop is up and has run something
    with rig.worker(sleepers, Mode()) as job:
        wait_until(job.program, lambda: job.ran() >= 2, DEADLINE, 0.01, "the first task")
        wait_until(job.program, job.settled, DEADLINE, 0.01, "the first acknowledgement")
        begin = time.perf_counter()
        rig.client(sleepers, Mode(), "bulk", int(SLEEPERS) - 1)
        end = wait_until(job.program, lambda: job.ran() >= 2 + int(SLEEPERS), DEADLINE, 0.005, "the last sleeper")
    return {"sleeping": end - begin}


def _on_asyncio(command: tuple[str, ...]) -> tuple[str, ...]:
    kept = [word if word != "ours" else "sleepers" for word in command]
    kept[kept.index("-c") + 1] = SLEEPERS
    return (*kept, "-P", "asyncio")


def delayed(rig: Rig, system: System) -> dict[str, float]:
    """What a worker's processes grow by while a million tasks that are due in an hour lie in its broker."""
    with rig.warm_worker(system) as job:
        members = tree(job.program.process.pid)
        before = rss_mib(members)
        rig.client(system, Mode(), "delayed", rig.sizes.delayed)
        time.sleep(2)  # for a worker that would fetch them
        return {"delayed": max(0.0, rss_mib(members) - before)}
