"""Carries out revocations: reads the broker's store, discards what has not begun, ends what runs."""

import asyncio
import logging
import signal as signals
from collections.abc import Iterable, Sequence
from typing import Any, Final

from celeriac.core.delivery import Delivery, Settlement
from celeriac.core.ports import Revocations
from celeriac.core.ports.revocations import revocations_of
from celeriac.core.revocation import TASK, of_tasks
from celeriac.wire.envelope import Head

from .hands import Hand
from .plans import TaskPlan
from .revoked import Revoked, meant
from .waiting import Waiting

logger = logging.getLogger("celeriac.worker")

# A job that is on its way into a process runs nowhere yet and can't be taken back any more: look again.
_LOOK_AGAIN: Final = (0.005, 0.02, 0.1, 0.5, 2.0)


class Revoker:
    """One per consumer; it is wired up once the connection is there."""

    def __init__(self, consumer: Any) -> None:
        conf = consumer.conf
        self._consumer = consumer
        self._ttl: float = conf["task_revoke_expires"]
        self._most: int = conf["task_revoke_most"]
        self.revoked = Revoked(consumer.clock, self._ttl, self._most)
        self.revoked.on_first = self._ask_at_intake
        self._store: Revocations | None = None
        self.waiting: Waiting

    def wire(self) -> None:
        """The claimer tells when there is something new in the broker's store."""
        consumer = self._consumer
        connection = consumer.store_connection or consumer.connection
        self.waiting = Waiting(consumer.app, connection, consumer.ends.record_of_revoked)
        self._store = revocations_of(self._consumer.connection.transport)
        if self._store is not None:
            self._consumer.claimer.on_revoked = self.read

    # -- messages that are taken in -----------------------------------------------------------------

    def _ask_at_intake(self) -> None:
        intake = self._consumer.intake
        for steps in (intake.steps, intake.unusual_steps):
            if self._discard not in steps:
                steps.insert(0, self._discard)

    def _discard(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | None:
        return self._consumer.ends.revoked(delivery, head) if self.revoked.hits(head) else None

    async def read(self) -> int:
        """What is new in the broker's store; returns how far it was read."""
        store, connection = self._store, self._consumer.connection
        assert store is not None
        known, more = self.revoked.version, True
        while more:
            found = await connection.run(lambda version=known: store.since(version))
            if found.version < known:
                known = 0  # another database than before, or an older one: read all of it
                continue
            for entry in found.entries:
                self.revoked.add((entry.mark,), entry.left)
            known, more = found.version, found.more
        self.revoked.version = known
        self._discard_unbegun()
        return known

    # -- messages in hand ---------------------------------------------------------------------------

    async def revoke(self, marks: Sequence[str], recorded: bool, ended: Iterable[str] = ()) -> None:
        """By request: `recorded` if whoever asks has put it into the broker's store himself; `ended` are ids of
        tasks that are in hand and tell their ends themselves."""
        self.revoked.add(marks)
        if self._store is not None and not recorded:
            store = self._store
            await self._consumer.connection.run(lambda: store.revoke(marks, self._ttl, self._most))
        self._discard_unbegun()
        # Others must hear of those that end here, too, or they store that these were revoked, which says less.
        ids = (mark.removeprefix(TASK) for mark in marks if mark.startswith(TASK))
        self.waiting.tell(ids, self._in_hand() | set(ended))

    def _in_hand(self) -> frozenset[str]:
        """The ids of what runs here, or is on its way into a process."""
        return frozenset(hand.head.id for hand in self._consumer.hands)

    def hear_of(self, ids: Iterable[str]) -> None:
        """Another worker knows these to be revoked."""
        self.revoked.add(of_tasks(ids))
        self._discard_unbegun()

    def _discard_unbegun(self) -> None:
        """What was claimed and has not begun: revoked messages end here, the others get in line again."""
        consumer, hits = self._consumer, self.revoked.hits
        running = {running.run for running in consumer.pool.running()}
        if not self.revoked or not any(hits(hand.head) for hand in consumer.hands if hand.run not in running):
            return
        for hand in consumer.dispatcher.take_back():
            if hits(hand.head):
                consumer.hands.passed()
                consumer.settler.add(consumer.ends.revoked(hand.delivery, hand.head))
            else:
                consumer.dispatch(consumer.hands.take(hand.delivery, hand.head, hand.plan, hand.claimed_at))
        consumer.dispatcher.flush()
        consumer.claimer.poke()

    def terminate(self, marks: Iterable[str], number: int) -> list[str]:
        """End what runs of these; returns the ids of all that are in hand."""
        test = meant(marks)
        found = [hand for hand in self._consumer.hands if test(hand.head)]
        for hand in found:
            self._end(hand, number, 0)
        return [hand.head.id for hand in found]

    def _end(self, hand: Hand, number: int, turn: int) -> None:
        consumer = self._consumer
        if consumer.hands.get(hand.run) is not hand:
            return
        if consumer.pool.hard_stop(hand.run, number):
            if number != getattr(signals, "SIGUSR1", None):  # that one raises the soft limit, as in Celery
                hand.ended_by, hand.signal = "terminated", number
                logger.warning("Terminating %s (%s)", hand.head.id, signals.Signals(number).name)
        elif turn < len(_LOOK_AGAIN):
            asyncio.get_running_loop().call_later(_LOOK_AGAIN[turn], self._end, hand, number, turn + 1)
