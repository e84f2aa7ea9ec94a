"""Workflows from their making to their result: a client, an otherwise idle worker, results stored."""

from bench.measures.clients import START_DEADLINE
from bench.processes import wait_until
from bench.rig import Mode, Rig
from bench.systems import System


def group(rig: Rig, system: System) -> dict[str, float]:
    """Send a group, run it, join it."""
    return _measured(rig, system, "group", rig.sizes.group)


def chord(rig: Rig, system: System) -> dict[str, float]:
    """Two chords, one four times as large as the other: what a member costs must not grow."""
    return _measured(rig, system, "chord", rig.sizes.chord)


def chain(rig: Rig, system: System) -> dict[str, float]:
    """The links of one long chain."""
    return _measured(rig, system, "chain", rig.sizes.chain)


def long_chain(rig: Rig, system: System) -> dict[str, float]:
    """A chain of thousands, and one of a sixth: what a link costs must not grow."""
    return _measured(rig, system, "long_chain", rig.sizes.chain)


def _measured(rig: Rig, system: System, measure: str, n: int) -> dict[str, float]:
    mould = rig.mould(Mode())
    rig.fresh(system)
    rig.fill(system, Mode(), mould, 2)
    with rig.worker(system, Mode()) as job:
        wait_until(job.program, lambda: job.ran() >= 2, START_DEADLINE, 0.01, "the first task")
        answer: dict[str, float] = rig.client(system, Mode(), measure, n)
    return answer
