"""Revoking: asking workers, by remote control, not to run what was sent."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """How to revoke."""

    connection: Any = None
    terminate: bool = False
    signal: Any = None
    wait: bool = False  # for the workers' replies
    timeout: float | None = None

    def options(self) -> dict[str, Any]:
        """As app.control.revoke names them."""
        return {
            "connection": self.connection,
            "terminate": self.terminate,
            "signal": self.signal,
            "reply": self.wait,
            "timeout": self.timeout,
        }


def revoke(app: Any, ids: Any, asked: Asked) -> Any:
    """Revoke these tasks."""
    return app.control.revoke(ids, **asked.options())


async def arevoke(app: Any, ids: Any, asked: Asked) -> Any:
    """The same from async code."""
    return await app.acontrol.revoke(ids, **asked.options())


def revoke_by_stamped_headers(app: Any, headers: Mapping[str, Any], asked: Asked) -> Any:
    """Revoke all tasks with these stamps."""
    return app.control.revoke_by_stamped_headers(headers, **asked.options())
