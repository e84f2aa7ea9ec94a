"""Elections among workers, Celery's among them: all hear the same in the same order, and all find the same winner.

Celery's workers decide when they have heard as many acknowledgements as they know other workers, with the votes heard
until then; one that has heard its own vote alone ends with an error. So we vote at once, before whatever else is to be
told, acknowledge votes a moment later, and where they take part we count as they do.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

IDENT: Final = "py-celeriac"  # in a vote: it is one of ours


class Vote(msgspec.Struct, frozen=True):
    """One worker stands for election."""

    clock: int
    who: str  # its name and process
    topic: str
    action: Any
    ours: bool

    @property
    def place(self) -> tuple[int, str]:
        """The first wins, in Celery as here."""
        return self.clock, self.who


ACK: Final = None  # somebody has heard a vote
Heard = Sequence[Vote | None]


def read_vote(event: dict[str, Any]) -> Vote:
    """Raises KeyError or TypeError for what is none."""
    who = f"{event['hostname']}.{event['pid']}"
    return Vote(int(event["clock"]), who, event["topic"], event["action"], event.get("sw_ident") == IDENT)


def winner(heard: Heard) -> Vote:
    """Of all votes; if Celery's workers vote, as they see it."""
    votes = [each for each in heard if each is not None]
    counted = _seen_by_others(heard, len({vote.who for vote in votes}) - 1)
    ours = [vote for vote in votes if vote.ours]
    if len(counted) == 1 and ours:  # the other one ended with an error, and does nothing
        return min(ours, key=_place)
    return min(counted or votes, key=_place)


def _seen_by_others(heard: Heard, neighbours: int) -> list[Vote]:
    """The votes with which a worker of Celery's decides, which knows so many others; empty if there is none."""
    seen: list[Vote] = []
    begun = False
    for each in heard:
        if each is not None:
            seen.append(each)
            begun = begun or not each.ours
        elif begun:
            neighbours -= 1
            if neighbours <= 0:
                break
    return seen if begun else []


def _place(vote: Vote) -> tuple[int, str]:
    return vote.place
