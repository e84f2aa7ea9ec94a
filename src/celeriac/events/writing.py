"""From events to the message that carries them."""

import json
import logging
from typing import Any, Final

import msgspec

from celeriac.core.errors import EncodeError
from celeriac.core.message import Message
from celeriac.wire import serializers
from celeriac.wire.plain import is_plain

from .words import AnyEvent, Said, kind_of

logger = logging.getLogger("celeriac.events")

_PROPERTIES: Final = {"delivery_mode": 1}
# What is raised for a value that only another encoder can write, or nobody.
_CANT: Final = (EncodeError, TypeError, ValueError, OverflowError, RecursionError)


class Writer:
    """Writes in one serializer, for one node."""

    def __init__(self, hostname: str, serializer: str) -> None:
        self._headers = {"hostname": hostname}
        self._serializer = serializer
        self._fast = serializer == "json"
        self._encode = msgspec.json.Encoder().encode

    def plain(self, event: dict[str, Any]) -> dict[str, Any]:
        """A program's own event as every encoder writes it alike: dates and so on have a form of their own in kombu's
        JSON. Raises EncodeError."""
        if not self._fast or is_plain(event):
            return event
        made: dict[str, Any] = json.loads(serializers.dumps(event, "json")[2])
        return made

    def message(self, said: Said) -> Message:
        """One event, or a list of several. What can't be written is left out, with a line in the log."""
        content_type, encoding, body = self._written(said)
        return Message(self._headers, _PROPERTIES, body, content_type, encoding)

    def _written(self, said: Said) -> tuple[str, str, bytes]:
        if self._fast:
            try:
                return "application/json", "utf-8", self._encode(said)
            except _CANT:
                pass  # a lone surrogate, say
        if not isinstance(said, list):
            return serializers.dumps(self._writable(said) or [], self._serializer)
        found = (self._writable(event) for event in said)
        return serializers.dumps([event for event in found if event is not None], self._serializer)

    def _writable(self, event: AnyEvent) -> dict[str, Any] | None:
        """As a dict, if it can be written."""
        fields: dict[str, Any] = event if isinstance(event, dict) else msgspec.to_builtins(event)
        try:
            serializers.dumps(fields, self._serializer)
        except _CANT as exc:
            logger.error("An event of type %s can't be written and is left out: %s", kind_of(event), exc)
            return None
        return fields
