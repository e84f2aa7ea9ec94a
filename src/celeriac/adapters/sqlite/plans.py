"""Plans on SQLite: one row an entry; a tick's mark and its messages are one transaction."""

from collections.abc import Sequence
from functools import partial

from celeriac.core.errors import LeaseLost
from celeriac.core.flow import Flow
from celeriac.core.ports.plans import Book, Change, Firing, Mark, Plan, Tenure

from .entering import enter_posts
from .request import Read, Write
from .session import Session


class SQLitePlans:
    """The leader's lease is a row of the same file."""

    def load(self, book: str) -> Flow[Book]:
        found: Book = yield Read(partial(_load, book=book))
        return found

    def revision(self, book: str) -> Flow[int]:
        revision: int = yield Read(partial(_revision, book=book))
        return revision

    def change(self, book: str, changes: Sequence[Change], tenure: Tenure | None = None) -> Flow[int]:
        revision: int = yield Write(partial(_change, book=book, changes=changes, tenure=tenure))
        return revision

    def fire(self, book: str, tenure: Tenure, firings: Sequence[Firing]) -> Flow[tuple[bool, ...]]:
        fired: tuple[bool, ...] = yield Write(partial(_fire, book=book, tenure=tenure, firings=firings))
        return fired


def _revision(session: Session, book: str) -> int:
    row = session.execute("SELECT revision FROM books WHERE book = ?", (book,)).fetchone()
    return row[0] if row else 0


def _load(session: Session, book: str) -> Book:
    # The revision first: what changes between the two is then read again, never missed.
    revision = _revision(session, book)
    rows = session.execute(
        "SELECT name, definition, paused, last, ran, runs, task_id FROM plans WHERE book = ? ORDER BY name", (book,)
    )
    return Book(
        revision,
        tuple(
            Plan(name, definition, bool(paused), None if last is None else Mark(last, ran, runs, task_id))
            for name, definition, paused, last, ran, runs, task_id in rows.fetchall()
        ),
    )


def _change(session: Session, book: str, changes: Sequence[Change], tenure: Tenure | None) -> int:
    if tenure is not None:
        _check(session, tenure)
    for change in changes:
        _make(session, book, change)
    session.execute("INSERT INTO books VALUES (?, 1) ON CONFLICT (book) DO UPDATE SET revision = revision + 1", (book,))
    return _revision(session, book)


def _make(session: Session, book: str, change: Change) -> None:
    place = (book, change.name)
    if change.remove:
        session.execute("DELETE FROM plans WHERE book = ? AND name = ?", place)
        return
    if change.definition is not None:
        session.execute(
            "INSERT INTO plans (book, name, definition) VALUES (?, ?, ?) "
            "ON CONFLICT (book, name) DO UPDATE SET definition = excluded.definition",
            (*place, change.definition),
        )
    session.execute(
        "UPDATE plans SET paused = coalesce(?, paused), "
        "last = CASE WHEN last IS NULL THEN ? ELSE coalesce(?, last) END WHERE book = ? AND name = ?",
        (change.paused, change.start, change.restart, *place),
    )


def _fire(session: Session, book: str, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
    _check(session, tenure)
    fired = []
    for firing in firings:
        mark = firing.mark
        moved = session.execute(
            "UPDATE plans SET last = ?, ran = ?, runs = ?, task_id = ? WHERE book = ? AND name = ? AND last = ?",
            (mark.last, mark.ran, mark.runs, mark.task_id, book, firing.name, firing.after),
        )
        fired.append(moved.rowcount == 1)
    enter_posts(session, [post for firing, done in zip(firings, fired, strict=True) if done for post in firing.posts])
    return tuple(fired)


def _check(session: Session, tenure: Tenure) -> None:
    held = session.execute(
        "SELECT 1 FROM leases WHERE name = ? AND holder = ? AND term = ? AND expires > ?",
        (tenure.lease, tenure.holder, tenure.term, session.now),
    ).fetchone()
    if held is None:
        raise LeaseLost(f"{tenure.holder} does not lead {tenure.lease} (any more).")
