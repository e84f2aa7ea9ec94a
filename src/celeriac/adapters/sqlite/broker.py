"""The SQLite broker's operations as flows; the work is done in entering, claiming and settling."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.bindings import bindings_of
from celeriac.core.delivery import Claim, Delivery, Settlement
from celeriac.core.flow import Flow
from celeriac.core.message import Post, Queue
from celeriac.core.ports.broker import Mark
from celeriac.wire.envelope import encode_post

from . import claiming, entering, settling
from .request import Read, Write
from .session import Session

_PASSING_TTL = 60.0  # how long an auto_delete or exclusive queue stays without a consumer


class SQLiteBroker:
    """Queues in tables; every operation is one short transaction."""

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        bindings = [binding for queue in queues for binding in bindings_of(queue)]
        rows = [(binding.exchange, binding.type, binding.key, binding.queue) for binding in bindings]
        passing = [queue for queue in queues if queue.auto_delete or queue.exclusive or queue.expires]
        if rows or passing:
            yield Write(partial(_declare, rows=rows, passing=passing))

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        if posts:
            raws = [encode_post(post) for post in posts]  # outside the transaction: it takes longer than the rest
            yield Write(partial(entering.publish, posts=posts, raws=raws))

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        step = partial(claiming.claim, owner=owner, queues=queues, limit=limit)
        claim: Claim = yield Write(step, claiming.give_back)
        return claim

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        if not settlements:
            return ()
        settled: tuple[bool, ...] = yield Write(partial(settling.settle, owner=owner, settlements=settlements))
        return settled

    def recover(self, mark: Mark) -> Flow[int]:
        yield from _housekeeping()
        recovered = 0
        while (yield Read(claiming.has_dead)):
            found: int = yield Write(partial(claiming.recover, mark=mark))
            recovered += found
            if not found:  # another recoverer was faster, or there were only leases to sweep
                break
        return recovered

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        found: tuple[Delivery, ...] = yield Read(partial(claiming.held, owner=owner))
        return found

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        counts: dict[str, int] = yield Read(partial(_count, queues=queues))
        return counts

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        def purge(session: Session) -> int:
            return sum(claiming.purge(session, queue) for queue in queues)

        purged: int = yield Write(purge)
        return purged


def _declare(session: Session, rows: Sequence[tuple[str, ...]], passing: list[Queue]) -> None:
    session.executemany("INSERT OR IGNORE INTO bindings VALUES (?, ?, ?, ?)", rows)
    session.executemany(
        "INSERT OR REPLACE INTO passing VALUES (?, ?, ?)",
        [(queue.name, queue.expires or _PASSING_TTL, session.now) for queue in passing],
    )


def _count(session: Session, queues: Sequence[str]) -> dict[str, int]:
    return {
        queue: session.execute(
            "SELECT (SELECT count(*) FROM ready WHERE queue = ?) + "
            "(SELECT count(*) FROM delayed WHERE queue = ? AND due <= ?)",
            (queue, queue, session.now),
        ).fetchone()[0]
        for queue in queues
    }


def _housekeeping() -> Flow[None]:
    """Rare things that ride along with recovery, which every worker runs every few seconds."""
    if (yield Read(_is_untidy)):
        yield Write(claiming.drop_unused)


def _is_untidy(session: Session) -> bool:
    row = session.execute(
        "SELECT EXISTS (SELECT 1 FROM passing WHERE used + ttl < ?) OR EXISTS (SELECT 1 FROM parcels WHERE told < ?)",
        (session.now, session.now - 60.0),
    ).fetchone()
    return bool(row[0])
