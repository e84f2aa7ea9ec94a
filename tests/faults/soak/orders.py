"""Random commands to the workers of a soak, as operators and their scripts give them."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from patience import until

from .load import EXTRA, Load
from .nodes import SLOTS, Node
from .turning import Turning
from .watch import Watch

PATIENCE = 3.0
SIGNALS = ["SIGTERM", "SIGKILL", "SIGINT"]
# what these answer with "error" is right now and then: a pool can't shrink below one process
MAY_BE_REFUSED = {"pool_shrink"}


class Orders(Turning):
    """Gives one after the other, each to one worker or to all."""

    def __init__(self, app: Celeriac, nodes: list[Node], load: Load, watch: Watch) -> None:
        super().__init__(0.1)
        self._app = app
        self._names = [node.name for node in nodes]
        self._load = load
        self._watch = watch
        self._random = random.Random(11)
        self.given: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.refused: list[Any] = []  # replies that say that something is wrong
        self._kinds: list[Callable[[], tuple[str, dict[str, Any]]]] = [
            lambda: (self._random.choice(["ping", "active", "stats", "reserved", "scheduled", "revoked", "conf"]), {}),
            lambda: (self._random.choice(["pool_grow", "pool_shrink"]), {"n": 1}),
            lambda: ("pool_restart", {}),
            lambda: (
                "rate_limit",
                {"task_name": "soak.rated", "rate_limit": self._random.choice(["20/s", "100/s", 0])},
            ),
            lambda: ("time_limit", {"task_name": "soak.work", "hard": self._random.choice([60, 90]), "soft": 45}),
            lambda: ("add_consumer", {"queue": EXTRA}),
            lambda: ("cancel_consumer", {"queue": EXTRA}),
            lambda: (self._random.choice(["enable_events", "disable_events", "enable_events"]), {}),
        ]

    def turn(self) -> None:
        try:
            if self._random.random() < 0.5:
                self._revoke()
                return
            command, arguments = self._random.choice(self._kinds)()
            to = self._names if self._random.random() < 0.3 else [self._random.choice(self._names)]
            self.give(command, arguments, to)
        except OperationalError:
            self.given["told that the broker is away"] += 1

    def give(self, command: str, arguments: dict[str, Any], to: list[str]) -> list[dict[str, Any]]:
        """The replies."""
        self.given[command] += len(to)
        replies = self._app.control.broadcast(command, arguments, destination=to, reply=True, timeout=PATIENCE)
        self.answered[command] += len(replies or ())
        for reply in replies or ():
            if command not in MAY_BE_REFUSED and any("error" in one for one in reply.values() if isinstance(one, dict)):
                self.refused.append((command, reply))
        return list(replies or ())

    def _revoke(self) -> None:
        """Some of the victims sent lately: they wait or have ended; or of those that were seen to run."""
        victims = list(self._load.victims)
        if self._random.random() < 0.5:
            victims = [id for id in self._watch.running if id in victims] or victims
        some = self._random.sample(victims, min(len(victims), self._random.choice([1, 1, 5])))
        self.given["revoke"] += 1
        terminate = self._random.random() < 0.7
        self._app.control.revoke(some, terminate=terminate, signal=self._random.choice(SIGNALS))

    def settle(self) -> None:
        """Everything as it was: all consume every queue, no rates, pools of the size they began with. Who was cut off a
        moment ago may not hear it the first time.
        """
        self._insist(lambda: self._heard_by_all("add_consumer", {"queue": EXTRA}))
        self._insist(lambda: self._heard_by_all("rate_limit", {"task_name": "soak.rated", "rate_limit": 0}))
        self._insist(self._right_sizes)

    @staticmethod
    def _insist(order: Callable[[], bool]) -> None:
        def done() -> bool:
            try:
                return order()
            except OperationalError:
                return False

        until(done, 60)

    def _heard_by_all(self, command: str, arguments: dict[str, Any]) -> bool:
        return self._heard(self.give(command, arguments, self._names)) == set(self._names)

    @staticmethod
    def _heard(replies: list[dict[str, Any]]) -> set[str]:
        return {name for reply in replies for name in reply}

    def _right_sizes(self) -> bool:
        replies, right = self.give("stats", {}, self._names), True
        for reply in replies:
            ((name, stats),) = reply.items()
            more = SLOTS - stats["pool"]["max-concurrency"]
            if more:
                right = False
                self.give("pool_grow" if more > 0 else "pool_shrink", {"n": abs(more)}, [name])
        return right and self._heard(replies) == set(self._names)
