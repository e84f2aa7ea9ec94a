"""How long runs of each task take, so that quick ones can be handed over many at a time."""

from typing import Final

_QUICK: Final = 0.0002  # seconds: a task that may take longer is handed over alone
_OVERHEAD: Final = 0.00001  # what a run costs around the task's body
_AT_ONCE: Final = 0.001  # seconds of work handed over together at most
_MOST: Final = 32
_DECAY: Final = 0.97


class Paces:
    """Believes a slow run at once and forgets it slowly."""

    def __init__(self) -> None:
        self._pace: dict[str, float] = {}

    def note(self, name: str, runtime: float) -> None:
        pace = self._pace.get(name, 0.0) * _DECAY
        self._pace[name] = runtime if runtime > pace else pace

    def together(self, name: str) -> int:
        """How many runs of this task may be handed over at once; 1 if it is not known to be quick."""
        pace = self._pace.get(name)
        if pace is None or pace > _QUICK:
            return 1
        return min(_MOST, int(_AT_ONCE / (pace + _OVERHEAD)))
