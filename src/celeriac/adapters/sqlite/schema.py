"""The tables, and how many processes that start at once create them exactly once."""

import sqlite3
from pathlib import Path

from celeriac.core.errors import OperationalError

from .patience import Patience

VERSION = 1

# A message's bytes are written once, in `messages`; its small row moves between ready, delayed and held.
# So claiming a large message costs no more than claiming a small one. `rank` is the priority upside down.
_TABLES = (
    "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, raw BLOB NOT NULL)",
    """CREATE TABLE ready (queue TEXT NOT NULL, rank INTEGER NOT NULL, id INTEGER NOT NULL,
       deliveries INTEGER NOT NULL, PRIMARY KEY (queue, rank, id)) WITHOUT ROWID""",
    """CREATE TABLE delayed (queue TEXT NOT NULL, due REAL NOT NULL, id INTEGER NOT NULL, rank INTEGER NOT NULL,
       deliveries INTEGER NOT NULL, PRIMARY KEY (queue, due, id)) WITHOUT ROWID""",
    """CREATE TABLE held (id INTEGER PRIMARY KEY, claim INTEGER NOT NULL, owner TEXT NOT NULL, queue TEXT NOT NULL,
       rank INTEGER NOT NULL, deliveries INTEGER NOT NULL)""",
    """CREATE TABLE dead (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, rank INTEGER NOT NULL,
       raw BLOB NOT NULL, reason TEXT NOT NULL, died_at REAL NOT NULL)""",
    # ids are random: an index of ids alone touches far fewer pages than a table ordered by them
    """CREATE TABLE results (number INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
       payload BLOB NOT NULL, expires REAL, stored REAL NOT NULL)""",
    "CREATE UNIQUE INDEX results_by_id ON results (id, kind)",
    "CREATE INDEX results_by_end ON results (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, term INTEGER NOT NULL,
       expires REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE bindings (exchange TEXT NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL, queue TEXT NOT NULL,
       PRIMARY KEY (exchange, key, queue, type)) WITHOUT ROWID""",
    # queues that go when nobody has claimed from them for `ttl` seconds (auto_delete, exclusive, expires)
    "CREATE TABLE passing (queue TEXT PRIMARY KEY, ttl REAL NOT NULL, used REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE parcels (id INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB NOT NULL, told REAL NOT NULL)",
    # chords: a row a header, and a row a member of it that has ended (see joins.py)
    """CREATE TABLE joins (id TEXT PRIMARY KEY, size INTEGER, more INTEGER NOT NULL DEFAULT 0,
       there INTEGER NOT NULL DEFAULT 0, owner TEXT NOT NULL DEFAULT '', held_until REAL NOT NULL DEFAULT 0,
       expires REAL) WITHOUT ROWID""",
    "CREATE INDEX joins_by_end ON joins (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE parts (id TEXT NOT NULL, place INTEGER NOT NULL, task TEXT NOT NULL, payload BLOB NOT NULL,
       PRIMARY KEY (id, place, task)) WITHOUT ROWID""",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO counters VALUES ('claim', 0), ('term', 0)",
    f"PRAGMA user_version = {VERSION}",
)

# Tables that came later. They are made where they are missing, and the version stays: who does not know them
# does not look at them.
_ADDED = {
    "answers": """CREATE TABLE IF NOT EXISTS answers (id INTEGER PRIMARY KEY AUTOINCREMENT, box TEXT NOT NULL,
       payload BLOB NOT NULL, told REAL NOT NULL)""",
    "revoked": """CREATE TABLE IF NOT EXISTS revoked (number INTEGER PRIMARY KEY AUTOINCREMENT,
       mark TEXT NOT NULL UNIQUE, ends REAL NOT NULL)""",
    "books": "CREATE TABLE IF NOT EXISTS books (book TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",
    "plans": """CREATE TABLE IF NOT EXISTS plans (book TEXT NOT NULL, name TEXT NOT NULL, definition BLOB NOT NULL,
       paused INTEGER NOT NULL DEFAULT 0, last INTEGER, ran INTEGER NOT NULL DEFAULT 0,
       runs INTEGER NOT NULL DEFAULT 0, task_id TEXT NOT NULL DEFAULT '', PRIMARY KEY (book, name)) WITHOUT ROWID""",
}


def ensure(connection: sqlite3.Connection, path: Path, patience: Patience) -> None:
    """Create what is missing. Raises OperationalError for a file of something else or of a newer version."""
    if patience.insist(lambda: _version(connection)) != VERSION:
        patience.insist(lambda: _create(connection, path))
    if patience.insist(lambda: _lacks_added(connection)):
        patience.insist(lambda: _add(connection))
    # kept in the file: all but the first find it done. It needs a moment in which nobody is writing.
    if patience.insist(lambda: connection.execute("PRAGMA journal_mode").fetchone()[0]) != "wal":
        patience.insist(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone())


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _lacks_added(connection: sqlite3.Connection) -> bool:
    marks = ", ".join("?" * len(_ADDED))
    found = connection.execute(f"SELECT count(*) FROM sqlite_master WHERE name IN ({marks})", tuple(_ADDED))  # noqa: S608
    return bool(found.fetchone()[0] < len(_ADDED))


def _add(connection: sqlite3.Connection) -> None:
    for statement in _ADDED.values():
        connection.execute(statement)


def _create(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # again, now that nobody else can change it
        if version not in (0, VERSION):
            raise OperationalError(_wrong_version(path, version))
        if version == 0:
            if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise OperationalError(
                    f"{path} is the database of something else: give Celeriac a file of its own in broker_url."
                )
            for statement in _TABLES:
                connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _wrong_version(path: Path, version: int) -> str:
    found = f"{path} has schema {version}, this Celeriac has {VERSION}"
    if version < VERSION:
        return f"{found}: the file is too old; let the release that wrote it drain it, then start with a new file."
    return f"{found}: a newer Celeriac wrote the file; upgrade celeriac here."
