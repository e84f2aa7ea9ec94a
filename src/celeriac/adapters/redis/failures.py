"""From what can go wrong with a connection to one OperationalError that says where, what and what to do."""

import asyncio
from typing import Final

from redis import exceptions

from ...core.errors import OperationalError

# Everything a connection can raise that means "the operation did not happen, or nobody knows".
FAILURES = (exceptions.RedisError, OSError, EOFError, asyncio.TimeoutError)

_CUT_OFF: Final = (
    "closed the connection: was it restarted, or is a message larger than it takes (proto-max-bulk-len, 512 MB)?"
)
_TOO_LARGE: Final = "invalid bulk length"  # what it says before it closes; whether that can still be read is chance

# first match wins
_ADVICE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        (exceptions.AuthenticationError, exceptions.AuthorizationError),
        "refused the user name or password: check them in the URL",
    ),
    (exceptions.NoPermissionError, "does not permit this user to do that: extend its ACL"),
    (exceptions.BusyLoadingError, "is loading its data: try again soon"),
    (exceptions.ReadOnlyError, "is a read-only replica (after a failover?): try again, or name the master in the URL"),
    (exceptions.OutOfMemoryError, "is out of memory: raise its maxmemory, or find out which queue or result grows"),
    (
        (exceptions.ClusterDownError, exceptions.MasterDownError, exceptions.TryAgainError),
        "is in the middle of a failover: try again soon",
    ),
    (
        (exceptions.MovedError, exceptions.AskError),
        "is part of a cluster: use a redis+cluster:// URL",
    ),
    (
        (exceptions.TimeoutError, asyncio.TimeoutError, TimeoutError),
        "did not answer in time: is it overloaded, or is a firewall dropping packets?",
    ),
    (exceptions.ResponseError, "refused the operation"),
    ((ConnectionResetError, BrokenPipeError), _CUT_OFF),
    ((exceptions.ConnectionError, OSError, EOFError), "can't be reached: is it running, and is the address right?"),
)


def failure(where: object, error: BaseException) -> OperationalError:
    """The error to raise for a broken exchange with the server at `where` (which masks its password)."""
    detail = str(error)
    advice = next((advice for types, advice in _ADVICE if isinstance(error, types)), "could not be used")
    if _TOO_LARGE in detail:
        advice = _CUT_OFF
    made = OperationalError(f"Redis at {where} {advice}" + (f" ({detail})" if detail else ""))
    made.__cause__ = error
    return made
