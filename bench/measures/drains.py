"""Draining a full queue: tasks a second from when a tenth has run until all are acknowledged and stored."""

import time
from dataclasses import replace

from bench.processes import wait_until
from bench.rig import Job, Mode, Rig
from bench.systems import System

WARM = 0.1  # share of the messages that are not counted: the worker starts and warms up
DEADLINE = 180.0
PAUSE = 0.004  # between two looks at the counters (no server is asked)


def drain(rig: Rig, system: System) -> dict[str, float]:
    return {"drain": _drain(rig, system, Mode(results=False), "bench.noop", _messages(rig, system))}


def drain_results(rig: Rig, system: System) -> dict[str, float]:
    return {"drain_results": _drain(rig, system, Mode(), "bench.noop", _messages(rig, system))}


def drain_early(rig: Rig, system: System) -> dict[str, float]:
    return {"drain_early": _drain(rig, system, Mode(late=False), "bench.noop", _messages(rig, system))}


def drain_naps(rig: Rig, system: System) -> dict[str, float]:
    return {"drain_naps": _drain(rig, system, Mode(), "bench.nap", rig.sizes.naps)}


def _messages(rig: Rig, system: System) -> int:
    if system.embedded:
        return rig.sizes.embedded
    return rig.sizes.many if system.fast else rig.sizes.few


def drained(rig: Rig, system: System, mode: Mode, n: int, fresh: bool = True) -> float:
    """The rate at which so many no-ops are drained; `fresh` unless the server or file is empty already."""
    return _drain(rig, system, mode, "bench.noop", n, fresh)


def _drain(rig: Rig, system: System, mode: Mode, task: str, n: int, fresh: bool = True) -> float:
    mould = rig.mould(mode).naming(task)
    if fresh:
        rig.fresh(system)
    rig.fill(system, replace(mode, events=False), mould, n)
    with rig.worker(system, mode) as job:
        rate = _rate(job, n)
    _verify(rig, system, mode, n)
    return rate


def _rate(job: Job, n: int) -> float:
    program = job.program
    start = wait_until(program, lambda: job.ran() >= n * WARM, DEADLINE, PAUSE, "the first tenth of the tasks")
    before = job.ran()
    wait_until(program, lambda: job.ran() >= n, DEADLINE, PAUSE, f"the last of {n} tasks")
    end = wait_until(program, job.settled, DEADLINE, 0.001, "the last acknowledgement")
    time.sleep(0.05)  # a task that runs twice would show now
    if job.ran() != n:
        raise SystemExit(f"{program.name} ran {job.ran()} tasks of {n} messages: this figure would be false")
    return (n - before) / (end - start)


def _verify(rig: Rig, system: System, mode: Mode, n: int) -> None:
    stored, due = rig.results(system), n if mode.results else 0
    if stored != due:
        raise SystemExit(f"{system.title} stored {stored} results, {due} were due: this figure would be false")
