"""What the leader does while it leads: keeps the agenda true to the book, and sends what is due."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from celeriac.core.clock import Clock
from celeriac.core.errors import LeaseLost, OperationalError
from celeriac.core.ports.plans import Change, Mark, Plan, Tenure

from .agenda import Agenda, Item
from .installing import AHEAD, changes_for
from .judging import check_entry
from .places import AnyRegister
from .plan import PROGRAM, decoded, entry_of
from .sending import LOOK_AGAIN, MOST, Prepared, Preparer, announce
from .ticks import SECOND, is_plain_interval, moment

logger = logging.getLogger("celeriac.beat")

# How many entries go out in one round trip.
_BATCH: Final = 200
_LONGEST_BACKOFF: Final = 60
_ASIDE: Final = 60
# Where one tick follows the other closely, those that are due within a moment go out together: seconds of being busy,
# and how long the moment is (by which the first of them is late).
_BUSY: Final = 0.1
_GATHER: Final = 0.025
_JUMP: Final = 5.0


class Lead:
    """One tenure."""

    def __init__(self, app: Any, register: AnyRegister, tenure: Tenure, clock: Clock) -> None:
        self.tenure = tenure
        self._app = app
        self._register = register
        self._clock = clock
        self._preparer = Preparer(app, None if register.one_step else register.book)
        self._agenda = Agenda(clock.now)
        self._program: Mapping[str, Any] = {}
        self._revision = -1
        self.stale = False  # the book is to be read again
        self._offset = clock.now() - clock.monotonic()
        self._sent_at = -_BUSY  # monotonic
        self._bad: dict[str, bytes] = {}  # definitions that are no entries, told to the log once

    def _now(self) -> int:
        return int(self._clock.now() * SECOND)

    # -- the agenda

    def begin(self, program: Mapping[str, Any]) -> None:
        """Bring the program's entries into the book, and read it all."""
        self._program = program
        changes = changes_for(program, self._register.load(self.tenure), self._now())
        if changes:
            self._register.change(changes, self.tenure)
        self._read()
        self._mend_clock(self._now() + AHEAD)
        logger.debug("beat: %d entries are on the agenda.", len(self._agenda))

    def catch_up(self) -> None:
        """Read the book again if somebody has written in it; and see whether the clock was set back."""
        offset = self._clock.now() - self._clock.monotonic()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) > _JUMP:
            logger.warning("beat: The clock of this machine jumped by %+.1f s.", jump)
        if jump < -_JUMP:
            self._mend_clock(self._now())
        if self.stale or self._register.revision(self.tenure) != self._revision:
            self._read()

    def _read(self) -> None:
        book = self._register.load(self.tenure)
        unmarked = [Change(plan.name, start=self._now()) for plan in book.plans if plan.mark is None]
        if unmarked:
            self._register.change(unmarked, self.tenure)
            book = self._register.load(self.tenure)
        plans = {plan.name: plan for plan in book.plans}
        for name in [item.name for item in self._agenda if item.name not in plans]:
            self._agenda.drop(name)
        for plan in book.plans:
            self._note(plan)
        self._revision = book.revision
        self.stale = False

    def _note(self, plan: Plan) -> None:
        """Put an entry on the agenda, unless it is there as it is."""
        item = self._agenda.get(plan.name)
        if item is not None and (item.plan.definition, item.plan.paused, item.mark) == (
            *(plan.definition, plan.paused, plan.mark),
        ):
            return
        if self._bad.get(plan.name) == plan.definition:
            return
        try:
            entry = self._entry(plan)
            self._agenda.put(entry, plan, plan.mark or Mark(self._now()))
            self._bad.pop(plan.name, None)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one entry, the others go on
            self._bad[plan.name] = plan.definition
            self._agenda.drop(plan.name)
            logger.error("beat: The entry %r can't be used and is left out: %s", plan.name, error)

    def _entry(self, plan: Plan) -> Any:
        if plan.name in self._program:
            return self._program[plan.name]
        definition = decoded(plan.definition)
        if definition.source == PROGRAM:
            raise ValueError("another program of the same name has it; give one of the two another beat_name")
        entry = entry_of(plan.name, definition, self._app)
        check_entry(self._app, plan.name, entry)
        return entry

    def _mend_clock(self, limit: int) -> None:
        """Intervals whose last tick is in the future count from now; else they would stand still until then."""
        now = self._now()
        ahead = [item for item in self._agenda if item.mark.last > limit and is_plain_interval(item.entry.schedule)]
        if ahead:
            self._register.change([Change(item.name, restart=now) for item in ahead], self.tenure)
            self._read()

    def entries(self) -> dict[str, Any]:
        """All entries, each as far as it has come."""
        found = {}
        for item in self._agenda:
            entry = item.entry
            entry.last_run_at = moment(item.mark.ran or item.mark.last)
            entry.total_run_count = item.mark.runs
            found[item.name] = entry
        return found

    # -- sending

    def wait(self) -> float:
        """Seconds until something is due."""
        first = self._agenda.first()
        if first is None:
            return float("inf")
        seconds = (first - self._now()) / SECOND
        busy = self._clock.monotonic() + seconds - self._sent_at < _BUSY
        return max(0.0, seconds + _GATHER) if busy else max(0.0, seconds)

    def send(self) -> bool:
        """Send a batch of what is due; True if there may be more. Raises OperationalError with all still due."""
        now = self._now()
        items = self._agenda.due(now, _BATCH)
        if not items:
            return False
        pending = {id(item): item for item in items}
        try:
            for prepared in self._fire(self._ready(items, now, pending)):
                pending.pop(id(prepared.item))
            self._sent_at = self._clock.monotonic()
        finally:
            for item in pending.values():
                self._agenda.at(item, now)
        return len(items) == _BATCH or bool(pending)

    def _ready(self, items: list[Item], now: int, pending: dict[int, Item]) -> list[Prepared]:
        """As many as go out in one round trip; those that have to wait are out of `pending` and back on the agenda."""
        ready: list[Prepared] = []
        count = 0
        for item in items:
            if count >= MOST:
                break
            try:
                prepared = self._preparer.prepare(item, now)
                if prepared is None:
                    pending.pop(id(item))
                    again = item.ticks.next(item.mark.last)
                    self._agenda.at(item, again if again is not None and again > now else now + LOOK_AGAIN)
                else:
                    ready.append(prepared)
                    count += len(prepared.firings)
            except OperationalError:
                raise
            except Exception:  # noqa: BLE001 - logged there
                pending.pop(id(item), None)
                self._set_aside(item)
        return ready

    def _follow(self, item: Item, mark: Mark) -> None:
        try:
            self._agenda.follow(item, mark)
        except Exception:  # noqa: BLE001 - logged there
            self._set_aside(item)

    def _set_aside(self, item: Item) -> None:
        """Its schedule is code that raises: looked at again in a while."""
        logger.exception("beat: Nobody can tell when %r is due; looking again in %d s", item.name, _ASIDE)
        self._agenda.at(item, self._now() + _ASIDE * SECOND)

    def _fire(self, ready: list[Prepared]) -> list[Prepared]:
        """Those that are dealt with. If the broker refuses all together, each is tried alone; and so is, from then on,
        what it has refused: with others it might send those again and again."""
        refused = [prepared for prepared in ready if prepared.item.refused]
        others = [prepared for prepared in ready if not prepared.item.refused]
        return [*self._fire_others(others), *(prepared for one in refused for prepared in self._fire_alone(one))]

    def _fire_others(self, ready: list[Prepared]) -> list[Prepared]:
        if not ready:
            return []
        try:
            self._fire_together(ready)
        except LeaseLost:
            raise
        except OperationalError:
            self._register.revision(self.tenure)  # raises if the broker is away altogether
            return [prepared for one in ready for prepared in self._fire_alone(one)]
        return ready

    def _fire_together(self, ready: list[Prepared]) -> None:
        joins = [join for prepared in ready for join in prepared.joins]
        if joins:
            self._app.publisher.open(joins, {"retry": False})
        fired = iter(self._register.fire(self.tenure, [firing for prepared in ready for firing in prepared.firings]))
        for prepared in ready:
            done = [next(fired) for _ in prepared.firings]
            if all(done):
                prepared.item.refused = 0
                announce(prepared)
                self._follow(prepared.item, prepared.firings[-1].mark)
            else:
                # Its last answer was lost on the way, or it was changed at this moment: the book knows.
                self._agenda.drop(prepared.item.name)
                self.stale = True

    def _fire_alone(self, prepared: Prepared) -> list[Prepared]:
        """An entry that the broker refuses while it answers others waits longer and longer, and keeps no one back."""
        item = prepared.item
        try:
            self._fire_together([prepared])
        except LeaseLost:
            raise
        except OperationalError as error:
            self._register.revision(self.tenure)  # raises if the broker is away altogether
            item.refused += 1
            seconds = min(2**item.refused, _LONGEST_BACKOFF)
            logger.error(
                "Message Error: %s (%s) was refused, next try in %d s: %s", item.name, item.entry.task, seconds, error
            )
            self._agenda.at(item, self._now() + seconds * SECOND)
        return [prepared]
