"""The joins port: counts the parts of chord headers, and says who fires what follows."""

from collections.abc import Sequence
from typing import Final, Protocol

from ..flow import Flow
from ..join import Counted, OpenJoin, Part

# So long an owner may take from completing a join to closing it before another part's owner may do it. Shorter
# than what is left of a dead worker's lease (9.5 s at least): whoever repeats its last part finds its claim gone,
# for a Celery worker that finds one does not wait for it to run out.
FIRING_SECONDS: Final = 8.0
# So long a join is kept that nobody gives a sign of life of, if result_chord_expires says nothing else: far longer than
# results, for a header may wait in its queue, or run, longer than results are kept.
JOIN_SECONDS: Final = 30 * 86400.0
# So long late parts of others than this product find that a join is over.
OVER_SECONDS: Final = 300.0


class Joins(Protocol):
    """Five operations, each one atomic step and one round trip."""

    def open(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        """Declare joins before their first part is published (which then says DECLARED); again is nothing."""
        ...

    def part(self, part: Part) -> Flow[Counted]:
        """Count one part, once however often it is brought, and renew the join's ttl.

        If all are there, the part's owner takes the firing upon itself for FIRING_SECONDS, unless another has.
        """
        ...

    def grow(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        """So many parts more are to come; nothing for joins that are over. (Part.more does it with a part.)"""
        ...

    def hold(self, group: str, owner: str) -> Flow[bool]:
        """True if the join is open and the owner fires it: it has FIRING_SECONDS from now. For brokers elsewhere,
        which can't do it all in one step (Settlement.sequels): hold, publish, close."""
        ...

    def close(self, group: str, owner: str, foreign: bool = False) -> Flow[bool]:
        """What follows has been published: forget the join. False if it was over, or another owner's.

        With `foreign`, late parts of others than this product find for OVER_SECONDS that it is over.
        """
        ...
