"""What a PostgreSQL flow may ask of its link: statements in one round trip, or a step of several round trips."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

import msgspec

from .channels import Channels

T = TypeVar("T")

# The server's clock, in Unix seconds. As a sub-select it is read once a statement, and indexes can be used with it.
NOW: Final = "(SELECT extract(epoch FROM clock_timestamp())::float8)"


class Statement(NamedTuple):
    """One SQL statement and its parameters: %s, or %b for long arrays of texts, which are then not escaped."""

    sql: str
    args: Sequence[Any] = ()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What one statement brought: its rows, and how many rows it returned or changed."""

    rows: list[tuple[Any, ...]]
    count: int


Batch = Sequence[Statement]
_BEGIN: Final = Statement("BEGIN")
# Behind it there is only what wakes others. Transactions that notify are committed one after the other, each with its
# own wait for the disk, for the server keeps notifications in the order of commits. What is committed before is not.
COMMIT: Final = Statement("COMMIT")
# A part of a transaction: yields batches, is sent their answers.
Part = Generator[Batch, list[Answer], T]


class Ask(msgspec.Struct, frozen=True, gc=False):
    """Send these statements together; they are one transaction. The reply is a list of answers.

    With `wakes`, which tell others of it, they are followed by these, in the same round trip (see `COMMIT`).
    """

    statements: Batch
    wakes: Batch = ()

    def batch(self) -> Batch:
        return [_BEGIN, *self.statements, COMMIT, *self.wakes] if self.wakes else self.statements

    def reply(self, answers: list[Answer]) -> list[Answer]:
        return answers[1 : 1 + len(self.statements)] if self.wakes else answers


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
        """What wakes all who wait for what was done."""
        pairs = [(channel, word) for channel, words in self.channels.wakes(self.queues, self.records) for word in words]
        if not pairs:
            return []
        if len(pairs) == 1:
            return [Statement(_NOTIFY, pairs[0])]
        return [Statement(_NOTIFY_MANY, [list(column) for column in zip(*pairs, strict=True)])]


_NOTIFY: Final = "SELECT pg_notify(%s, %s)"
_NOTIFY_MANY: Final = "SELECT pg_notify(channel, word) FROM unnest(%b::text[], %b::text[]) AS told (channel, word)"


def transaction(step: Callable[[Work], Part[T]], channels: Channels) -> Part[T]:
    """The batches of a whole transaction: begin and commit travel with the step's first and last one."""
    work = Work(channels)
    inner = step(work)
    head: list[Statement] = [_BEGIN]
    try:
        batch = next(inner)
        while True:
            tail = [COMMIT, *work.wakes()] if work.ended else []
            answers = yield [*head, *batch, *tail]
            answers = answers[len(head) : len(answers) - len(tail)]
            head = []
            batch = inner.send(answers)
    except StopIteration as end:
        if not head and not work.ended:
            yield [COMMIT, *work.wakes()]
        value: T = end.value
        return value


def unknown(request: object) -> NoReturn:
    """A flow of another adapter has come to the wrong link."""
    raise TypeError(f"The PostgreSQL link can't perform {request!r}: is the flow of another transport?")
