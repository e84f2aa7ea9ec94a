"""What must not run, in SQLite: a table of marks; the number of the newest row ever is the version."""

from collections.abc import Sequence
from typing import Final

from celeriac.core.flow import Flow
from celeriac.core.revocation import Revocation, Revoked

from .request import Read, Write
from .session import Session

# 0 until something was ever revoked.
_VERSION: Final = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revoked'), 0)"
# A mark that is recorded again gets a new number.
_ADD = "INSERT OR REPLACE INTO revoked (mark, ends)"


class SQLiteRevocations:
    """Marks by number, oldest first."""

    def revoke(self, marks: Sequence[str], ttl: float, most: int) -> Flow[None]:
        def revoke(session: Session) -> None:
            session.execute("DELETE FROM revoked WHERE ends <= ?", (session.now,))
            session.insert(_ADD, 2, [(mark, session.now + ttl) for mark in marks])
            session.execute(
                "DELETE FROM revoked WHERE number <= "
                "(SELECT number FROM revoked ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (most,),
            )

        if marks:
            yield Write(revoke)

    def since(self, version: int, limit: int = 10_000) -> Flow[Revoked]:
        def read(session: Session) -> Revoked:
            newest: int = session.execute(_VERSION).fetchone()[0]  # before the rows: no newer one is missed
            rows = session.execute(
                "SELECT number, mark, ends FROM revoked WHERE number > ? ORDER BY number LIMIT ?", (version, limit)
            ).fetchall()
            # The newest row may have run out and be gone; whoever reads all there is has read up to its number.
            read_to = rows[-1][0] if len(rows) == limit else max(rows[-1][0] if rows else 0, newest)
            entries = tuple(Revocation(mark, ends - session.now) for _, mark, ends in rows if ends > session.now)
            return Revoked(read_to, entries, len(rows) == limit)

        found: Revoked = yield Read(read)
        return found
