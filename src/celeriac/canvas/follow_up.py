"""What follows the end of a run: callbacks, the rest of a chain, errbacks, and the body of a chord it was a part of."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from celeriac.core import states
from celeriac.core.errors import ChordError
from celeriac.core.join import Count, Counted, Sequel
from celeriac.current import Context
from celeriac.execution.faces import Followed

from .counting import Counter, Member, sequel

logger: Final = logging.getLogger("celeriac.canvas")


class FollowUp:
    """Called where runs end, for those with followers; see execution.faces."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._counter = Counter(app)

    def __call__(self, request: Context, state: str, value: Any) -> Followed:
        return Followed()
