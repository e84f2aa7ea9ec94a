"""The lease port: a row a lease; the server's clock decides."""

from typing import Final

from ...core.flow import Flow
from .request import NOW, Answer, Ask, Statement

# The term is drawn after the row is locked: it is higher than any that was given out before.
_ACQUIRE: Final = f"""
INSERT INTO leases AS old VALUES (%s, %s, nextval('terms'), {NOW} + %s::float8)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires,
term = CASE WHEN old.holder = excluded.holder AND old.expires > {NOW} THEN old.term ELSE nextval('terms') END
WHERE old.holder = excluded.holder OR old.expires <= {NOW}
RETURNING term"""
_RENEW: Final = f"UPDATE leases SET expires = {NOW} + %s::float8 WHERE name = %s AND holder = %s"
_RELEASE: Final = "DELETE FROM leases WHERE name = %s AND holder = %s"
_HOLDER: Final = f"SELECT holder FROM leases WHERE name = %s AND expires > {NOW}"


class PostgresLease:
    """Flows of single statements."""

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        answers: list[Answer] = yield Ask([Statement(_ACQUIRE, (name, holder, ttl))])
        rows = answers[0].rows
        return rows[0][0] if rows else None

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        answers: list[Answer] = yield Ask([Statement(_RENEW, (ttl, name, holder))])
        return answers[0].count > 0

    def release(self, name: str, holder: str) -> Flow[bool]:
        answers: list[Answer] = yield Ask([Statement(_RELEASE, (name, holder))])
        return answers[0].count > 0

    def holder(self, name: str) -> Flow[str | None]:
        answers: list[Answer] = yield Ask([Statement(_HOLDER, (name,))])
        rows = answers[0].rows
        return rows[0][0] if rows else None
