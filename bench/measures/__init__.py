"""The measures: each runs one system once and returns its figures."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.measures.clients import bulk, delay, round_trip
from bench.measures.drains import drain, drain_early, drain_naps, drain_results
from bench.measures.events import events, sent
from bench.measures.resting import importing, resting, start
from bench.measures.waiting import delayed, sleeping
from bench.measures.workflows import chain, chord, group, long_chain
from bench.rig import Rig
from bench.systems import System

Figure = dict[str, float]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is run, and for which systems it makes sense."""

    key: str
    run: Callable[[Rig, System], Figure]
    systems: tuple[str, ...]


RABBITS = ("rabbit", "rabbit_celery")
RPCS = ("rpc", "rpc_celery")
MEASURES = (
    Measure("drain", drain, ("celeriac", "celery", "tuned", "floor", "overlapped", *RABBITS, "postgres")),
    Measure(
        "drain_results",
        drain_results,
        ("celeriac", "celery", "tuned", "floor", "overlapped", "sqlite", *RABBITS, *RPCS, "rpc_transient", "postgres"),
    ),
    Measure("drain_early", drain_early, ("celeriac", "celery")),
    Measure("drain_naps", drain_naps, ("celeriac", "celery")),
    Measure("events", events, ("celeriac", "celery", "sqlite")),
    Measure("sent", sent, ("celeriac", "celery", "sqlite")),
    Measure("delay", delay, ("celeriac", "celery", "floor", "sqlite", *RABBITS, "rabbit_confirmed", "postgres")),
    Measure("bulk", bulk, ("celeriac", "celery", "floor", "sqlite", *RABBITS, "postgres")),
    Measure("round_trip", round_trip, ("celeriac", "celery", "floor", "sqlite", *RABBITS, *RPCS, "postgres")),
    Measure("group", group, ("celeriac", "celery", "tuned", "sqlite", *RPCS)),
    Measure("chord", chord, ("celeriac", "celery", "tuned", "sqlite")),
    Measure("chain", chain, ("celeriac", "celery", "sqlite")),
    Measure("long_chain", long_chain, ("celeriac", "sqlite")),  # Celery's recursion does not reach so far
    Measure("start", start, ("celeriac", "celery", "floor")),
    Measure("import", importing, ("celeriac", "celery")),
    Measure("resting", resting, ("celeriac", "celery", "floor")),
    Measure("sleeping", sleeping, ("celeriac",)),
    Measure("delayed", delayed, ("celeriac", "sqlite")),
)
