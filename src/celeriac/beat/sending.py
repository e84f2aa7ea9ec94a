"""From what is due to ticks with their messages: which are run, which passed over, which wait."""

import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from celeriac.app import announcing
from celeriac.app.calling import posts_of
from celeriac.core.ids import uuid
from celeriac.core.message import Post
from celeriac.core.ports.plans import Firing
from celeriac.schedules import crontab

from .agenda import Item
from .entry import evaluated
from .overlap import is_running
from .policy import ALLOW, QUEUE, SKIP, chosen
from .scheduler import with_header
from .ticks import SECOND

logger = logging.getLogger("celeriac.beat")

# How soon to look again whether the run before has ended.
LOOK_AGAIN: Final = SECOND // 2


class Prepared(msgspec.Struct):
    """The ticks of one item that go out together."""

    item: Item
    firings: list[Firing]
    passed_over: int = 0

    @property
    def sent(self) -> list[Post]:
        return [post for firing in self.firings for post in firing.posts]


class Preparer:
    """Makes the ticks of due items. What is wrong with one of them is logged with its name and harms no other."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def prepare(self, item: Item, now: int) -> Prepared | None:
        """None if there is nothing to do yet: the run before has to end first, or it is not due after all."""
        due = item.ticks.passed(item.mark.last, now, item.policy.most)
        if not due:
            return None
        runs: Sequence[int] = chosen(item.policy, due, now, self._deadline(item))
        if item.policy.overlap != ALLOW:
            running = self._is_running(item, now)
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
        item.held = False
        return Prepared(item, self._firings(item, runs, due[-1], now), len(due) - len(runs))

    def _deadline(self, item: Item) -> int | None:
        seconds = self._app.conf.beat_cron_starting_deadline
        return int(seconds * SECOND) if seconds is not None and isinstance(item.entry.schedule, crontab) else None

    def _is_running(self, item: Item, now: int) -> bool:
        try:
            return is_running(self._app, item, now)
        except Exception as error:  # noqa: BLE001 - a store may raise anything; the entry waits, named
            if not item.held:
                logger.error("Scheduler: %s waits: whether its run before has ended is not known: %s", item.name, error)
            return True

    @staticmethod
    def _hold(item: Item) -> None:
        if not item.held:
            item.held = True
            logger.info("Scheduler: %s waits for the end of its run before (overlap=queue)", item.name)

    def _firings(self, item: Item, runs: Sequence[int], last: int, now: int) -> list[Firing]:
        """One for each run, each following the one before; and one that only moves the mark, if the last is not run."""
        firings: list[Firing] = []
        mark = item.mark
        for tick in runs:
            post = self._post(item)
            if post is None:
                continue
            after, mark = (
                mark.last,
                msgspec.structs.replace(mark, last=tick, ran=now, runs=mark.runs + 1, task_id=_id(post)),
            )
            firings.append(Firing(item.name, after, mark, (post,)))
        if mark.last != last:
            firings.append(Firing(item.name, mark.last, msgspec.structs.replace(mark, last=last)))
        return firings

    def _post(self, item: Item) -> Post | None:
        """The message of one run; None, and a line in the log, if it can't be made."""
        entry = item.entry
        try:
            args = [evaluated(value) for value in entry.args or ()]
            kwargs = {name: evaluated(value) for name, value in (entry.kwargs or {}).items()}
            options = {"task_id": uuid(), **with_header(entry.options)}
            ((_, post),) = posts_of(self._app, [(entry.task, args, kwargs, options)], {})
        except Exception:
            logger.exception("Message Error: %s (%s) can't be sent: this tick is left out", item.name, entry.task)
            return None
        return post


def announce(prepared: Prepared) -> None:
    """Tell the log, and who listens to after_task_publish, what has been sent."""
    item = prepared.item
    for post in prepared.sent:
        logger.info("Scheduler: Sending due task %s (%s)", item.name, item.entry.task)
        logger.debug("%s sent. id->%s", item.entry.task, _id(post))
        announcing.after(item.entry.task, post)
    if prepared.passed_over and item.policy.overlap == ALLOW and item.policy.missed == SKIP:
        logger.info("Scheduler: %s was not run while no beat was there (missed=skip)", item.name)


def _id(post: Post) -> str:
    return str(post.message.headers.get("id") or post.message.properties.get("correlation_id") or "")
