"""SQLite's errors as sentences that name the file and say what to do."""

import sqlite3
from pathlib import Path

from celeriac.core.errors import OperationalError

_ADVICE = {
    sqlite3.SQLITE_BUSY: "stayed locked: another program keeps a transaction open on it (a database browser?); "
    "close that, or give Celeriac a file of its own",
    sqlite3.SQLITE_READONLY: "can't be written: check the owner and the permissions of the file and of its directory",
    sqlite3.SQLITE_PERM: "can't be used: check the owner and the permissions of the file and of its directory",
    sqlite3.SQLITE_FULL: "can't grow: the disk (or a quota) is full; free some space, nothing was stored",
    sqlite3.SQLITE_CANTOPEN: "can't be opened: check that its directory exists and that this user may write there",
    sqlite3.SQLITE_CORRUPT: "is damaged: stop all workers, save it with `sqlite3 FILE .recover`, start a new one",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database: name another file in broker_url, or move this one away",
    sqlite3.SQLITE_IOERR: "could not be read or written: the disk reports an error (or is full)",
}
_ADVICE[sqlite3.SQLITE_LOCKED] = _ADVICE[sqlite3.SQLITE_PROTOCOL] = _ADVICE[sqlite3.SQLITE_BUSY]
# after these the connection itself can't be trusted any more
_FATAL = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN))


def primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def is_fatal(error: BaseException) -> bool:
    """True if the connection is better thrown away."""
    return isinstance(error, sqlite3.Error) and primary(error) in _FATAL


def explain(error: sqlite3.Error, path: Path) -> OperationalError:
    """What to raise instead."""
    advice = _ADVICE.get(primary(error))
    if advice is None:
        return OperationalError(f"The database {path} refused an operation: {error}.")
    return OperationalError(f"The database {path} {advice} ({error}).")
