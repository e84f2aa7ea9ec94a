"""BeatPidbox: lets `inspect ping` see that beat is alive and ticks. It answers nothing else."""

import logging
import re
import threading
import time
from typing import Any, Final

from celeriac.control.addressing import is_meant_for
from celeriac.control.busbox import pidbox
from celeriac.control.calling import exchanges, reply_message
from celeriac.core.errors import (
    ContentDisallowed,
    DecodeError,
    ImproperlyConfigured,
    OperationalError,
    SerializerNotInstalled,
)
from celeriac.wire import serializers
from celeriac.wire.body import body_of

logger = logging.getLogger("celeriac.beat")

_SLICE: Final = 0.25
_AWAY: Final = 1.0
_IO: Final = 5.0


class BeatPidbox:
    """Listens in a thread of its own, so that it can also tell when the ticks stand still."""

    def __init__(self, service: Any) -> None:
        self._service = service
        app = service.app
        self._clock = app.clock
        self._exchanges = exchanges(app.conf)
        self._accept = serializers.accept_set(app.conf["accept_content"])
        transport = app.transports.write
        self._pidbox = pidbox(transport, transport.bus)
        self._link = transport.link()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="celeriac-beat-pidbox", daemon=True)
        if self._pidbox is None:
            logger.warning("beat: There is no remote control over %s", transport.describe())

    def start(self) -> None:
        if self._pidbox is not None:
            self._thread.start()

    def close(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(_IO + 1.0)

    @property
    def ticks(self) -> bool:
        """True unless the last look at the schedule is too long ago (beat_remote_control_max_tick_age)."""
        oldest = self._service.app.conf.beat_remote_control_max_tick_age
        last = self._service.last_tick
        return not oldest or last is None or time.monotonic() - last <= oldest

    def _run(self) -> None:
        assert self._pidbox is not None
        ear = self._link.listen()
        channel: str | None = self._pidbox.channel(self._exchanges.call)
        while not self._end.is_set():
            try:
                if channel is not None:
                    ear.add([channel])
                    channel = None
                heard = ear.next(_SLICE)
                if heard is not None:
                    self._hear(heard[1])
            except OperationalError as error:
                logger.debug("beat: Remote control is deaf until the broker is back: %s", error)
                self._end.wait(_AWAY)
        ear.close()

    def _hear(self, payload: bytes) -> None:
        """A command that is none, or not for us, is not our business; workers log it."""
        assert self._pidbox is not None
        try:
            body = body_of(self._pidbox.read(payload), self._accept)
            if body["method"] != "ping" or not body.get("reply_to") or not is_meant_for(self._service.hostname, body):
                return
            to, ticket = body["reply_to"], body.get("ticket")
            place = (str(to["exchange"]), str(to["routing_key"]))
        except (DecodeError, ContentDisallowed, SerializerNotInstalled, ImproperlyConfigured) as error:
            logger.debug("beat: A remote control command can't be read: %s", error)
            return
        except (TypeError, KeyError, AttributeError, re.error) as error:
            logger.debug("beat: What came as a remote control command is none: %r", error)
            return
        if self.ticks:
            headers = {"ticket": ticket, "clock": self._clock.forward()}
            message = reply_message({self._service.hostname: {"ok": "pong"}}, headers, self._exchanges)
            self._link.run(self._pidbox.answer(*place, message), _IO)
