"""`rpc://`: results as messages to the process that sent the task, over the broker's own RabbitMQ."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ...core import states
from ...core.errors import BackendStoreError, ImproperlyConfigured
from ...core.flow import Flow, done
from ...core.message import Message
from ...core.ports import Transport, TransportOptions
from ...core.record import Record
from ...wire import results, serializers
from . import methods, requests
from .contents import Parcel, parcel
from .place import SCHEMES
from .refusals import Halted, Refused, is_too_large
from .replies import Replies
from .rpc_links import RpcAsyncLink, RpcLink
from .transport import RabbitTransport

logger: Final = logging.getLogger("celeriac.results")

# An unattended reply queue is kept so long at most, whatever result_expires says: its client is gone.
_UNATTENDED: Final = 3600.0
_NO_GROUPS: Final = (
    "rpc:// keeps no groups: a GroupResult can be read by the process that sent it, but neither saved nor restored. "
    "Set result_backend to a store that all share, for example Redis."
)


class RpcBus:
    """Nobody tells anything here but the results themselves."""

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        return done(0)


class RpcResults:
    """Storing is sending; reading is looking into the box that the reader fills."""

    autoexpire = True
    replies = True  # records need an address

    def __init__(self, replies: Replies, serializer: str, persistent: bool) -> None:
        self._replies = replies
        self._content_type = serializers.content_type_of(serializer)
        self._encoding = "utf-8" if serializer in ("json", "yaml") else "binary"
        self._serializer = serializer
        self._mode = 2 if persistent else 1

    def store(self, records: Sequence[Record]) -> Flow[None]:
        """One round trip. What nobody waits for is not sent; what is for a client that has gone, the server drops."""
        if any(record.kind != "task" for record in records):
            raise NotImplementedError(_NO_GROUPS)
        addressed = [record for record in records if record.reply_to]
        if addressed:
            yield from self._send(addressed)

    def _send(self, records: Sequence[Record]) -> Flow[None]:
        try:
            failures: Mapping[int, str] = yield requests.Send([self._parcel(record) for record in records])
        except Refused as refused:
            if not is_too_large(refused):
                raise
            if len(records) == 1:
                yield requests.Send([self._parcel(self._instead(records[0], refused))])
                return
            # The channel was closed: which of them it was is found out by sending each alone.
            left = refused.undone if isinstance(refused, Halted) else range(len(records))
            failures = refused.failures if isinstance(refused, Halted) else {}
            for place in left:
                yield from self._send([records[place]])
        if failures:
            yield from self._send_again([records[place] for place in failures])

    def _send_again(self, records: Sequence[Record]) -> Flow[None]:
        """What was not taken goes out once more: its queue may have been away for a moment. One that is full takes no
        result, whoever comes with it, and other tasks must not wait for that."""
        failures: Mapping[int, str] = yield requests.Send([self._parcel(record) for record in records])
        for place, why in failures.items():
            record = records[place]
            logger.error(
                "The result of task %s is lost, for who waits for it at %s: %s", record.id, record.reply_to, why
            )

    def _parcel(self, record: Record) -> Parcel:
        properties: dict[str, Any] = {
            "correlation_id": record.id,
            "delivery_mode": self._mode,
            "type": record.state,
        }
        message = Message({}, properties, record.payload, self._content_type, self._encoding)
        return parcel(message, "", str(record.reply_to), mandatory=False)

    def _instead(self, record: Record, refused: Refused) -> Record:
        """Whoever waits for a result that can't be sent learns that."""
        error = BackendStoreError(
            f"The result ({len(record.payload)} bytes) is larger than RabbitMQ takes: raise max_message_size there, or "
            f"return a reference instead ({refused.text})"
        )
        payload = results.encode(results.Meta(record.id, states.FAILURE, error), self._serializer)
        return Record(record.id, states.FAILURE, payload, ttl=record.ttl, reply_to=record.reply_to)

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        """What has come so far. A process that has sent nothing asks the server whether it is there at all."""
        if kind != "task":
            raise NotImplementedError(_NO_GROUPS)
        found = self._replies.box.read(ids)
        if None in found:
            self._replies.reading.catch_up()
            found = self._replies.box.read(ids)
        if None in found:
            if not self._replies.begun:
                yield requests.Ask(methods.Qos(prefetch_count=0))
            elif self._replies.trouble is not None:
                raise self._replies.trouble
        return found

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        if kind != "task":
            raise NotImplementedError(_NO_GROUPS)
        self._replies.box.forget(ids)
        return
        yield

    def expire(self) -> Flow[int]:
        """Queues expire by themselves."""
        return done(0)

    def channel(self, id: str) -> str:
        return id


class RpcTransport:
    """Built from the broker's URLs: results go where tasks come from."""

    broker = dead = joins = lease = None

    def __init__(self, urls: str | Sequence[str], options: TransportOptions | None = None) -> None:
        given = options or TransportOptions()
        _check([urls] if isinstance(urls, str) else urls)
        self._rabbit = RabbitTransport(urls, given)
        settings = given.settings
        kept = min(settings.get("result_expires") or _UNATTENDED, _UNATTENDED)
        self.replies = Replies(self._rabbit.link().connect, self._rabbit.place, kept)
        persistent = settings.get("result_persistent") is not False
        self.results = RpcResults(self.replies, settings.get("result_serializer") or "json", persistent)
        self.bus = RpcBus()
        self._link = RpcLink(self._rabbit.link(), self.replies)

    def link(self) -> RpcLink:
        return self._link

    async def alink(self) -> RpcAsyncLink:
        return RpcAsyncLink(await self._rabbit.alink(), self.replies)

    def settles(self, results: Transport) -> bool:
        return False

    def describe(self) -> str:
        return f"rpc:// over {self._rabbit.describe()}"


def _check(urls: Iterable[str]) -> None:
    for url in urls:
        scheme = url.partition("://")[0]
        if scheme not in SCHEMES:
            raise ImproperlyConfigured(
                f"result_backend rpc:// sends results over the broker, which must be RabbitMQ, not {scheme}://: "
                "use an amqp:// broker_url, or set result_backend to the URL of a store"
            )
