"""The dead-letter store: letters by number, oldest first."""

from collections.abc import Sequence
from typing import Final

from ...core.delivery import DeadLetter
from ...core.flow import Flow
from .channels import Channels
from .request import NOW, Answer, Ask, Part, Statement, Work, Write

_LETTERS: Final = "SELECT id, queue, raw, reason, died_at FROM dead WHERE id > %s ORDER BY id LIMIT %s"
_REPLAY: Final = """
WITH back AS (DELETE FROM dead WHERE id = ANY(%s::bigint[]) RETURNING id, queue, rank, raw)
INSERT INTO messages (queue, rank, raw) SELECT queue, rank, raw FROM back ORDER BY id RETURNING queue"""
_DISCARD: Final = "DELETE FROM dead WHERE id = ANY(%s::bigint[])"
_DISCARD_ALL: Final = "DELETE FROM dead"
# Letters die in the order of their ids, so only the first few need be looked at.
_EXPIRE: Final = f"""
DELETE FROM dead WHERE id IN (
  SELECT id FROM (SELECT id, died_at FROM dead ORDER BY id LIMIT 500) AS oldest WHERE died_at < {NOW} - %s::float8)"""
_LARGEST: Final = (1 << 63) - 1


class PostgresDeadLetters:
    """Flows of single statements."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        first = _numbers([after])
        answers: list[Answer] = yield Ask([Statement(_LETTERS, (first[0] if first else 0, limit))])
        return tuple(DeadLetter(str(id), *rest) for id, *rest in answers[0].rows)

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        def step(work: Work) -> Part[int]:
            (back,) = yield [Statement(_REPLAY, (_numbers(ids),))]
            work.queues.update(queue for (queue,) in back.rows)
            return back.count

        replayed: int = yield Write(step)
        return replayed

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        statement = Statement(_DISCARD_ALL) if ids is None else Statement(_DISCARD, (_numbers(ids),))
        answers: list[Answer] = yield Ask([statement])
        return answers[0].count

    def expire(self, ttl: float) -> Flow[int]:
        answers: list[Answer] = yield Ask([Statement(_EXPIRE, (ttl,))])
        return answers[0].count


def _numbers(ids: Sequence[str]) -> list[int]:
    """Names of letters of another store, whatever they look like, are nobody's here."""
    return [number for id in ids if id.isdecimal() and (number := int(id)) <= _LARGEST]
