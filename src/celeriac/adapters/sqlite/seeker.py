"""Looks for one task in the file: one query over all messages, which sees one moment and holds up no writer."""

import json
from collections.abc import Sequence

from celeriac.core.flow import Flow
from celeriac.core.whereabouts import Whereabouts
from celeriac.wire.envelope import is_of

from .request import Read
from .session import Session

# Whether an id occurs in a message is found out in C; the few that hold it (children name it too) are decoded.
_FIND = """
SELECT raw, CASE WHEN id IN (SELECT id FROM held) THEN 'claimed'
  WHEN id IN (SELECT id FROM delayed WHERE due > :now) THEN 'delayed' ELSE 'queued' END
FROM messages WHERE {holds}
UNION ALL SELECT raw, 'dead' FROM dead WHERE {holds}
"""


class SQLiteSeeker:
    """No index leads from a task's id to its message: keeping one would cost every task something."""

    def find(self, id: str, queues: Sequence[str]) -> Flow[Whereabouts]:
        def find(session: Session) -> Whereabouts:
            # as packed messages, and as JSON with and without escapes, write it: nearly always the same
            forms = {id.encode(), json.dumps(id)[1:-1].encode(), json.dumps(id, ensure_ascii=False)[1:-1].encode()}
            holds = " OR ".join(f"instr(raw, :form{number})" for number in range(len(forms)))
            words = {f"form{number}": form for number, form in enumerate(forms)}
            for raw, place in session.execute(_FIND.format(holds=holds), {"now": session.now, **words}):
                if is_of(raw, id):
                    return Whereabouts(place)
            return Whereabouts.UNKNOWN

        found: Whereabouts = yield Read(find)
        return found
