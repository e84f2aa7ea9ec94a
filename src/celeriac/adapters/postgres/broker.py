"""The PostgreSQL broker's operations as flows; the work is done in entering, claiming, settling and recovering."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from ...core.delivery import Claim, Delivery, Settlement
from ...core.flow import Flow
from ...core.message import Post, Queue
from ...core.ports.broker import Mark
from . import claiming, entering, recovering
from .acknowledging import acknowledge, plain
from .channels import Channels
from .request import NOW, Answer, Ask, Statement, Write
from .routes import RouteBook, declaration
from .settling import settle

_COUNT: Final = f"""
SELECT queue, (SELECT count(*) FROM messages WHERE queue = wanted.queue AND owner IS NULL AND due IS NULL)
+ (SELECT count(*) FROM messages WHERE queue = wanted.queue AND due <= {NOW})
FROM unnest(%s::text[]) AS wanted (queue)"""
# What is being claimed at this moment is not waited for: it is claimed already.
_PURGED_AT_ONCE: Final = 20_000
_PURGE: Final = f"""
WITH ready AS MATERIALIZED (
  SELECT id FROM messages WHERE queue = ANY(%s::text[]) AND owner IS NULL
  LIMIT {_PURGED_AT_ONCE} FOR UPDATE SKIP LOCKED)
DELETE FROM messages USING ready WHERE messages.id = ready.id"""


class PostgresBroker:
    """Queues in one table; nearly every operation is one round trip."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self.routes = RouteBook()

    def declare(self, queues: Sequence[Queue]) -> Flow[None]:
        statements = declaration(queues)
        if statements:
            yield Ask(statements)

    def publish(self, posts: Sequence[Post]) -> Flow[None]:
        if posts:
            yield from entering.publish(posts, self.routes, self._channels)

    def claim(self, owner: str, queues: Sequence[Queue], limit: int) -> Flow[Claim]:
        return (yield from claiming.claim(owner, queues, limit))

    def settle(self, owner: str, settlements: Sequence[Settlement]) -> Flow[tuple[bool, ...]]:
        if not settlements:
            return ()
        if plain(settlements):
            return (yield from acknowledge(owner, settlements, self._channels))
        step = partial(settle, owner=owner, settlements=settlements, book=self.routes)
        settled: tuple[bool, ...] = yield Write(step)
        return settled

    def recover(self, mark: Mark) -> Flow[int]:
        return (yield from recovering.recover(mark))

    def held(self, owner: str) -> Flow[tuple[Delivery, ...]]:
        return (yield from claiming.held(owner))

    def count(self, queues: Sequence[str]) -> Flow[dict[str, int]]:
        answers: list[Answer] = yield Ask([Statement(_COUNT, (list(queues),))])
        return dict(answers[0].rows)

    def purge(self, queues: Sequence[str]) -> Flow[int]:
        purged, more = 0, True
        while more:
            answers: list[Answer] = yield Ask([Statement(_PURGE, (list(queues),))])
            purged += answers[0].count
            more = answers[0].count == _PURGED_AT_ONCE
        return purged
