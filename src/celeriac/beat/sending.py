"""From what is due to ticks with their messages: which are run, which passed over, which wait."""

import logging
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from celeriac.app import announcing
from celeriac.app.publishing import where_kept
from celeriac.core.errors import OperationalError
from celeriac.core.ids import uuid
from celeriac.core.join import OpenJoin
from celeriac.core.ports.plans import Firing, Mark
from celeriac.schedules import crontab

from .agenda import Item
from .calls import Outgoing, outgoing
from .overlap import is_running
from .policy import ALLOW, QUEUE, SKIP, chosen
from .stencil import stencil_of
from .ticks import SECOND

logger = logging.getLogger("celeriac.beat")

# How soon to look again whether the run before has ended.
LOOK_AGAIN: Final = SECOND // 2
# How many runs go out in one round trip, more or less.
MOST: Final = 500
_RUNS: Final = UUID("9b0b7d0e-6f1f-5d7e-9d5c-0c1e7c3e5a41")  # the name space of ids of runs


class Prepared(msgspec.Struct):
    """The ticks of one item that go out together."""

    item: Item
    passed_over: int = 0
    firings: list[Firing] = []
    runs: list[Outgoing] = []

    @property
    def joins(self) -> list[OpenJoin]:
        """To be opened before it goes out."""
        return [join for run in self.runs for join in run.joins]


class Preparer:
    """Makes the ticks of due items. What is wrong with one of them is logged with its name and harms no other."""

    def __init__(self, app: Any, book: str | None = None) -> None:
        """`book`: its name, where a tick might be sent twice: then both are the same by their ids."""
        self._app = app
        self._book = book

    def prepare(self, item: Item, now: int) -> Prepared | None:
        """None if there is nothing to do yet: the run before has to end first, or it is not due after all."""
        due = item.ticks.passed(item.mark.last, now, item.policy.most)
        if not due:
            return None
        runs: Sequence[int] = chosen(item.policy, due, now, self._deadline(item))
        if item.policy.overlap != ALLOW:
            running = self._is_running(item, now)
            if running is None:
                return None
            if running and item.policy.overlap == QUEUE:
                self._hold(item)
                return None
            if running:
                logger.info("Scheduler: %s is left out: its run before has not ended (overlap=skip)", item.name)
                runs = []
            elif item.policy.overlap == QUEUE and runs:
                due = list(runs[:1])  # the others follow when this one has ended
                runs = due
            else:
                runs = runs[-1:]
        elif len(runs) > MOST:
            runs = runs[:MOST]  # the others follow at once
            due = [tick for tick in due if tick <= runs[-1]]
        item.held = False
        prepared = Prepared(item, len(due) - len(runs))
        self._firings(prepared, runs, due[-1], now)
        return prepared

    def _deadline(self, item: Item) -> int | None:
        seconds = self._app.conf.beat_cron_starting_deadline
        return int(seconds * SECOND) if seconds is not None and isinstance(item.entry.schedule, crontab) else None

    def _is_running(self, item: Item, now: int) -> bool | None:
        """None if nobody can tell now: then the tick waits."""
        try:
            return is_running(self._app, item, now)
        except Exception as error:  # noqa: BLE001 - a store may raise anything; the entry waits, named
            if not item.held:
                logger.error("Scheduler: %s waits: whether its run before has ended is not known: %s", item.name, error)
            item.held = True
            return None

    @staticmethod
    def _hold(item: Item) -> None:
        if not item.held:
            item.held = True
            logger.info("Scheduler: %s waits for the end of its run before (overlap=queue)", item.name)

    def _firings(self, prepared: Prepared, runs: Sequence[int], last: int, now: int) -> None:
        """One for each run, each following the one before; and one that only moves the mark, if the last is not run."""
        item = prepared.item
        mark = item.mark
        for tick in runs:
            after = mark.last
            out = self._outgoing(item, self._id(item.name, mark, tick))
            if out is None:
                continue
            mark = msgspec.structs.replace(mark, last=tick, ran=now, runs=mark.runs + 1, task_id=out.id)
            prepared.firings.append(Firing(item.name, after, mark, tuple(post for _, post in out.named)))
            prepared.runs.append(out)
        if mark.last != last:
            prepared.firings.append(Firing(item.name, mark.last, msgspec.structs.replace(mark, last=last)))

    def _id(self, name: str, mark: Mark, tick: int) -> str | None:
        """The id of the task of one tick, the same for whoever sends it; None: any will do."""
        if self._book is None:
            return None
        return str(uuid5(_RUNS, f"{self._book}\0{name}\0{mark.last}\0{mark.runs}\0{tick}"))

    def _outgoing(self, item: Item, id: str | None) -> Outgoing | None:
        """What one run sends; None, and a line in the log, if it can't be made."""
        try:
            out = self._again(item, id) or self._anew(item, id)
            if out.joins:
                where_kept(self._app, out.joins)  # raises if nobody can count their parts
            return out
        except OperationalError:
            raise
        except Exception:
            logger.exception("Message Error: %s (%s) can't be sent: this tick is left out", item.name, item.entry.task)
            return None

    def _again(self, item: Item, id: str | None) -> Outgoing | None:
        """By the stencil of the runs before, if there is one that still fits."""
        again: Outgoing | None = item.stencil.run(self._app, item.entry, id or uuid()) if item.stencil else None
        if item.stencil and again is None:
            item.stencil = None
        return again

    def _anew(self, item: Item, id: str | None) -> Outgoing:
        sent = outgoing(self._app, item.entry, id)
        if item.stencil is None:
            item.stencil = stencil_of(self._app, item.entry, sent) or False
        return sent


def announce(prepared: Prepared) -> None:
    """Tell the log, and who listens to after_task_publish, what has been sent."""
    item = prepared.item
    for run in prepared.runs:
        logger.info("Scheduler: Sending due task %s (%s)", item.name, item.entry.task)
        logger.debug("%s sent. id->%s", item.entry.task, run.id)
        for name, post in run.named:
            announcing.after(name, post)
    if prepared.passed_over and item.policy.overlap == ALLOW and item.policy.missed == SKIP:
        logger.info("Scheduler: %s was not run while no beat was there (missed=skip)", item.name)
