"""Witness: who is told of every run without taking part in it: monitors, metrics."""

from typing import Protocol

from celeriac.core.outcome import Outcome
from celeriac.wire.envelope import Head

from .hands import Hand


class Witness(Protocol):
    """Called in the worker's event loop, in the middle of its work: be quick, and never raise."""

    def received(self, hand: Hand) -> None:
        """It is in hand and will run as soon as there is a slot."""
        ...

    def ended(self, hand: Hand, outcome: Outcome) -> None:
        """It has run to whatever end."""
        ...

    def discarded(self, head: Head, outcome: Outcome) -> None:
        """It ended without having run: revoked, expired, unknown here, or in too many dead hands."""
        ...
