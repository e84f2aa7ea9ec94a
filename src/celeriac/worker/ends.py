"""How deliveries end: from a run's outcome, a lost process or a refused message to a settlement."""

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec

from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import DecodeError, OperationalError
from celeriac.core.message import Post, Route
from celeriac.core.outcome import Ending, Outcome
from celeriac.core.record import Record
from celeriac.execution.verdicts import Verdicts
from celeriac.wire import envelope
from celeriac.wire.envelope import Head

from . import acks
from .hands import Hand
from .plans import TaskPlan

logger = logging.getLogger("celeriac.worker.request")

# A message may be in the hands of so many workers that die before it is taken for the cause of it. Crashes
# of the process that runs the task itself are counted apart (task_max_lost) and weigh more.
_MOST_WORKERS: Final = 20


class Ends:
    """Pure but for logs and signals: settlements are returned, never sent."""

    def __init__(self, verdicts: Verdicts, conf: Any) -> None:
        self._verdicts = verdicts
        self._most_workers = max(_MOST_WORKERS, conf["task_max_lost"])
        self.discarded: Callable[[Head, Outcome], None] = lambda head, outcome: None  # told of what ends without a run

    def of_run(self, hand: Hand, outcome: Outcome) -> Settlement:
        """A run ended (or was lost): what its message's fate is."""
        fate = acks.fate(hand.plan, outcome, _crashes(hand))
        delivery = hand.delivery
        if fate.action is Action.ACK:
            return Settlement(delivery, Action.ACK, outcome.record, outcome.posts, sequels=outcome.sequels)
        raw = None
        if outcome.ending is Ending.REJECTED and fate.action is Action.REQUEUE:
            return _last_in_line(delivery)
        if fate.action is Action.REQUEUE:
            # the run will be repeated: its result and what it wanted to send do not count
            if fate.counted:
                raw = envelope.crashed(delivery.raw, retried=hand.plan.retry_lost)
            return Settlement(delivery, Action.REQUEUE, raw=raw)
        logger.error("Task %s[%s] is in the dead letters: %s", hand.head.task, hand.head.id, fate.reason)
        if outcome.ending is Ending.REFUSED:
            self._verdicts.rejected(delivery.raw, fate.reason)
        return _buried(delivery, outcome, fate.reason)

    def unreadable(self, delivery: Delivery, exc: DecodeError) -> Settlement:
        """Not even its head can be decoded."""
        logger.critical("Can't decode message from queue %r: %s. It is in the dead letters.", delivery.queue, exc)
        self._verdicts.rejected(delivery.raw, str(exc))
        return Settlement(delivery, Action.DEAD, reason=f"can't be decoded: {exc}")

    def bystander(self, hand: Hand) -> Settlement | None:
        """Its process was ended for another run's sake: it is repeated, and that is no crash of its own.

        None if its message was acknowledged when it began: then it is lost like any other.
        """
        return None if hand.settled else Settlement(hand.delivery, Action.REQUEUE)

    def lost(self, hand: Hand, exitcode: int, pid: int) -> Outcome:
        """The process that ran it is gone."""
        if hand.ended_by == "timeout":
            return self._verdicts.timed_out(hand.delivery.raw, hand.limit)
        if hand.ended_by == "terminated":
            return self._verdicts.revoked(hand.delivery.raw, terminated=True, signum=hand.signal)
        again = not hand.settled and (hand.plan.requeue_lost or hand.plan.retry_lost)
        left = _crashes(hand).left if again else 0
        final = left <= 0
        reason = f"Worker exited prematurely: {_exit_text(exitcode)} Job: {hand.run}."
        if not final:
            logger.warning("Task %s[%s] runs again: %s", hand.head.task, hand.head.id, reason)
        elif not again:  # otherwise it is told of as a dead letter
            logger.error("Task %s[%s] is lost: %s", hand.head.task, hand.head.id, reason)
        return self._verdicts.lost(hand.delivery.raw, reason, final=final)

    def unknown(self, delivery: Delivery, head: Head) -> Settlement:
        """No such task is registered here."""
        logger.error(
            "Received unregistered task of type %r. The message is in the dead letters.\n"
            "Did you remember to import the module containing this task? Or maybe you're using relative imports?",
            head.task,
        )
        outcome = self._verdicts.unknown(delivery.raw)
        self.discarded(head, outcome)
        reason = f"no task named {head.task!r} is registered on this worker"
        return Settlement(delivery, Action.DEAD, outcome.record, outcome.posts, reason=reason, sequels=outcome.sequels)

    def expired(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement:
        """Its time has passed before it was run."""
        logger.info("Discarding revoked task: %s[%s]", head.task, head.id)
        outcome = self._verdicts.revoked(delivery.raw, expired=True)
        self.discarded(head, outcome)
        return Settlement(delivery, Action.ACK, outcome.record, outcome.posts, sequels=outcome.sequels)

    def revoked(self, delivery: Delivery, head: Head) -> Settlement:
        """By request, before it began."""
        logger.info("Discarding revoked task: %s[%s]", head.task, head.id)
        outcome = self._verdicts.revoked(delivery.raw)
        self.discarded(head, outcome)
        return Settlement(delivery, Action.ACK, outcome.record, outcome.posts, sequels=outcome.sequels)

    def record_of_revoked(self, id: str) -> Record:
        """For whoever waits for a task of which nothing but its id is at hand."""
        return self._verdicts.records.revoked(id)

    def unsent(self, post: Post, why: str) -> Outcome:
        """The broker never takes this message, which was to follow a run: whoever waits for its result learns it."""
        message = post.message
        task, id = message.headers.get("task"), message.headers.get("id")
        logger.error("Task %s[%s] was not sent: %s", task, id, why)
        error = OperationalError(f"The message of task {task}[{id}] was not sent: {why}")
        return self._verdicts.refused(envelope.encode_packed(message), error)

    def too_often(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | None:
        """It was in the hands of so many workers that died that it may be why."""
        count = max(delivery.deliveries, head.deliveries)
        if count <= self._most_workers:
            return None
        reason = f"{count} workers died with this message in hand"
        logger.error("Task %s[%s] is in the dead letters: %s", head.task, head.id, reason)
        outcome = self._verdicts.lost(delivery.raw, reason, final=True)
        self.discarded(head, outcome)
        return _buried(delivery, outcome, reason)


def _crashes(hand: Hand) -> acks.Crashes:
    """retry_on_worker_lost makes each of them one of the task's tries as well."""
    plan, head = hand.plan, hand.head
    left = plan.max_lost - head.lost
    if plan.retry_lost and plan.max_retries is not None:
        left = min(left, plan.max_retries - head.retries)
    return acks.Crashes(head.lost, left)


def _buried(delivery: Delivery, outcome: Outcome, reason: str) -> Settlement:
    """Its counters are told in the reason; in the letter they are zero again, for whoever replays it."""
    raw = envelope.forgiven(delivery.raw)
    return Settlement(
        delivery, Action.DEAD, outcome.record, outcome.posts, raw=raw, reason=reason, sequels=outcome.sequels
    )


def _last_in_line(delivery: Delivery) -> Settlement:
    """By the task's own wish: behind the others, for in front of them it might keep them from ever running."""
    message = envelope.decode(delivery.raw)
    again = msgspec.structs.replace(message, headers={**message.headers, "redelivered": True})
    post = Post(again, Route(delivery.queue), message.properties.get("priority"))
    return Settlement(delivery, Action.ACK, posts=(post,))


def _exit_text(exitcode: int) -> str:
    return f"signal {-exitcode}." if exitcode < 0 else f"exitcode {exitcode}."
