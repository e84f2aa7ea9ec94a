"""One connection to the file: opened with the right settings, runs steps in transactions, speaks in our errors."""

import os
import sqlite3
from collections.abc import Callable
from typing import Any

from celeriac.core.clock import Clock
from celeriac.core.errors import ImproperlyConfigured, OperationalError

from . import faults, schema
from .location import prepare
from .patience import Patience
from .place import Place
from .session import Session

# 32 MB of write-ahead log before a commit copies it into the file: each copying costs two waits for the disk.
# (A thread that copies beside the writer was tried: it gained nothing, for both wait for the same file.)
_CHECKPOINT_PAGES = 8_000
_STATEMENTS = 256


class Connection:
    """Used by one thread at a time."""

    def __init__(self, place: Place, clock: Clock, timeout: float) -> None:
        if sqlite3.sqlite_version_info < (3, 35):
            raise ImproperlyConfigured(
                f"Celeriac needs SQLite 3.35 or newer; this Python brings {sqlite3.sqlite_version}."
            )
        prepare(place.path, allow_network_fs=place.allow_network_fs)
        self._place = place
        self._clock = clock
        self._sqlite = self._opened(Patience(timeout))
        self.identity = identity(place)

    def _opened(self, patience: Patience) -> sqlite3.Connection:
        connection = None
        try:
            connection = sqlite3.connect(
                self._place.path,
                timeout=0.0,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=_STATEMENTS,
            )
            schema.ensure(connection, self._place.path, patience)
            connection.execute(f"PRAGMA synchronous = {self._place.synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("PRAGMA cache_size = -16000")
            connection.execute("PRAGMA temp_store = MEMORY")  # where savepoints keep the pages they may need back
            return connection
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise faults.explain(error, self._place.path) from error
            raise

    def read(self, step: Callable[[Session], Any], timeout: float) -> Any:
        """Run a step that changes nothing."""
        patience = Patience(timeout)
        try:
            return patience.insist(lambda: step(self._session()))
        except sqlite3.Error as error:
            raise faults.explain(error, self._place.path) from error

    def write(self, step: Callable[[Session], Any], timeout: float) -> tuple[Any, Session]:
        """Run a step in a transaction of its own; the session says who is to be woken."""
        session = self.begin(timeout)
        try:
            reply = step(session)
            self._sqlite.execute("COMMIT")
            return reply, session
        except BaseException as error:
            self.rollback()
            if isinstance(error, sqlite3.Error):
                raise faults.explain(error, self._place.path) from error
            raise

    def begin(self, timeout: float) -> Session:
        """Take the write lock. Most often it is free, so the first try goes without any preparation."""
        execute = self._sqlite.execute
        try:
            execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as first:
            try:
                patience = Patience(timeout)
                patience.pause(first)
                patience.insist(lambda: execute("BEGIN IMMEDIATE"))
            except sqlite3.Error as error:
                raise faults.explain(error, self._place.path) from error
        return self._session()

    def attempt(self, step: Callable[[Session], Any], session: Session) -> Any:
        """One of several steps of a transaction: if it fails, the others are as if it had never been."""
        execute = self._sqlite.execute
        execute("SAVEPOINT step")
        woken = (set(session.queues), len(session.results))
        try:
            reply = step(session)
        except BaseException:
            if self._sqlite.in_transaction:  # else the error ended the whole transaction
                execute("ROLLBACK TO step")
                execute("RELEASE step")
            session.queues = woken[0]
            del session.results[woken[1] :]
            raise
        execute("RELEASE step")
        return reply

    def commit(self) -> None:
        try:
            self._sqlite.execute("COMMIT")
        except sqlite3.Error as error:
            self.rollback()
            raise faults.explain(error, self._place.path) from error

    def rollback(self) -> None:
        if self._sqlite.in_transaction:
            self._sqlite.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        return self._sqlite.in_transaction

    def explained(self, error: sqlite3.Error) -> OperationalError:
        return faults.explain(error, self._place.path)

    def close(self) -> None:
        self._sqlite.close()

    def _session(self) -> Session:
        return Session(self._sqlite, self._clock.now())


def identity(place: Place) -> tuple[int, int]:
    """Which file the path names now: somebody may have deleted or replaced it while we had it open."""
    try:
        state = os.stat(place.path)
    except FileNotFoundError:
        return (0, 0)
    return (state.st_dev, state.st_ino)


def data_version(session: Session) -> int:
    """Changes when another connection has committed."""
    version: int = session.execute("PRAGMA data_version").fetchone()[0]
    return version
