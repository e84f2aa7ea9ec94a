"""The joins port in memory."""

from collections.abc import Sequence

from celeriac.core.flow import Flow
from celeriac.core.join import Counted, OpenJoin, Part

from .store import Store


class MemoryJoins:
    """The port: each flow asks for one function to be run on the store."""

    def open(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        def open_all(store: Store) -> None:
            for join in joins:
                store.joins.open(join)

        yield open_all

    def part(self, part: Part) -> Flow[Counted]:
        def count(store: Store) -> Counted:
            return store.joins.count(part)

        counted: Counted = yield count
        return counted

    def grow(self, joins: Sequence[OpenJoin]) -> Flow[None]:
        def grow_all(store: Store) -> None:
            for join in joins:
                store.joins.grow(join)

        yield grow_all

    def hold(self, group: str, owner: str) -> Flow[bool]:
        def hold(store: Store) -> bool:
            return store.joins.hold(group, owner)

        held: bool = yield hold
        return held

    def close(self, group: str, owner: str, foreign: bool = False) -> Flow[bool]:
        def close(store: Store) -> bool:
            return store.joins.close(group, owner, foreign)

        closed: bool = yield close
        return closed
