"""One worker's traffic with one broker: the services that claim, dispatch and settle, put together."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from celeriac.canvas.follow_up import FollowUp
from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import Conflict, ImproperlyConfigured
from celeriac.core.message import Queue
from celeriac.core.outcome import Outcome
from celeriac.core.ports import Transport
from celeriac.execution.verdicts import Verdicts
from celeriac.pools.pool import Pool
from celeriac.process import crash
from celeriac.wire.envelope import Head

from . import own_requests, received
from .attendance import Attending
from .claimer import Claimer
from .connection import Connection, ConnectionClosed, Tries
from .dispatch import Dispatcher
from .ends import Ends
from .giveback import GiveBack
from .hands import Hand, Hands
from .intake import Intake
from .leasing import LeaseKeeper
from .limits import LimitWatch
from .orphans import Orphans
from .paces import Paces
from .plans import Plans
from .rates import Rates, per_second
from .recovery import Recoverer, Toucher
from .revoking import Revoker
from .sequels import Payer, owe
from .settler import Settler, Store
from .window import Window
from .witness import Witness

logger = logging.getLogger("celeriac.worker.consumer")


class Consumer:
    """Listens to the pool, feeds it from the broker, settles what it reports."""

    def __init__(self, app: Any, pool: Pool, hostname: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self.app = app
        self.clock = clock
        self.conf = app.conf
        self.pool = pool
        self.hostname = hostname
        self.hands = Hands()
        self.plans = Plans(app.tasks, app.conf)
        verdicts = Verdicts(app, hostname)
        self.follow = FollowUp(app)
        verdicts.follow = owe
        verdicts.sender = self
        self.ends = Ends(verdicts, app.conf)
        self.intake = Intake(self.plans, self.hands, self.ends, clock)
        self.orphans = Orphans(self.hands)
        self.intake.unusual_steps.insert(0, self.orphans)
        self.intake.steps += received.wanted(self, verdicts.opener)
        self.revoker = Revoker(self)
        self.rates = Rates(self.hands, clock)
        self._hold_to_rates()
        self.paces = Paces()
        self.dispatcher = Dispatcher(pool, self.hands, self.paces)
        self.limits = LimitWatch(pool, self.hands)
        self._expected_slots = 0
        self.window = Window(pool.slots, self._most_in_hand())
        self.on_broken: Callable[[str], None] = lambda reason: None
        self.on_crowded: Callable[[], object] = lambda: None  # more is in hand than can run
        self.witnesses: tuple[Witness, ...] = own_requests.witnesses(self, verdicts.opener)
        self.ends.discarded = self._discarded
        self.worker: Any = None
        self.gossip: Any = None  # what other workers do, where that can be heard
        self.node: Any = None  # hears remote control, where that is on
        self._abandoned = False
        self._stopping: asyncio.Task[None] | None = None

    @property
    def timer(self) -> Any:
        """The worker's: for steps of programs."""
        return self.worker.timer

    def _hold_to_rates(self) -> None:
        """Limits are looked at if any task has one: others shall not pay for it."""
        if self.conf["worker_disable_rate_limits"] or self.rates in self.intake.steps:
            return
        for name in self.app.tasks:
            plan = self.plans.get(name)
            if plan is not None and per_second(plan.rate_limit):
                self.intake.steps.append(self.rates)
                return

    def limit_rate(self, task: str, limit: Any) -> None:
        """From now on. Raises KeyError (there is no such task) and ValueError (that is no limit)."""
        per_second(limit)
        plan = self.plans.get(task)
        if plan is None:
            raise KeyError(task)
        self.plans.replace(msgspec.structs.replace(plan, rate_limit=limit))
        self._requeue(self.rates.changed(task))
        self._hold_to_rates()

    def _most_in_hand(self) -> int | None:
        multiplier = self.conf["worker_prefetch_multiplier"]
        return self._slots() * multiplier if multiplier else None

    # -- life ---------------------------------------------------------------------------------------

    async def connect(self, broker: Transport, results: Transport | None) -> None:
        """Reach the broker, hold the lease."""
        conf = self.conf
        later, first = conf["broker_connection_retry"], conf["broker_connection_retry_on_startup"]
        most = conf["broker_connection_max_retries"] or None
        tries = Tries(most if (later if first is None else first) else 1, most if later else 1)
        self.connection = Connection(broker, tries)
        self.connection.on_give_up = lambda reason: self.on_broken(reason)
        assert broker.broker is not None
        assert broker.lease is not None
        self.store_connection: Connection | None = None
        store = None
        if results is not None and results.results is not None:
            if results is not broker:
                # Later it is waited for as long as it takes: there are results to be stored.
                self.store_connection = Connection(results, Tries(tries.first, None), what="result store")
                self.store_connection.on_give_up = lambda reason: self.on_broken(reason)
            store = Store(self.store_connection or self.connection, apart=not broker.settles(results))
            if self.store_connection is not None:
                self.store_connection.on_up(store.greet)
        self.window.wary = bool(getattr(broker.broker, "recovers_itself", False))
        self.settler = Settler(self.connection, broker.broker, store, Payer(self.follow))
        ttl, every = conf["worker_lease_ttl"], conf["worker_lease_renew"]
        self.lease = LeaseKeeper(self.connection, broker.lease, ttl, every)
        self.recoverer = Recoverer(self.connection, broker.broker, conf["worker_recover_interval"], ttl)
        self.toucher = Toucher(self.connection, broker.broker, self.hands)
        self.claimer = Claimer(self.connection, broker.broker, self.hands, self.window, self.settler)
        self.attending = Attending(self.connection)
        self.giveback = GiveBack(self.dispatcher, self.hands, self.pool)
        self._wire_up()
        for greeting in (self.lease.greet, self.recoverer.greet, self._greet_claimer):
            self.connection.on_up(greeting)
        if self.store_connection is not None:
            await self.store_connection.open()
        await self.connection.open()

    def _wire_up(self) -> None:
        self.settler.owner = self.claimer.owner = lambda: self.lease.incarnation
        self.settler.on_fenced = self._on_fenced
        self.settler.on_unsent = lambda post, why: self.settler.add_result(self.ends.unsent(post, why))
        self.claimer.on_lease_lost = self.lease.replace
        self.attending.owner = lambda: self.lease.incarnation
        self.lease.on_replaced = self._forget_unbegun
        self.claimer.intake = self.intake
        self.claimer.flush = self._flush
        self.intake.settle = self.settler.add
        self.intake.dispatch = self._dispatch
        self.rates.admit = self._admit
        self.giveback.give_back = self.give_back
        self.revoker.wire()
        for service in (self.settler, self.lease, self.recoverer, self.toucher, self.claimer, self.limits):
            service.on_broken = lambda reason: self.on_broken(reason)
        self.giveback.on_broken = self.attending.on_broken = lambda reason: self.on_broken(reason)

    async def _greet_claimer(self) -> None:
        self.claimer.reconnected()

    async def consume(self, queues: Sequence[Queue]) -> None:
        """Declare the queues and begin."""
        broker = self.connection.transport.broker
        assert broker is not None
        try:
            await self.connection.run(lambda: broker.declare(queues), hopeless=Conflict)
        except (Conflict, ImproperlyConfigured) as exc:
            self.connection.give_up(str(exc))
            raise ConnectionClosed("gave up declaring") from exc
        await self.attending.begin(queues)
        for service in (self.settler, self.lease, self.recoverer, self.limits, self.giveback):
            service.start()
        self.toucher.start(self.lease.incarnation)
        self.claimer.start(queues)

    async def add_queue(self, queue: Queue) -> None:
        """Consume from one more, from the next claim on."""
        broker = self.connection.transport.broker
        assert broker is not None
        await self.connection.run(lambda: broker.declare((queue,)), hopeless=Conflict)
        others = [one for one in self.claimer.queues if one.name != queue.name]
        self._consume((*others, queue))

    def cancel_queue(self, name: str) -> None:
        """Consume from it no more; what was taken is run."""
        self._consume([queue for queue in self.claimer.queues if queue.name != name])

    def _consume(self, queues: Sequence[Queue]) -> None:
        self.claimer.consume(queues)
        self.attending.serve(queues)

    def expect_slots(self, most: int) -> None:
        """Claim as if the pool had so many slots: it will have them when they are needed."""
        self._expected_slots = most
        self.window.resize(self._slots(), self._most_in_hand())

    def pool_resized(self) -> None:
        """The pool has more slots than it had, or fewer."""
        self.window.resize(self._slots(), self._most_in_hand())
        self.claimer.poke()

    def _slots(self) -> int:
        return max(self.pool.slots, self._expected_slots)

    def select_queues(self) -> Sequence[Queue]:
        """The queues of the settings, narrowed by the worker's options."""
        return tuple(self.app.amqp.queues.consume_from.values())

    def abandon(self) -> None:
        """Runs are about to be killed on purpose: that is no crash of theirs."""
        self._abandoned = True

    async def stop_claiming(self) -> None:
        """No new messages; what nobody has begun goes back. Twice is nothing, and whoever is cancelled while he
        waits (by a second signal) does not keep it from being done."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_claiming())
        await asyncio.shield(self._stopping)

    async def _stop_claiming(self) -> None:
        await self.claimer.close()
        await self.giveback.close()
        crash.point("before_requeue_on_shutdown")
        self._requeue(self.rates.take_back())
        self.give_back(self.dispatcher.take_back())

    async def finish(self, deadline: float) -> bool:
        """After the pool has stopped: everything settled, the lease given up. True if nothing is left."""
        self.give_back([hand for hand in list(self.hands) if self.hands.put_back(hand.run)])
        settled = await self.settler.drain(deadline)
        await self.attending.leave()
        for service in (self.recoverer, self.toucher, self.limits, self.lease, self.settler):
            await service.close()
        await self.connection.close()
        if self.store_connection is not None:
            await self.store_connection.close()
        return settled

    # -- deliveries ---------------------------------------------------------------------------------

    def _dispatch(self, hand: Hand) -> None:
        for witness in self.witnesses:
            witness.received(hand)
        self.dispatch(hand)

    def dispatch(self, hand: Hand) -> None:
        """On its way into a process; of one that was taken back, this was said before."""
        limits = hand.head.timelimit
        if hand.plan.limited or limits[0] or limits[1]:
            self.limits.watch(hand)
        self.dispatcher.dispatch(hand)

    def _discarded(self, head: Head, outcome: Outcome) -> None:
        for witness in self.witnesses:
            witness.discarded(head, outcome)

    def _flush(self) -> None:
        """A whole claim has been taken in."""
        self.dispatcher.flush()
        if len(self.hands) > self.pool.slots:
            self.on_crowded()
            self.giveback.taken()

    def _admit(self, delivery: Delivery, at: float) -> None:
        """One that has waited for its turn."""
        self.intake(delivery, at)
        self.dispatcher.flush()

    def _requeue(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in reversed(deliveries):
            self.settler.add(Settlement(delivery, Action.REQUEUE))

    def give_back(self, hands: list[Hand]) -> None:
        """Back to the broker, to be served next and in the same order (so the newest goes first)."""
        self.window.stalled()
        for hand in reversed(hands):
            if not hand.settled:
                self.settler.add(Settlement(hand.delivery, Action.REQUEUE))

    def _forget_unbegun(self) -> None:
        """The lease was lost: others own what was claimed. What has not begun here must not begin any more."""
        self.attending.renamed()
        forgotten = [*self.rates.take_back(), *self.dispatcher.take_back()]
        self.orphans.disowned()
        if forgotten:
            logger.warning("%s claimed task(s) that had not begun here are left to other workers", len(forgotten))

    def _on_fenced(self, settlement: Settlement) -> None:
        tag = settlement.delivery.tag
        logger.warning("The claim %s was no longer this worker's: nothing was stored for it", tag)
        self.orphans.ended(settlement)

    # -- the pool's listener ------------------------------------------------------------------------

    def begun(self, run: int) -> None:
        """An early-acknowledged task runs: its message is done with."""
        hand = self.hands.get(run)
        if hand is not None:
            hand.settled = True
            self.settler.add(Settlement(hand.delivery, Action.ACK))

    def ended(self, run: int, outcome: Outcome) -> None:
        hand = self.hands.end(run)
        if hand is None:
            return
        for witness in self.witnesses:
            witness.ended(hand, outcome)
        if outcome.runtime:
            self.paces.note(hand.head.task, outcome.runtime)
        if hand.settled:
            self.settler.add_result(outcome)
        else:
            self.settler.add(self.ends.of_run(hand, outcome))
        self.claimer.poke()

    def lost(self, run: int, exitcode: int, pid: int, bystander: bool = False) -> None:
        hand = self.hands.get(run)
        if hand is None or self._abandoned:
            return  # it ended before, or all that is left goes back together
        again = self.ends.bystander(hand) if bystander else None
        if again is None:
            self.ended(run, self.ends.lost(hand, exitcode, pid))
            return
        self.hands.put_back(run)
        self.settler.add(again)
        self.claimer.poke()

    def returned(self, runs: Sequence[int]) -> None:
        """They waited behind a run that takes longer than expected: let any slot anywhere have them."""
        self.give_back([hand for run in runs if (hand := self.hands.put_back(run)) is not None])

    def room(self) -> None:
        self.dispatcher.flush()

    def broken(self, reason: str) -> None:
        self.on_broken(reason)
