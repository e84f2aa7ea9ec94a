"""The thread that does an async link's work: what is asked during one commit goes into the next, together."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from celeriac.core.errors import OperationalError

from .connection import Connection
from .link import perform_on
from .pool import Pool
from .request import Read, Tell, Write, unknown
from .session import Session

_GROUP = 64
_UNDO_TIMEOUT = 5.0
_COMMITTING = 2.0  # what has begun in time may take so much longer to end


class Job:
    """One request and whoever waits for its reply."""

    __slots__ = ("_first", "deadline", "error", "future", "given_up", "reply", "request")

    def __init__(self, request: object, future: "asyncio.Future[Any]", deadline: float) -> None:
        self.request = request
        self.future = future
        self.deadline = deadline
        self.given_up = False
        self.reply: Any = None
        self.error: BaseException | None = None
        self._first = threading.Lock()

    def taken(self) -> bool:
        """True for who comes first: the thread that begins to write, or the loop that gives it up."""
        return self._first.acquire(blocking=False)


class Writer:
    """Started with the first job, ended by close. Belongs to one event loop."""

    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        # its own, so that `data_version` on it means: somebody else has written
        self._connection: Connection | None = None

    async def ask(self, request: object, timeout: float) -> Any:
        """Raises OperationalError at the deadline: then the request has not happened, or is undone."""
        job = Job(request, self._loop.create_future(), time.monotonic() + timeout)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="celeriac-sqlite", daemon=True)
            self._thread.start()
        self._jobs.put(job)
        timer = self._loop.call_later(timeout + 0.05, self._expire, job)
        try:
            return await job.future
        finally:
            timer.cancel()
            job.given_up = True

    def _expire(self, job: Job, last: bool = False) -> None:
        if job.future.done():
            return
        if not (last or job.taken()):
            self._loop.call_later(_COMMITTING, self._expire, job, True)
            return
        job.future.set_exception(self._late())

    def _late(self) -> OperationalError:
        return OperationalError(f"The database {self._pool.place.path} did not answer in time.")

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await self._loop.run_in_executor(None, thread.join, 10.0)

    def _work(self) -> None:
        last = False
        while not last:
            group, last = self._gather(self._jobs.get())
            if group:
                self._perform(group)
                self._hand_back(group)
        if self._connection is not None:
            self._pool.give(self._connection)
            self._connection = None

    def _gather(self, first: Job | None) -> tuple[list[Job], bool]:
        """All that wait by now; True if the end is among them."""
        group: list[Job] = []
        job = first
        while job is not None:
            if not job.given_up:
                group.append(job)
            if len(group) >= _GROUP or self._jobs.empty():
                return group, False
            job = self._jobs.get()
        return group, True

    def _perform(self, group: list[Job]) -> None:
        """The writes first, together; then each of the others on its own."""
        timeout = max(0.0, min(job.deadline for job in group) - time.monotonic())
        writes = [(job, job.request) for job in group if isinstance(job.request, Write)]
        others = [job for job in group if not isinstance(job.request, Write)]
        if writes:
            self._guarded(
                [job for job, _ in writes], timeout, lambda connection: self._write(connection, writes, timeout)
            )
        for job in others:
            self._guarded([job], timeout, partial(self._other, job=job, timeout=timeout))

    def _guarded(self, jobs: list[Job], timeout: float, work: Callable[[Connection], None]) -> None:
        """Do the work on this thread's connection; an error is the answer to these jobs and no others."""
        try:
            mine, self._connection = self._connection, None
            self._connection = self._pool.take(timeout, mine)
            work(self._connection)
        except BaseException as error:  # noqa: BLE001 - handed to those who wait
            for job in jobs:
                job.error = job.error or error
            if self._connection is not None and self._pool.is_spoilt(self._connection, error):
                self._pool.drop(self._connection)
                self._connection = None

    def _write(self, connection: Connection, writes: list[tuple[Job, Write]], timeout: float) -> None:
        """One transaction for all of them; only where there are several does each need a savepoint."""
        board = self._pool.board
        if len(writes) == 1:
            job, request = writes[0]
            job.reply, session = connection.write(partial(self._step, job, request), timeout)
        else:
            session = connection.begin(timeout)
            for job, request in writes:
                self._attempt(connection, session, job, request)
            connection.commit()
        board.wake(session.queues, session.results)

    def _attempt(self, connection: Connection, session: Session, job: Job, request: Write) -> None:
        try:
            job.reply = connection.attempt(partial(self._step, job, request), session)
        except Exception as error:
            job.error = connection.explained(error) if isinstance(error, sqlite3.Error) else error
            if not connection.in_transaction:  # such an error ended the transaction for all
                raise job.error from error

    def _step(self, job: Job, request: Write, session: Session) -> Any:
        """Inside of the transaction. This thread may have stood still since it looked at the time."""
        if not job.taken():
            raise self._late()
        return request.step(session)

    def _other(self, connection: Connection, job: Job, timeout: float) -> None:
        request = job.request
        if isinstance(request, Read):
            job.reply = connection.read(request.step, timeout)
        elif isinstance(request, Tell):
            job.reply = self._pool.board.tell(request.channel, request.payload, request.parcel)
        else:
            unknown(request)

    def _hand_back(self, group: list[Job]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._deliver, group)
        except RuntimeError:  # the loop is closed: nobody waits any more
            for job in group:
                self._undo(job)

    def _deliver(self, group: list[Job]) -> None:
        for job in group:
            if job.future.done():
                self._loop.run_in_executor(None, self._undo, job)
            elif job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.reply)

    def _undo(self, job: Job) -> None:
        """Whoever asked has given up meanwhile: what was claimed for nobody goes back at once."""
        request = job.request
        if job.error is None and isinstance(request, Write) and request.undo is not None:
            perform_on(self._pool, Write(partial(request.undo, reply=job.reply)), _UNDO_TIMEOUT)
