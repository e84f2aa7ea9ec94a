"""The load of a soak: tasks of all kinds, sent as fast as they end, and the ids of those that may be revoked."""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from celeriac.canvas import chord
from celeriac.core.errors import OperationalError
from celeriac.core.ids import uuid

from ..conftest import Campaign
from .turning import Turning

OPEN = 300  # so many are sent and have not ended, at most
EXTRA = "extra"  # a queue that is consumed now and then

# (how often, task, arguments, options)
MIX: list[tuple[int, str, tuple[Any, ...], dict[str, Any]]] = [
    (40, "work", (), {}),
    (25, "work", (0.005,), {}),
    (5, "work", (0.1,), {}),
    (5, "fail", (), {}),
    (4, "again", (2,), {}),
    (4, "work", (), {"countdown": 1.0}),
    (4, "rated", (), {}),
    (2, "hoard", (), {}),
    (2, "work", (), {"queue": EXTRA}),
    (2, "victim", (0.4,), {}),
    (5, "victim", (0.01,), {}),
    (2, "victim", (0.01,), {"countdown": 1.0}),
]
_WEIGHTS = [weight for weight, *_ in MIX]


class Load(Turning):
    """Victims are not in the ledger's acknowledged set: nobody promised them an end."""

    def __init__(self, campaign: Campaign, unended: Callable[[], int]) -> None:
        super().__init__(0.02)
        self._app = campaign.app
        self._ledger = campaign.ledger
        self._unended = unended
        self._random = random.Random(7)
        self.victims: deque[str] = deque(maxlen=100)  # sent lately
        self.refused = 0  # times that sending failed, and said so

    def turn(self) -> None:
        if self._unended() >= OPEN:
            return
        try:
            self._send_mixed()
            if self._random.random() < 0.1:
                self._send_chord()
        except OperationalError:
            self.refused += 1

    def _send_mixed(self) -> None:
        calls: list[Any] = []
        promised: list[str] = []
        victims: list[str] = []
        for _, name, args, options in self._random.choices(MIX, _WEIGHTS, k=30):
            id = uuid()
            (victims if name == "victim" else promised).append(id)
            calls.append((f"soak.{name}", args, {}, {"task_id": id, **options}))
        self._ledger.indeterminate.update(promised, victims)
        self._app.send_many(calls, retry=False)
        self._promise(promised)
        self.victims.extend(victims)

    def _send_chord(self) -> None:
        app = self._app
        header = [app.signature("soak.part", (number,), task_id=uuid()) for number in range(6)]
        body = app.signature("soak.body", task_id=uuid())
        ids = [part.options["task_id"] for part in (*header, body)]
        self._ledger.indeterminate.update(ids)
        chord(header, app=app)(body, retry=False)
        self._promise(ids)

    def _promise(self, ids: list[str]) -> None:
        self._ledger.indeterminate.difference_update(ids)
        self._ledger.acknowledged.update(ids)
