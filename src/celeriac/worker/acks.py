"""The acknowledgement policy: one pure table from how a run ended to what becomes of its message."""

from collections.abc import Callable
from typing import NamedTuple

from celeriac.core.delivery import Action
from celeriac.core.outcome import Ending, Outcome

from .plans import TaskPlan


class Fate(NamedTuple):
    """What becomes of the message, whether it counts as one more crash, and the dead letter's reason."""

    action: Action
    counted: bool = False
    reason: str = ""


_ACK = Fate(Action.ACK)


class Crashes(NamedTuple):
    """How often a message's runs have ended with their process (or their time) before, and how often they may yet."""

    before: int
    left: int


Rule = Callable[[TaskPlan, Outcome, Crashes], Fate]


def _ack(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    return _ACK


def _raised(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    if plan.ack_failure:
        return _ACK
    return Fate(Action.DEAD, reason=f"the task raised {outcome.reason} and acks_on_failure is off")


def _rejected(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    if outcome.requeue:
        return Fate(Action.REQUEUE)
    return Fate(Action.DEAD, reason=f"rejected by the task: {outcome.reason}")


def _timed_out(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    if plan.ack_timeout:
        return _ACK
    if crashes.left <= 0:
        return Fate(Action.DEAD, reason=f"{outcome.reason} {crashes.before + 1} times")
    return Fate(Action.REQUEUE, counted=True)


def _lost(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    if not (plan.requeue_lost or plan.retry_lost):
        return _ACK
    if crashes.left <= 0:
        reason = f"its process died {crashes.before + 1} times: {outcome.reason}"
        return Fate(Action.DEAD, reason=reason)
    return Fate(Action.REQUEUE, counted=True)


def _refused(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    return Fate(Action.DEAD, reason=outcome.reason)


LATE: dict[Ending, Rule] = {
    Ending.RETURNED: _ack,
    Ending.RETRIED: _ack,
    Ending.IGNORED: _ack,
    Ending.REVOKED: _ack,
    Ending.RAISED: _raised,
    Ending.REJECTED: _rejected,
    Ending.TIMED_OUT: _timed_out,
    Ending.LOST: _lost,
    Ending.REFUSED: _refused,
}


def fate(plan: TaskPlan, outcome: Outcome, crashes: Crashes) -> Fate:
    """For a message not yet acknowledged. An early-acknowledged one has no fate left but its result."""
    return LATE[outcome.ending](plan, outcome, crashes)
