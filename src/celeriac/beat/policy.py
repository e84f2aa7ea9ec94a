"""What an entry does about ticks that were missed and about a run that is still going; parsed and judged here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from celeriac.core.errors import ImproperlyConfigured

SKIP: Final = "skip"
ONCE: Final = "once"
ALL: Final = "all"
ALLOW: Final = "allow"
QUEUE: Final = "queue"

MISSED: Final = (SKIP, ONCE, ALL)
OVERLAP: Final = (ALLOW, SKIP, QUEUE)

# A tick is on time while a new leader may still be taking over; later it is a missed one.
ON_TIME: Final = 10_000_000


class Policy(msgspec.Struct, frozen=True):
    """The options an entry may have beside Celery's.

    `missed`: of the ticks that came while no beat was running, "once" runs the last one, "skip" none,
    "all" the last `missed_limit` of them, in order. `overlap`: while the run before has not ended, "allow"
    starts the next one all the same, "skip" leaves it out, "queue" starts it when the one before has ended;
    after `overlap_timeout` seconds without a result the one before is taken to have ended.
    """

    missed: str = ONCE
    missed_limit: int = 100
    overlap: str = ALLOW
    overlap_timeout: float = 86_400.0

    @property
    def most(self) -> int:
        """How many ticks of the past are of interest."""
        return self.missed_limit if self.missed == ALL else 1


NAMES: Final = Policy.__struct_fields__
DEFAULT: Final = Policy()


def policy_of(entry: str, given: Mapping[str, Any]) -> Policy:
    """The policy that an entry's options spell. Raises ImproperlyConfigured, naming the entry."""
    try:
        policy = msgspec.convert({name: given[name] for name in NAMES if name in given}, Policy)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"The periodic task {entry!r}: {error}") from None
    for name, value, known in (("missed", policy.missed, MISSED), ("overlap", policy.overlap, OVERLAP)):
        if value not in known:
            raise ImproperlyConfigured(
                f"The periodic task {entry!r}: {name} is one of {', '.join(known)}, not {value!r}"
            )
    if policy.missed_limit < 1 or policy.overlap_timeout <= 0:
        raise ImproperlyConfigured(f"The periodic task {entry!r}: missed_limit and overlap_timeout are more than 0")
    return policy


def chosen(policy: Policy, due: Sequence[int], now: int, deadline: int | None = None) -> Sequence[int]:
    """Which of the due ticks are run (the others are passed over): `due` are the last ones up to `now`, in order.

    `deadline`: none that is later than this is run (beat_cron_starting_deadline), in microseconds as all are.
    """
    if policy.missed == ALL:
        runs = due[-policy.missed_limit :]
    elif policy.missed == SKIP:
        runs = [tick for tick in due[-1:] if now - tick <= ON_TIME]
    else:
        runs = due[-1:]
    return runs if deadline is None else [tick for tick in runs if now - tick <= deadline]
