"""The pool port: what a worker asks of the place where runs happen, and what it is told back."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from celeriac.core.outcome import Outcome
from celeriac.process.packets import Job, Offered


class Running(msgspec.Struct, frozen=True):
    """A run that has begun and is not reported ended."""

    run: int
    since: float  # system-wide monotonic clock
    pid: int
    slot: int


class Listener(Protocol):
    """What a pool tells its worker; called in the worker's event loop."""

    def begun(self, run: int) -> None:
        """Only for jobs flagged REPORT_START."""
        ...

    def ended(self, run: int, outcome: Outcome) -> None: ...

    def lost(self, run: int, exitcode: int, pid: int, bystander: bool = False) -> None:
        """The run was ended from outside: its process died with it, or it alone was made to stop.

        A bystander is surely not the cause: its process was ended for another run's sake or by the pool
        itself, or the run had not begun. It should be repeated and not be counted as a crash.
        """
        ...

    def returned(self, runs: Sequence[int]) -> None:
        """These have not begun and will not: a child that was busy for too long gave them back."""
        ...

    def room(self) -> None:
        """An offer that was refused may be made again."""
        ...

    def broken(self, reason: str) -> None:
        """The pool can't go on: the worker has to end."""
        ...


# Called when the message was found good and its task begins: a message that is refused has not begun.
Begun = Callable[[], None] | None


class Runner(Protocol):
    """Runs one message where it is called: the executor, as a child sees it."""

    def run(self, raw: bytes, *, redelivered: bool, deliveries: int, begun: Begun = None) -> Outcome: ...

    async def arun(self, raw: bytes, *, redelivered: bool, deliveries: int, begun: Begun = None) -> Outcome: ...


class PoolSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker decides about a pool."""

    concurrency: int
    make_runner: Callable[[], Runner]  # called once in each child, after on_child_start
    on_child_start: Callable[[int], None] = lambda index: None  # in the child
    before_child: Callable[[], None] = lambda: None  # in the process that is going to be forked, each time
    on_child_exit: Callable[[int, int], None] = lambda pid, code: None  # in the child, just before it ends
    max_tasks_per_child: int | None = None
    max_memory_per_child: int | None = None  # KiB of resident memory
    most_children: int = 0  # so many there may be later, if more than `grow` can do anyhow
    alive_timeout: float = 4.0  # seconds a child may need to come up
    children: int = 1  # threads and asyncio: over how many processes the concurrency is spread
    end_grace: float = 10.0  # seconds a signal other than SIGKILL may take to end a process, then SIGKILL
    start_method: str = "fork"  # or "spawn": fresh interpreters, which load the app themselves
    # spawn: "module:name" of a function that is called in the child with entry_argument and returns the
    # PoolSettings of which make_runner, on_child_start and on_child_exit are then used.
    entry: str = ""
    entry_argument: str = ""


class Pool(Protocol):
    """One life: fork (before the loop), start, offer ..., stop or kill. All but fork in the event loop."""

    slots: int

    def fork(self) -> None:
        """Before any thread or event loop: get ready to make children."""
        ...

    async def start(self, listener: Listener) -> None:
        """Returns when the first child is up; WorkerLostError if none comes up."""
        ...

    def offer(self, job: Offered) -> bool:
        """Hand a job over, in the order of run numbers; False if there is no room now (`room` will follow)."""
        ...

    def take_back(self) -> list[Job]:
        """The jobs that nobody has begun; also those that `stop` kept from being begun.

        Those that wait behind another in a busy child are called back too: `returned` follows for them.
        """
        ...

    def running(self) -> Iterable[Running]: ...

    def soft_stop(self, run: int) -> bool:
        """Raise SoftTimeLimitExceeded in that run's body, if it still runs; never in anything else."""
        ...

    def hard_stop(self, run: int, signal: int) -> bool:
        """End that run, and no later one, with its process if need be; `lost` (or `ended`) follows.

        False if it does not run. Calling it again while it is ending is nothing.
        """
        ...

    async def stop(self, deadline: float) -> bool:
        """Let running jobs end until `deadline` (loop time); True if all did. Nothing unstarted is begun."""
        ...

    async def kill(self) -> None:
        """End everything now; what ran is told `lost`, as bystander. Safe after stop, and twice."""
        ...

    def describe(self) -> dict[str, object]: ...


class BatchingPool(Pool, Protocol):
    """A pool that takes several quick jobs at once, to be done by one child."""

    batches: bool

    def offer_batch(self, jobs: Sequence[Offered]) -> bool:
        """All or none, like `offer`; together at most LONGEST_BATCH bytes of messages."""
        ...

    def call_back(self, before: float) -> None:
        """What waits in a child behind a run that began before then is not to be begun there: `returned` follows."""
        ...


class ResizablePool(Pool, Protocol):
    """A pool whose children can be added, removed and renewed while it works."""

    def grow(self, n: int) -> None:
        """n more children. ValueError beyond what the pool was made for."""
        ...

    def shrink(self, n: int) -> None:
        """n children leave when they are done with what they run."""
        ...

    def restart(self) -> None:
        """Every child leaves when it is done with what it runs, and is replaced."""
        ...
