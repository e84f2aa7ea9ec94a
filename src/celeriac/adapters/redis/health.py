"""Looks once whether this Redis can be trusted with tasks: new enough, and not one that throws data away."""

import warnings

from redis import exceptions

from ...core.errors import CeleriacWarning, OperationalError
from ...core.flow import Flow

OLDEST = (6, 2)


class Health:
    """What was found out is remembered, so that a user is warned once."""

    def __init__(self) -> None:
        self._checked = False

    def check(self) -> Flow[None]:
        if self._checked:
            return
        try:
            server, memory = yield (("INFO", "server"), ("INFO", "memory"))
        except OperationalError as error:
            if not isinstance(error.__cause__, exceptions.ResponseError):
                raise
            server = memory = b""  # this user may not ask; that is no reason to refuse it
        self._checked = True
        refuse_if_old(_field(server, "redis_version"))
        warn_if_evicting(_field(memory, "maxmemory_policy"))


def refuse_if_old(version: str) -> None:
    parts = version.split(".")
    if len(parts) > 1 and (int(parts[0]), int(parts[1])) < OLDEST:
        raise OperationalError(f"This Redis is version {version}; 6.2 or newer is needed: upgrade it, or use Valkey")


def warn_if_evicting(policy: str) -> None:
    if policy not in ("", "noeviction"):
        warnings.warn(
            f"Redis may throw away queues, claims and leases, because its maxmemory-policy is {policy!r}: "
            "set it to noeviction",
            CeleriacWarning,
            stacklevel=2,
        )


def _field(info: bytes, name: str) -> str:
    _, _, rest = info.partition(f"{name}:".encode())
    return rest.split(b"\r\n", 1)[0].decode()
