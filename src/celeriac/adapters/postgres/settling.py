"""How deliveries end: all of a batch in one transaction, each only if it is still the owner's."""

from collections.abc import Callable, Sequence
from typing import Final

from ...core.delivery import Action, Settlement, still_held
from ...core.join import Sequel
from ...core.message import Post
from ...core.record import Record
from .entering import post_statements
from .joins import close_statements, grow_statements, open_statements
from .records import drop_statements, keep_statements
from .request import NOW, Answer, Part, Statement, Work
from .routes import READ, RouteBook, Routes

_LOCK: Final = "SELECT id, claim FROM messages WHERE id = ANY(%s::bigint[]) AND owner = %s ORDER BY id FOR UPDATE"
_DELETE: Final = "DELETE FROM messages WHERE id = ANY(%s::bigint[])"
_REQUEUE: Final = "UPDATE messages SET owner = NULL WHERE id = ANY(%s::bigint[])"
_REPLACE: Final = """
UPDATE messages SET raw = new.raw FROM unnest(%s::bigint[], %s::bytea[]) AS new (id, raw) WHERE messages.id = new.id"""
_DEFER: Final = """
UPDATE messages SET owner = NULL, due = later.due FROM unnest(%s::bigint[], %s::float8[]) AS later (id, due)
WHERE messages.id = later.id"""
_BURY: Final = f"""
INSERT INTO dead (queue, rank, raw, reason, died_at)
SELECT queue, rank, raw, ended.reason, {NOW} FROM unnest(%s::bigint[], %s::text[]) AS ended (id, reason)
JOIN messages USING (id) ORDER BY id"""


def settle(work: Work, owner: str, settlements: Sequence[Settlement], book: RouteBook) -> Part[tuple[bool, ...]]:
    """Two round trips: whose they are, then everything else. Chords' ends need one more, to see who ends them."""
    ids = [_id(settlement) for settlement in settlements]
    locked, *read = yield [Statement(_LOCK, (ids, owner)), *(READ if _routed(settlements) else ())]
    routes = _routes(read, book)
    answers, ours = still_held(settlements, (f"{id}.{claim}" for id, claim in locked.rows))
    sequels = yield from _open_ones([sequel for settlement in ours for sequel in settlement.sequels])
    yield work.last(*_end(work, ours, sequels, routes))
    return answers


def _routed(settlements: Sequence[Settlement]) -> bool:
    """True if anything is sent by way of an exchange."""
    return any(
        post.route.exchange
        for settlement in settlements
        for posts in (settlement.posts, *(sequel.posts for sequel in settlement.sequels))
        for post in posts
    )


def _routes(read: Sequence[Answer], book: RouteBook) -> Routes:
    return book.learn(read) if read else Routes(0, {})


def _open_ones(sequels: Sequence[Sequel]) -> Part[list[Sequel]]:
    """Those that take effect: without a join, or with one that was still open and is closed by this."""
    bound = [sequel for sequel in sequels if sequel.group]
    closed: dict[int, bool] = {}
    if bound:
        # One after the other: of two that close the same join the second finds it closed.
        answers = yield [statement for sequel in bound for statement in close_statements(sequel)]
        for place, sequel in enumerate(bound):
            closed[id(sequel)] = bool(answers[place].rows[0][0])
    return [sequel for sequel in sequels if not sequel.group or closed[id(sequel)]]


def _end(work: Work, ours: Sequence[Settlement], sequels: Sequence[Sequel], routes: Routes) -> list[Statement]:
    statements: list[Statement] = []
    for action, end in _ENDINGS.items():
        ended = [settlement for settlement in ours if settlement.action == action]
        if ended:
            statements += end(work, ended)
    records: list[Record] = [settlement.record for settlement in ours if settlement.record is not None]
    posts: list[Post] = [post for settlement in ours for post in settlement.posts]
    for sequel in sequels:
        statements += [*open_statements(sequel.opens), *grow_statements(sequel.grows)]
        records += sequel.records
        posts += sequel.posts
    statements += drop_statements([piece for sequel in sequels for piece in sequel.drops])
    statements += keep_statements(work, records)
    if posts:
        statements += post_statements(work, posts, routes)
    return statements


def _id(settlement: Settlement) -> int:
    number = settlement.delivery.tag.partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _ids(settlements: Sequence[Settlement]) -> list[int]:
    return [_id(settlement) for settlement in settlements]


def _replace(settlements: Sequence[Settlement]) -> list[Statement]:
    new = [(_id(settlement), settlement.raw) for settlement in settlements if settlement.raw is not None]
    return [Statement(_REPLACE, [list(column) for column in zip(*new, strict=True)])] if new else []


def _acknowledge(work: Work, settlements: Sequence[Settlement]) -> list[Statement]:
    return [Statement(_DELETE, (_ids(settlements),))]


def _requeue(work: Work, settlements: Sequence[Settlement]) -> list[Statement]:
    work.queues.update(settlement.delivery.queue for settlement in settlements)
    return [*_replace(settlements), Statement(_REQUEUE, (_ids(settlements),))]


def _defer(work: Work, settlements: Sequence[Settlement]) -> list[Statement]:
    work.queues.update(settlement.delivery.queue for settlement in settlements)
    dues = [settlement.due or 0.0 for settlement in settlements]
    return [*_replace(settlements), Statement(_DEFER, (_ids(settlements), dues))]


def _bury(work: Work, settlements: Sequence[Settlement]) -> list[Statement]:
    ids = _ids(settlements)
    reasons = [settlement.reason.replace("\x00", "\\0") for settlement in settlements]  # which text can't hold here
    return [*_replace(settlements), Statement(_BURY, (ids, reasons)), Statement(_DELETE, (ids,))]


_ENDINGS: Final[dict[Action, Callable[[Work, Sequence[Settlement]], list[Statement]]]] = {
    Action.ACK: _acknowledge,
    Action.REQUEUE: _requeue,
    Action.DEFER: _defer,
    Action.DEAD: _bury,
}
