"""What the sub-commands of `celeriac amqp` do, on one broker; messages that were got are held until it is closed."""

import itertools
from typing import Any, Final

import click
import msgspec

from celeriac.cli.context import session
from celeriac.cli.printing import printable, printable_lines
from celeriac.cli.reaching import broker, perform
from celeriac.contrib.moving import Hold
from celeriac.core.delivery import Action, Delivery
from celeriac.core.errors import DecodeError
from celeriac.core.message import Message, Post, Queue, Route
from celeriac.core.ports.plumbing import Plumbing, plumbing_of
from celeriac.wire import envelope

_LONGEST: Final = 10_000  # characters of a body that are shown


class Got(msgspec.Struct):
    """A message in hand."""

    number: int
    delivery: Delivery


class Desk:
    """Numbers messages as they come, so that they can be acknowledged by hand."""

    def __init__(self) -> None:
        self.transport = broker()
        self._hold = Hold(self.transport)
        self._numbers = itertools.count(1)
        self._got: dict[int, Delivery] = {}

    @property
    def plumbing(self) -> Plumbing:
        """Exchanges, queues and bindings. Raises where the broker has none that could be laid by hand."""
        found = plumbing_of(self.transport)
        if found is None:
            raise click.UsageError(
                f"{self.transport.describe()} is no AMQP broker: queues and exchanges come into being there as they "
                f"are used. basic.publish, basic.get, basic.ack and queue.purge work; see also `queues` and `dead`."
            )
        return found

    def perform(self, flow: Any) -> Any:
        """An operation of the broker, with a deadline."""
        return perform(self.transport, flow)

    def get(self, queue: str) -> Got | None:
        """One message, if there is one."""
        deliveries = self._hold.take([Queue(queue)], 1)
        if not deliveries:
            return None
        number = next(self._numbers)
        self._got[number] = deliveries[0]
        return Got(number, deliveries[0])

    def ack(self, number: int) -> None:
        """It is done with."""
        delivery = self._got.pop(number, None)
        if delivery is None:
            have = ", ".join(map(str, self._got)) or "none; one call of the command forgets what another one got"
            raise click.ClickException(f"No message {number} is in hand (there are: {have}).")
        if not self._hold.end([delivery], Action.ACK):
            raise click.ClickException(f"Message {number} is others' by now: it was in hand for too long.")

    def publish(self, text: str, exchange: str, routing_key: str) -> None:
        """A message of plain text; for tasks there is `call`."""
        message = Message({}, {"delivery_mode": 2}, text.encode(), "text/plain", "utf-8")
        self.perform(self._publishing([Post(message, Route(routing_key, exchange))]))

    def purge(self, queue: str) -> int:
        """How many messages there were."""
        assert self.transport.broker is not None
        return int(self.perform(self.transport.broker.purge([queue])))

    def _publishing(self, posts: list[Post]) -> Any:
        assert self.transport.broker is not None
        return self.transport.broker.publish(posts)

    def close(self) -> None:
        """What was got and not acknowledged goes back."""
        self._hold.close()


def desk() -> Desk:
    """That of this call of the command: one for all lines of a shell."""
    ctx = click.get_current_context()
    found = ctx.meta.get(_KEY)
    if found is None:
        session()  # the app is looked for first
        found = ctx.meta[_KEY] = Desk()
        ctx.find_root().call_on_close(found.close)
    assert isinstance(found, Desk)
    return found


_KEY: Final = "celeriac.cli.amqp.desk"


def shown(got: Got) -> str:
    """A message for people."""
    try:
        message = envelope.decode(got.delivery.raw)
    except DecodeError as exc:
        return f"delivery_tag: {got.number}\nerror: {printable(exc)}\nbody: {got.delivery.raw[:_LONGEST]!r}"
    info = envelope.delivery_info(message)
    facts = {
        "delivery_tag": got.number,
        **{name: info[name] for name in ("exchange", "routing_key", "redelivered")},
        "content_type": message.content_type,
        "content_encoding": message.content_encoding,
        **{name: value for name, value in message.properties.items() if name != "delivery_info"},
    }
    lines = [f"{name}: {printable(value)}" for name, value in facts.items()]
    lines += ["headers:", *(f"  {printable(name)}: {printable(repr(v))}" for name, v in message.headers.items())]
    return "\n".join([*lines, "body:", f"  {_body(message.body)}"])


def _body(body: bytes) -> str:
    text = body[:_LONGEST].decode(errors="replace")
    more = f" ... ({len(body)} bytes)" if len(body) > _LONGEST else ""
    return printable_lines(text) + more
