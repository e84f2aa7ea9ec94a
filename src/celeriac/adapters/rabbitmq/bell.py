"""The bell: rings when the broker has pushed a message, or when a session has broken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .async_link import RabbitAsyncLink


class RabbitBell:
    """Claims are what makes the broker push; without any, nothing rings."""

    def __init__(self, link: RabbitAsyncLink) -> None:
        self._link = link

    async def wait(self, timeout: float) -> bool:
        rung = self._link.rung
        self._link.check()
        if not rung.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await rung.wait()
            except TimeoutError:
                return False
            finally:
                self._link.check()
        rung.clear()
        return True

    async def close(self) -> None:
        """The consumers stay: whoever claims keeps them."""
