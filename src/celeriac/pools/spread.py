"""What pools have in common whose processes run several calls each: threads, asyncio, green threads."""

import math

from .births import SPAWNED, Life, Program
from .forked import ForkedPool
from .pool import PoolSettings


class SpreadPool(ForkedPool):
    """`concurrency` slots, spread over `children` processes."""

    def __init__(self, settings: PoolSettings, life: Life, program: Program = SPAWNED) -> None:
        children = max(1, min(settings.children, settings.concurrency))
        each = math.ceil(settings.concurrency / children)
        super().__init__(settings, life, children=children, slots_each=each, shared=True, program=program)
