"""The client's side: sending one by one, sending many, and the round trip to a result."""

from bench.figures import percentile
from bench.processes import wait_until
from bench.rig import Mode, Rig
from bench.systems import System

START_DEADLINE = 60.0


def delay(rig: Rig, system: System) -> dict[str, float]:
    """No worker runs: the client has the machine and the server for itself."""
    return _alone(rig, system, "delay", rig.sizes.delays)


def bulk(rig: Rig, system: System) -> dict[str, float]:
    return _alone(rig, system, "bulk", rig.sizes.bulk)


def _alone(rig: Rig, system: System, measure: str, n: int) -> dict[str, float]:
    rig.mould(Mode())
    rig.fresh(system)
    answer: dict[str, float] = rig.client(system, Mode(), measure, n)
    return answer


def round_trip(rig: Rig, system: System) -> dict[str, float]:
    """One client, an otherwise idle worker."""
    mould = rig.mould(Mode())
    rig.fresh(system)
    rig.fill(system, Mode(), mould, 2)
    with rig.worker(system, Mode()) as job:
        wait_until(job.program, lambda: job.ran() >= 2, START_DEADLINE, 0.01, "the first task")
        seconds = rig.client(system, Mode(), "round_trip", rig.sizes.trips)["seconds"]
    return {"trip_p50": percentile(seconds, 0.5) * 1000, "trip_p99": percentile(seconds, 0.99) * 1000}
