"""The request of a run in a worker: the message's headers and properties are read when somebody asks for one."""

import logging
from types import GetSetDescriptorType
from typing import Any, Final

from celeriac.core.errors import DecodeError
from celeriac.current import Context
from celeriac.current.context import Derived
from celeriac.wire.calls import fields_of

logger: Final = logging.getLogger("celeriac.execution")

Fields = dict[str, Any]

_UNREAD: Final = "_unread"
# A sender has no say in these: they are the executor's, or stand in the body.
_NOT_HEADERS: Final = (
    "called_directly", "is_eager", "_children", "callbacks", "errbacks", "chain", "chord", "has_followers",
    "acknowledged", "adds", "opens", "keeps", _UNREAD,
)  # fmt: skip
_fields: Final[GetSetDescriptorType] = Context.__dict__["__dict__"]


class Unread:
    """An attribute that may be among the headers nobody has read yet."""

    __slots__ = ("default", "name")

    def __init__(self, name: str, default: Any) -> None:
        self.name = name
        self.default = default

    def __get__(self, instance: Any, owner: type) -> Any:
        return self.default if instance is None else instance.__dict__.get(self.name, self.default)


class RunContext(Context):
    """Most runs ask for no header but those that every request is made with, and pay for no other.

    Whoever looks at its __dict__ (as all of Context's own methods do) sees all headers.
    """

    called_directly = False
    ignore_result: bool | None = None  # a message that says nothing leaves it to the task
    task: str
    redelivered: bool
    _unread: bytes

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__
        return fields[name] if name in fields else super().__getattr__(name)

    def _get_fields(self) -> Fields:
        fields: Fields = _fields.__get__(self)
        raw = fields.get(_UNREAD)
        if raw is not None:
            _read(fields, raw)
        return fields

    def _set_fields(self, fields: Fields) -> None:
        _fields.__set__(self, fields)

    __dict__ = property(_get_fields, _set_fields)


def _read(fields: Fields, raw: bytes) -> None:
    """Adds the headers and properties. What was set before, by the executor or the task, stays."""
    try:
        headers, properties = fields_of(raw)
    except DecodeError as exc:
        # The run has begun: it can't be refused any more, and may do well without.
        logger.warning("Task %s[%s]: its headers count as not set: %s", fields.get("task"), fields.get("id"), exc)
        headers, properties = {}, {}
    for name in _NOT_HEADERS:
        headers.pop(name, None)
    headers["properties"] = properties
    for name, value in headers.items():
        fields.setdefault(name, value)
    # Last: another thread that finds it gone finds everything else there.
    fields.pop(_UNREAD, None)


_ALWAYS_THERE: Final = frozenset(
    ("args", "id", "kwargs", "hostname", "outbox", "root_id", "parent_id", "group", "retries", "ignore_result")
)


def _unread_names() -> list[str]:
    """The attributes with a default that the message may know better."""
    own = {*_ALWAYS_THERE, *_NOT_HEADERS}
    found = [name for name in Context.__annotations__ if name not in own and name in vars(Context)]
    return [name for name in found if not isinstance(vars(Context)[name], Derived)]


for _name in _unread_names():
    setattr(RunContext, _name, Unread(_name, vars(Context)[_name]))
