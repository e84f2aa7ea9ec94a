"""How messages get into queues: routed, packed, and put where they can be claimed now or later."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ...core.bindings import unroutable
from ...core.errors import OperationalError
from ...core.flow import Flow
from ...core.message import Post
from ...wire.envelope import encode_post
from .channels import Channels
from .names import storable
from .request import NOW, Answer, Ask, Part, Statement, Work, Write
from .routes import READ, RouteBook, Routes

# What is due already is ready at once. With a version, nothing is entered if the bindings have changed since.
_ENTER: Final = f"""
INSERT INTO messages (queue, rank, due, raw)
SELECT queue, rank, CASE WHEN due > {NOW} THEN due END, raw
FROM unnest(%b::text[], %s::integer[], %s::float8[], %s::bytea[]) AS new (queue, rank, due, raw)
WHERE %s::bigint IS NULL OR %s::bigint = (SELECT value FROM counters WHERE name = 'bindings')"""
_BURY: Final = f"INSERT INTO dead (queue, rank, raw, reason, died_at) VALUES ('', %s, %s, %s, {NOW})"
# Bytes that one statement may carry: the server takes a gigabyte at most, and several times that in memory.
_LOAD: Final = 8 << 20
_HIGHEST: Final = 1 << 30


class Row(NamedTuple):
    """One message on its way into one queue."""

    queue: str
    rank: int
    due: float | None
    raw: bytes


class Unroutable(OperationalError):
    """No queue is bound where a message was sent to."""


def _rank(post: Post) -> int:
    """The priority upside down, as far as a column can hold it."""
    return max(-_HIGHEST, min(-(post.priority or 0), _HIGHEST))


def _unusable(queue: str) -> str:
    return f"The queue name {queue[:100]!r} can't be used: it is too long, or holds what no text may hold."


def placed(posts: Sequence[Post], raws: Sequence[bytes], routes: Routes | None) -> list[Row]:
    """A row for each queue that each post reaches; raises Unroutable."""
    rows = []
    for post, raw in zip(posts, raws, strict=True):
        to = post.route
        queues = routes.reach(to) if routes is not None and to.exchange else (to.routing_key,)
        if not queues and to.exchange_type != "fanout":
            raise Unroutable(unroutable(to))
        for queue in queues:
            if not storable(queue):
                raise Unroutable(_unusable(queue))
            rows.append(Row(queue, _rank(post), post.due, raw))
    return rows


def statements(rows: Sequence[Row], version: int | None = None) -> list[Statement]:
    """Those that enter the rows, in their order."""
    return [Statement(_ENTER, (*_columns(some), version, version)) for some in _loads(rows)]


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _loads(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = size = 0
    for place, row in enumerate(rows):
        if size and size + len(row.raw) > _LOAD:
            yield rows[start:place]
            start, size = place, 0
        size += len(row.raw)
    if len(rows) > start:
        yield rows[start:]


def publish(posts: Sequence[Post], book: RouteBook, channels: Channels) -> Flow[None]:
    """All posts, or none: one that reaches no queue is refused. One round trip, as long as no binding changes."""
    raws = [encode_post(post) for post in posts]
    if not any(post.route.exchange for post in posts):
        yield from _enter(placed(posts, raws, None), None, channels)
        return
    routes, fresh = book.known, False
    while True:
        if routes is None:
            routes, fresh = book.learn((yield Ask(READ))), True
        try:
            if (yield from _enter(placed(posts, raws, routes), routes.version, channels)):
                return
        except Unroutable:
            if fresh:
                raise
        routes, fresh = None, False


def _enter(rows: Sequence[Row], version: int | None, channels: Channels) -> Flow[bool]:
    """False if nothing was entered, for the bindings are not those of this version any more."""
    if not rows:
        return True
    batch = statements(rows, version)
    work = Work(channels)
    work.queues.update(row.queue for row in rows)
    if len(batch) == 1:
        answers: list[Answer] = yield Ask(batch, work.wakes())
        return answers[0].count > 0

    def step(work: Work) -> Part[bool]:
        """Several statements may see different versions, so it is looked at once, before them."""
        work.queues.update(row.queue for row in rows)
        if version is not None:
            (found,) = yield READ[:1]
            if found.rows != [(version,)]:
                return False
        yield work.last(*statements(rows))
        return True

    entered: bool = yield Write(step)
    return entered


def post_statements(work: Work, posts: Sequence[Post], routes: Routes) -> list[Statement]:
    """Posts of a settlement: what reaches no queue goes to the dead letters, for there is nobody to tell."""
    buried: list[Statement] = []
    rows: list[Row] = []
    for post in posts:
        raw = encode_post(post)
        try:
            rows += placed([post], [raw], routes)
        except Unroutable as error:
            reason = str(error).replace("\0", "\\0")
            buried.append(Statement(_BURY, (_rank(post), raw, reason)))
    work.queues.update(row.queue for row in rows)
    return buried + statements(rows)
