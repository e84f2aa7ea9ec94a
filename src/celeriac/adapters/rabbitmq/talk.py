"""One AMQP conversation without I/O: bytes in, bytes out, answers for those who wait; both colours drive the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final

from pamqp import base, commands

from ...core.errors import ImproperlyConfigured
from . import methods
from .channel import Answer, Batch, Channel, Content
from .contents import Parcel
from .login import Login
from .refusals import Lost, Refused

_HEAD: Final = Struct(">BHI")
_U32: Final = Struct(">I")
_CONSUMING: Final = (commands.Basic.Consume, commands.Basic.Cancel)
_TAGGED: Final = Struct(">QB")


class Talk:
    """`out` is what is to be sent: whoever drives the conversation sends it and empties it."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._rest = b""
        self._greeted = False
        self.channels: dict[int, Channel] = {}
        self.out: list[bytes] = []
        self.opened = Answer()
        self.ended: Exception | None = None
        self.blocked = ""  # why the server takes no messages from us at the moment
        self.on_unblocked: Callable[[], None] = lambda: None
        self.frame_max = login.frame_max
        self.heartbeat = 0
        self.server: dict[str, Any] = {}

    # -- speaking -----------------------------------------------------------------------------------

    def begin(self) -> Answer:
        """The first word; the answer comes when the virtual host is open."""
        self.out.append(methods.PROTOCOL_HEADER)
        return self.opened

    def channel(self, number: int, confirms: bool = False) -> Channel:
        """A new channel, on which may be spoken at once: the server reads in order."""
        made = self.channels[number] = Channel(number)
        self.ask(made, commands.Channel.Open())
        if confirms:
            self.ask(made, commands.Confirm.Select())
        return made

    def ask(self, channel: Channel, method: base.Frame) -> Answer:
        """Ask for one thing; the answer's value is the server's method, or an Arrival."""
        about = (method.consumer_tag or None) if isinstance(method, _CONSUMING) else None
        answer = Answer(method.valid_responses, about)
        trouble = self.ended or channel.closed
        if trouble is not None:
            answer.fail(trouble)
            return answer
        self.out.append(methods.write(method, channel.number))
        channel.asked.append(answer)
        return answer

    def publish(self, channel: Channel, parcels: Sequence[Parcel]) -> Batch:
        """Publish; the answer comes when the server has taken responsibility for each. Its value: what came back."""
        trouble = self.ended or channel.closed
        if trouble is not None:
            batch = Batch(parcels, 0)
            batch.halt(trouble)
            return batch
        number, frame_max, publish = channel.number, self.frame_max, methods.publish
        self.out += [publish(parcel, number, frame_max) for parcel in parcels]
        return channel.expect(parcels)

    def say(self, data: bytes) -> None:
        """Something that is not answered."""
        if self.ended is None:
            self.out.append(data)

    def bye(self) -> Answer:
        """Close in good order."""
        answer = Answer()
        if self.ended is not None:
            answer.succeed(None)
            return answer
        self._closing = answer
        self.out.append(methods.write(commands.Connection.Close(200, "bye", 0, 0), 0))
        return answer

    _closing: Answer | None = None

    def end(self, error: Exception) -> None:
        """The connection is gone: whoever waits learns it."""
        if self.ended is not None:
            return
        self.ended = error
        if self._closing is not None:
            self._closing.succeed(None)
        self.opened.fail(error)
        for channel in list(self.channels.values()):
            channel.close(error)

    # -- hearing ------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Takes in what came. Raises nothing: what can't be understood ends the conversation."""
        if self._rest:
            data = self._rest + data
        if not self._greeted:
            if len(data) < 8:
                self._rest = data
                return
            if data[:1] != b"\x01":
                self.end(Lost(_stranger(data)))
                return
            self._greeted = True
        try:
            self._rest = data[self._frames(data) :]
        except ImproperlyConfigured as error:
            self.end(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes from bytes nobody understands
            self.end(Lost(f"the server sent what is no AMQP ({error!r})"))

    def _frames(self, data: bytes) -> int:
        pos, end, head = 0, len(data), _HEAD.unpack_from
        while end - pos >= 8:
            kind, number, size = head(data, pos)
            start = pos + 7
            stop = start + size
            if stop >= end:
                break
            if data[stop] != 0xCE:
                raise ValueError("a frame without its end")
            if kind == methods.METHOD:
                self._method(number, data, pos, start, stop)
            elif kind == methods.HEADER:
                self._content(number).begin(data[start:stop])
                self._finish(number)
            elif kind == methods.BODY:
                self._content(number).add(data[start:stop])
                self._finish(number)
            pos = stop + 1
        return pos

    def _content(self, number: int) -> Content:
        content = self.channels[number].content
        if content is None:
            raise ValueError("a content nobody announced")
        return content

    def _finish(self, number: int) -> None:
        channel = self.channels[number]
        content = channel.content
        if content is not None and content.missing == 0:
            channel.content = None
            channel.arrived(content)

    def _method(self, number: int, data: bytes, pos: int, start: int, stop: int) -> None:
        (index,) = _U32.unpack_from(data, start)
        start += 4
        if index == methods.DELIVER:
            consumer, start = _short(data, start)
            tag, redelivered = _TAGGED.unpack_from(data, start)
            exchange, start = _short(data, start + 9)
            key, start = _short(data, start)
            self.channels[number].content = Content(index, consumer, tag, bool(redelivered), exchange, key)
        elif index == methods.ACK:
            tag, multiple = _TAGGED.unpack_from(data, start)
            self.channels[number].confirm(tag, bool(multiple))
        elif index == methods.GET_OK:
            tag, redelivered = _TAGGED.unpack_from(data, start)
            exchange, start = _short(data, start + 9)
            key, start = _short(data, start)
            self.channels[number].content = Content(index, "", tag, bool(redelivered), exchange, key)
        else:
            self._other(number, methods.read(data[pos : stop + 1]))

    def _other(self, number: int, method: Any) -> None:
        if number == 0:
            self._about_connection(method)
            return
        channel = self.channels.get(number)
        if channel is None:
            return  # closed here meanwhile
        if isinstance(method, commands.Basic.Return):
            text = f"{method.reply_code} {method.reply_text}"
            channel.content = Content(methods.RETURN, text, 0, False, method.exchange or "", method.routing_key or "")
        elif isinstance(method, commands.Basic.Nack):
            channel.confirm(method.delivery_tag or 0, bool(method.multiple), refused=True)
        elif isinstance(method, commands.Basic.Cancel):
            channel.on_cancelled(method.consumer_tag or "")
        elif isinstance(method, commands.Channel.Close):
            self.out.append(methods.write(commands.Channel.CloseOk(), number))
            del self.channels[number]
            channel.close(Refused(method.reply_code or 0, method.reply_text or ""))
        elif isinstance(method, commands.Channel.CloseOk):
            del self.channels[number]
            channel.answer(method, method.name)
            channel.close(Lost("the channel was closed here"))
        elif isinstance(method, commands.Channel.Flow):
            self.out.append(methods.write(commands.Channel.FlowOk(bool(method.active)), number))
        else:
            channel.answer(method, method.name, getattr(method, "consumer_tag", None))

    def _about_connection(self, method: Any) -> None:
        if isinstance(method, commands.Connection.Start):
            self.server = dict(method.server_properties or {})
            self.out.append(methods.write(self._login.start_ok(method), 0))
        elif isinstance(method, commands.Connection.Secure):
            self.end(Lost("the server asks for a way of logging in that is not supported"))
        elif isinstance(method, commands.Connection.Tune):
            tuned = self._login.tune_ok(method)
            self.frame_max, self.heartbeat = tuned.frame_max or self.frame_max, tuned.heartbeat or 0
            self.out += [methods.write(tuned, 0), methods.write(self._login.open(), 0)]
        elif isinstance(method, commands.Connection.OpenOk):
            self.opened.succeed(None)
        elif isinstance(method, commands.Connection.Close):
            self.out.append(methods.write(commands.Connection.CloseOk(), 0))
            self.end(Refused(method.reply_code or 0, method.reply_text or "", connection=True))
        elif isinstance(method, commands.Connection.CloseOk):
            self.end(Lost("the connection was closed here"))
        elif isinstance(method, commands.Connection.Blocked):
            self.blocked = method.reason or "an alarm"
        elif isinstance(method, commands.Connection.Unblocked):
            self.blocked = ""
            self.on_unblocked()


def _short(data: bytes, pos: int) -> tuple[str, int]:
    start = pos + 1
    end = start + data[pos]
    return data[start:end].decode("utf-8", "surrogateescape"), end


def _stranger(data: bytes) -> str:
    if data[:4] == b"AMQP":
        return f"the server speaks another version of AMQP ({data[4:8].hex(' ')}); 0-9-1 is needed"
    if data[:1] == b"\x15":
        return "the server speaks TLS: use an amqps:// URL, or broker_use_ssl"
    return f"the server does not speak AMQP (its first words are {data[:12]!r}): is the port right?"
