"""What a run logs, and how it is worded; programs may replace these formats."""

import logging
import reprlib
from typing import Any, Final

logger = logging.getLogger("celeriac.app.trace")

LOG_RECEIVED = "Task %(name)s[%(id)s] received"
LOG_SUCCESS = "Task %(name)s[%(id)s] succeeded in %(runtime)ss: %(return_value)s"
LOG_FAILURE = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
LOG_INTERNAL_ERROR = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
LOG_IGNORED = "Task %(name)s[%(id)s] %(description)s"
LOG_REJECTED = "Task %(name)s[%(id)s] %(exc)s"
LOG_RETRY = "Task %(name)s[%(id)s] retry: %(exc)s"
LOG_HANDLER = "Task %(name)s[%(id)s] %(description)s handler raised: %(exc)s"

_LONGEST_REPR: Final = 1024


def safe_repr(value: Any, longest: int = _LONGEST_REPR) -> str:
    """The repr, shortened; never an exception, whatever the object's own __repr__ does."""
    kind = type(value)
    if kind is int or kind is bool or kind is float or value is None:
        return repr(value)
    try:
        text = repr(value) if kind is str and len(value) <= longest else _bounded(value, longest)
    except Exception as exc:  # noqa: BLE001
        return f"<{kind.__name__} whose repr raised {type(exc).__name__}>"
    return text if len(text) <= longest else text[: max(0, longest - 3)] + "..."


def _bounded(value: Any, longest: int) -> str:
    # An exception or a user's object knows its own repr; builtin containers may be huge or cyclic.
    if isinstance(value, str | bytes | bytearray):
        return repr(value[:longest])
    if isinstance(value, list | tuple | dict | set | frozenset):
        return _shortener(longest).repr(value)
    return repr(value)


def _shortener(longest: int) -> reprlib.Repr:
    short = reprlib.Repr()
    short.maxlevel = 4
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = 64
    short.maxstring = short.maxother = short.maxlong = longest
    return short
