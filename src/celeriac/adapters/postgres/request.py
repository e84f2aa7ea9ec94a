"""What a PostgreSQL flow may ask of its link: statements in one round trip, or a step of several round trips."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import msgspec

from .channels import Channels

T = TypeVar("T")

# The server's clock, in Unix seconds. As a sub-select it is read once a statement, and indexes can be used with it.
NOW: Final = "(SELECT extract(epoch FROM clock_timestamp())::float8)"


class Statement(NamedTuple):
    """One SQL statement and its parameters."""

    sql: str
    args: Sequence[Any] = ()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What one statement brought: its rows, and how many rows it returned or changed."""

    rows: list[tuple[Any, ...]]
    count: int


Batch = Sequence[Statement]
# A part of a transaction: yields batches, is sent their answers.
Part = Generator[Batch, list[Answer], T]


class Ask(msgspec.Struct, frozen=True, gc=False):
    """Send these statements together; they are one transaction. The reply is a list of answers."""

    statements: Batch


class Take(Ask, frozen=True, gc=False):
    """The same, to claim messages: the last but one of the statements returns those that were claimed."""


class Write(msgspec.Struct, frozen=True, gc=False):
    """Run a step as one transaction, and again from its beginning if the server found it in a deadlock."""

    step: "Callable[[Work], Part[Any]]"


class Work:
    """One transaction as its step sees it: who is to be woken when it has happened."""

    __slots__ = ("channels", "ended", "queues", "records")

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.queues: set[str] = set()  # something may be claimed from these
        self.records: list[str] = []  # records of these ids were stored
        self.ended = False

    def last(self, *statements: Statement) -> Batch:
        """Marks the last batch: the commit travels with it, and so saves a round trip."""
        self.ended = True
        return statements

    def wakes(self) -> list[Statement]:
        """The statements that wake all who wait for what was done."""
        return [Statement(_NOTIFY, pair) for pair in self.channels.wakes(self.queues, self.records)]


_NOTIFY: Final = "SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS word"
_BEGIN: Final = Statement("BEGIN")
_COMMIT: Final = Statement("COMMIT")


def transaction(step: Callable[[Work], Part[T]], channels: Channels) -> Part[T]:
    """The batches of a whole transaction: begin and commit travel with the step's first and last one."""
    work = Work(channels)
    inner = step(work)
    head: list[Statement] = [_BEGIN]
    try:
        batch = next(inner)
        while True:
            tail = [*work.wakes(), _COMMIT] if work.ended else []
            answers = yield [*head, *batch, *tail]
            answers = answers[len(head) : len(answers) - len(tail)]
            head = []
            batch = inner.send(answers)
    except StopIteration as end:
        if not head and not work.ended:
            yield [*work.wakes(), _COMMIT]
        value: T = end.value
        return value


def unknown(request: object) -> NoReturn:
    """A flow of another adapter has come to the wrong link."""
    raise TypeError(f"The PostgreSQL link can't perform {request!r}: is the flow of another transport?")
