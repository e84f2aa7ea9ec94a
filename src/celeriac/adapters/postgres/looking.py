"""Looking without taking: what waits in the delayed store, where one task's message is, which bindings there are."""

import json
from collections.abc import Sequence
from typing import Final

from ...core.bindings import Binding
from ...core.flow import Flow
from ...core.whereabouts import Whereabouts
from ...wire.envelope import is_of
from .request import NOW, Answer, Ask, Statement

_WAITING: Final = f"""
SELECT due, raw FROM messages WHERE queue = ANY(%s::text[]) AND due > {NOW} ORDER BY due LIMIT %s"""
# Whether an id occurs in a message is found out by the server; the few that hold it (children name it too) are decoded.
_FIND: Final = f"""
WITH forms AS MATERIALIZED (SELECT form FROM unnest(%s::bytea[]) AS form)
SELECT raw, CASE WHEN owner IS NOT NULL THEN 'claimed' WHEN due > {NOW} THEN 'delayed' ELSE 'queued' END
FROM messages WHERE EXISTS (SELECT FROM forms WHERE position(form IN raw) > 0)
UNION ALL SELECT raw, 'dead' FROM dead WHERE EXISTS (SELECT FROM forms WHERE position(form IN raw) > 0)"""


_BINDINGS: Final = "SELECT exchange, type, key, queue FROM bindings ORDER BY exchange, queue, key"


class PostgresBound:
    """One query."""

    def bindings(self) -> Flow[tuple[Binding, ...]]:
        answers: list[Answer] = yield Ask([Statement(_BINDINGS)])
        return tuple(Binding(*row) for row in answers[0].rows)


class PostgresDelayed:
    """One query."""

    def waiting(self, queues: Sequence[str], limit: int) -> Flow[tuple[tuple[float, bytes], ...]]:
        answers: list[Answer] = yield Ask([Statement(_WAITING, (list(queues), limit))])
        return tuple((due, raw) for due, raw in answers[0].rows)


class PostgresSeeker:
    """No index leads from a task's id to its message: keeping one would cost every task something."""

    def find(self, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
        # as packed messages, and as JSON with and without escapes, write it: nearly always the same
        forms = {id.encode(), json.dumps(id)[1:-1].encode(), json.dumps(id, ensure_ascii=False)[1:-1].encode()}
        answers: list[Answer] = yield Ask([Statement(_FIND, (sorted(forms),))])
        for raw, place in answers[0].rows:
            if is_of(raw, id):
                return Whereabouts(place)
        return Whereabouts.UNKNOWN
