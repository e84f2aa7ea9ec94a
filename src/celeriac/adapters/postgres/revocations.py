"""What must not run: a table of marks, numbered in the order in which they can be seen."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from ...core.flow import Flow
from ...core.revocation import Revocation, Revoked
from .request import NOW, Answer, Ask, Part, Statement, Work, Write

# The row of the counter stays locked until the marks can be seen: no lower number can appear after a higher one.
_NUMBER: Final = "UPDATE counters SET value = value + %s WHERE name = 'revoked' RETURNING value"
_OUT: Final = f"DELETE FROM revoked WHERE ends <= {NOW}"
_ADD: Final = f"""
INSERT INTO revoked SELECT number, mark, {NOW} + %s::float8 FROM unnest(%s::bigint[], %s::text[]) AS new (number, mark)
ON CONFLICT (mark) DO UPDATE SET number = excluded.number, ends = excluded.ends"""
_BOUND: Final = """
DELETE FROM revoked WHERE number <= (SELECT number FROM revoked ORDER BY number DESC LIMIT 1 OFFSET %s)"""
_SINCE: Final = f"SELECT number, mark, ends - {NOW} FROM revoked WHERE number > %s ORDER BY number LIMIT %s"
_VERSION: Final = "SELECT value FROM counters WHERE name = 'revoked'"


class PostgresRevocations:
    """Marks by number, oldest first."""

    def revoke(self, marks: Sequence[str], ttl: float, most: int) -> Flow[None]:
        if marks:
            yield Write(partial(_revoke, marks=list(dict.fromkeys(marks)), ttl=ttl, most=most))

    def since(self, version: int, limit: int = 10_000) -> Flow[Revoked]:
        # The version before the rows: no newer one is missed.
        answers: list[Answer] = yield Ask([Statement(_VERSION), Statement(_SINCE, (version, limit))])
        newest: int = answers[0].rows[0][0]
        rows = answers[1].rows
        # The newest row may have run out and be gone; whoever reads all there is has read up to its number.
        read_to = rows[-1][0] if len(rows) == limit else max(rows[-1][0] if rows else 0, newest)
        entries = tuple(Revocation(mark, left) for _, mark, left in rows if left > 0)
        return Revoked(read_to, entries, len(rows) == limit)


def _revoke(work: Work, marks: list[str], ttl: float, most: int) -> Part[None]:
    (counted,) = yield [Statement(_NUMBER, (len(marks),))]
    last: int = counted.rows[0][0]
    numbers = list(range(last - len(marks) + 1, last + 1))
    yield work.last(Statement(_OUT), Statement(_ADD, (ttl, numbers, marks)), Statement(_BOUND, (most,)))
