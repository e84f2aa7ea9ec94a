"""Plans: one row an entry; a tick's mark and its messages are one transaction under the leader's lease."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from ...core.errors import LeaseLost
from ...core.flow import Flow
from ...core.ports.plans import Book, Change, Firing, Mark, Plan, Tenure
from .entering import post_statements
from .request import NOW, Answer, Ask, Part, Statement, Work, Write
from .routes import READ, RouteBook

_REVISION: Final = "SELECT revision FROM books WHERE book = %s"
_LOAD: Final = "SELECT name, definition, paused, last, ran, runs, task_id FROM plans WHERE book = %s ORDER BY name"
_REVISE: Final = """
INSERT INTO books AS old VALUES (%s, 1)
ON CONFLICT (book) DO UPDATE SET revision = old.revision + 1 RETURNING revision"""
_REMOVE: Final = "DELETE FROM plans WHERE book = %s AND name = %s"
_DEFINE: Final = """
INSERT INTO plans (book, name, definition) VALUES (%s, %s, %s)
ON CONFLICT (book, name) DO UPDATE SET definition = excluded.definition"""
_CHANGE: Final = """
UPDATE plans SET paused = coalesce(%s::boolean, paused),
last = CASE WHEN last IS NULL THEN %s::bigint ELSE coalesce(%s::bigint, last) END WHERE book = %s AND name = %s"""
_MOVE: Final = """
UPDATE plans SET last = %s, ran = %s, runs = %s, task_id = %s WHERE book = %s AND name = %s AND last = %s"""
# Locked until the transaction ends: nobody can take the lease over in between, even if it runs out.
_TENURE: Final = f"""
SELECT 1 FROM leases WHERE name = %s AND holder = %s AND term = %s AND expires > {NOW} FOR SHARE"""


class PostgresPlans:
    """The leader's lease is a row of the same schema."""

    def __init__(self, book: RouteBook) -> None:
        self._routes = book

    def load(self, book: str) -> Flow[Book]:
        # The revision first: what changes between the two is then read again, never missed.
        answers: list[Answer] = yield Ask([Statement(_REVISION, (book,)), Statement(_LOAD, (book,))])
        plans = tuple(
            Plan(name, definition, paused, None if last is None else Mark(last, ran, runs, task_id))
            for name, definition, paused, last, ran, runs, task_id in answers[1].rows
        )
        return Book(_revision(answers[0]), plans)

    def revision(self, book: str) -> Flow[int]:
        answers: list[Answer] = yield Ask([Statement(_REVISION, (book,))])
        return _revision(answers[0])

    def change(self, book: str, changes: Sequence[Change], tenure: Tenure | None = None) -> Flow[int]:
        revision: int = yield Write(partial(_change, book=book, changes=changes, tenure=tenure))
        return revision

    def fire(self, book: str, tenure: Tenure, firings: Sequence[Firing]) -> Flow[tuple[bool, ...]]:
        step = partial(_fire, book=book, tenure=tenure, firings=firings, routes=self._routes)
        fired: tuple[bool, ...] = yield Write(step)
        return fired


def _revision(answer: Answer) -> int:
    return answer.rows[0][0] if answer.rows else 0


def _change(work: Work, book: str, changes: Sequence[Change], tenure: Tenure | None) -> Part[int]:
    if tenure is not None:
        (held,) = yield [_tenure(tenure)]
        _check(held, tenure)
    # The book's row is locked first: changes of one book are made one after the other.
    statements = [Statement(_REVISE, (book,)), *(made for change in changes for made in _make(book, change))]
    answers = yield work.last(*statements)
    return _revision(answers[0])


def _make(book: str, change: Change) -> list[Statement]:
    if change.remove:
        return [Statement(_REMOVE, (book, change.name))]
    defined = [] if change.definition is None else [Statement(_DEFINE, (book, change.name, change.definition))]
    return [*defined, Statement(_CHANGE, (change.paused, change.start, change.restart, book, change.name))]


def _fire(
    work: Work, book: str, tenure: Tenure, firings: Sequence[Firing], routes: RouteBook
) -> Part[tuple[bool, ...]]:
    moves = [_move(book, firing) for firing in firings]
    held, *answers = yield [_tenure(tenure), *READ, *moves]
    _check(held, tenure)  # else all of it is undone
    known, moved = routes.learn(answers[:2]), answers[2:]
    fired = tuple(answer.count == 1 for answer in moved)
    posts = [post for firing, done in zip(firings, fired, strict=True) if done for post in firing.posts]
    yield work.last(*post_statements(work, posts, known))
    return fired


def _move(book: str, firing: Firing) -> Statement:
    mark = firing.mark
    return Statement(_MOVE, (mark.last, mark.ran, mark.runs, mark.task_id, book, firing.name, firing.after))


def _tenure(tenure: Tenure) -> Statement:
    return Statement(_TENURE, (tenure.lease, tenure.holder, tenure.term))


def _check(held: Answer, tenure: Tenure) -> None:
    if not held.count:
        raise LeaseLost(f"{tenure.holder} does not lead {tenure.lease} (any more).")
