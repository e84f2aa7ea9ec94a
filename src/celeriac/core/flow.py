"""The Flow: one adapter operation written once, as a generator, and run by a sync or an async driver."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")

# A flow yields requests (plain data whose meaning its own adapter knows: Redis commands, a SQLite
# transaction) and is sent the replies. It never touches a socket, a file or a clock: a driver (a Link)
# performs each request, sends back the reply, or throws the error into the flow. What the flow returns
# is the operation's result. So each operation is written once and has no colour.
Flow = Generator[Any, Any, T]


def done(value: T) -> Flow[T]:
    """A flow that needs no request at all."""
    return value
    yield  # makes this function a generator


def drive(flow: Flow[T], perform: Callable[[Any], Any]) -> T:
    """Run a flow in sync code: `perform` answers each request or raises, which the flow sees too."""
    try:
        request = next(flow)
        while True:
            try:
                reply = perform(request)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which lets it pass or deals with it
                request = flow.throw(error)
            else:
                request = flow.send(reply)
    except StopIteration as end:
        value: T = end.value
        return value


async def adrive(flow: Flow[T], perform: Callable[[Any], Awaitable[Any]]) -> T:
    """Run a flow in async code."""
    try:
        request = next(flow)
        while True:
            try:
                reply = await perform(request)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which lets it pass or deals with it
                request = flow.throw(error)
            else:
                request = flow.send(reply)
    except StopIteration as end:
        value: T = end.value
        return value
