"""Which queues messages reach: the bindings, remembered here and read again when somebody has changed them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ...core.bindings import Binding, bindings_of, reached
from ...core.message import Queue, Route
from .request import NOW, Answer, Statement

# The version first: what changes between the two is then read again, never missed.
READ: Final = (
    Statement("SELECT value FROM counters WHERE name = 'bindings'"),
    Statement("SELECT exchange, type, key, queue FROM bindings"),
)
_BIND: Final = """
WITH new AS (INSERT INTO bindings SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
  ON CONFLICT DO NOTHING RETURNING 1)
UPDATE counters SET value = value + 1 WHERE name = 'bindings' AND EXISTS (SELECT FROM new)"""
_PASS: Final = f"""
INSERT INTO passing SELECT *, {NOW} FROM unnest(%s::text[], %s::float8[])
ON CONFLICT (queue) DO UPDATE SET ttl = excluded.ttl, used = excluded.used"""
_PASSING_TTL: Final = 60.0  # how long an auto_delete or exclusive queue stays without a consumer


class Routes(NamedTuple):
    """All bindings as they were at one version."""

    version: int
    bindings: dict[str, tuple[Binding, ...]]

    def reach(self, to: Route) -> tuple[str, ...]:
        return reached(self.bindings.get(to.exchange, ()), to)


class RouteBook:
    """What one transport knows; whoever finds it outdated reads it anew."""

    def __init__(self) -> None:
        self.known: Routes | None = None

    def learn(self, answers: Sequence[Answer]) -> Routes:
        """From the answers to READ."""
        found: dict[str, list[Binding]] = {}
        for row in answers[1].rows:
            found.setdefault(row[0], []).append(Binding(*row))
        routes = Routes(answers[0].rows[0][0], {name: tuple(some) for name, some in found.items()})
        self.known = routes
        return routes


def passes(queue: Queue) -> bool:
    """True for a queue that goes when it is not used."""
    return bool(queue.auto_delete or queue.exclusive or queue.expires)


def declaration(queues: Sequence[Queue]) -> list[Statement]:
    """In one order everywhere, so that two who declare the same do not wait for each other in a circle."""
    rows = sorted({(one.exchange, one.type, one.key, one.queue) for queue in queues for one in bindings_of(queue)})
    passing = {queue.name: queue.expires or _PASSING_TTL for queue in queues if passes(queue)}
    statements = []
    if rows:
        statements.append(Statement(_BIND, [list(column) for column in zip(*rows, strict=True)]))
    if passing:
        names = sorted(passing)
        statements.append(Statement(_PASS, (names, [passing[name] for name in names])))
    return statements
