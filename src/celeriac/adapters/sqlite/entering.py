"""How messages get into queues: routed, packed, and put where they can be claimed now or later."""

from collections.abc import Sequence
from typing import Any

from celeriac.core.bindings import Binding, reached, unroutable
from celeriac.core.errors import OperationalError
from celeriac.core.message import Post, Route
from celeriac.wire.envelope import encode_post

from .session import Session


def route(session: Session, to: Route) -> tuple[str, ...]:
    """The queues a route reaches."""
    if not to.exchange:
        return (to.routing_key,)
    rows = session.execute("SELECT exchange, type, key, queue FROM bindings WHERE exchange = ?", (to.exchange,))
    return reached((Binding(*row) for row in rows.fetchall()), to)


def publish(session: Session, posts: Sequence[Post], raws: Sequence[bytes]) -> None:
    """All posts, or none: one that reaches no queue is refused."""
    places: dict[tuple[str, int, float | None], list[tuple[bytes]]] = {}
    for post, raw in zip(posts, raws, strict=True):
        queues = route(session, post.route)
        if not queues and post.route.exchange_type != "fanout":
            raise OperationalError(unroutable(post.route))
        due = post.due if post.due is not None and post.due > session.now else None
        for queue in queues:
            places.setdefault((queue, -(post.priority or 0), due), []).append((raw,))
    for (queue, rank, due), rows in places.items():
        enter(session, queue, rank, due, rows)


def enter(session: Session, queue: str, rank: int, due: float | None, rows: list[tuple[bytes]]) -> None:
    """New messages for one place. The ids of one statement's rows are consecutive: nobody else can write now."""
    last = session.insert("INSERT INTO messages (raw)", 1, rows)
    session.queues.add(queue)
    if due is None:
        if len(rows) == 1:
            session.execute("INSERT INTO ready VALUES (?, ?, ?, 0)", (queue, rank, last))
            return
        session.execute(
            "INSERT INTO ready SELECT ?, ?, id, 0 FROM messages WHERE id BETWEEN ? AND ?",
            (queue, rank, last - len(rows) + 1, last),
        )
        return
    session.execute(
        "INSERT INTO delayed SELECT ?, ?, id, ?, 0 FROM messages WHERE id BETWEEN ? AND ?",
        (queue, due, rank, last - len(rows) + 1, last),
    )


def enter_posts(session: Session, posts: Sequence[Post]) -> None:
    """Posts of a settlement: what reaches no queue goes to the dead letters, for there is nobody to tell."""
    good: list[Post] = []
    for post in posts:
        if route(session, post.route) or post.route.exchange_type == "fanout":
            good.append(post)
        else:
            letter: tuple[Any, ...] = (
                "",
                -(post.priority or 0),
                encode_post(post),
                unroutable(post.route),
                session.now,
            )
            session.execute("INSERT INTO dead (queue, rank, raw, reason, died_at) VALUES (?, ?, ?, ?, ?)", letter)
    publish(session, good, [encode_post(post) for post in good])
