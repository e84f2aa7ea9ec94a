"""The chains port in memory: pieces are records beside the results."""

from collections.abc import Sequence

from celeriac.core.flow import Flow
from celeriac.core.record import Record

from .store import Store


class MemoryChains:
    """The port: each flow asks for one function to be run on the store."""

    def keep(self, pieces: Sequence[Record]) -> Flow[None]:
        def keep(store: Store) -> None:
            for piece in pieces:
                store.keep(piece)

        yield keep

    def read(self, id: str, later: Sequence[str] = (), ttl: float | None = None) -> Flow[bytes | None]:
        def read(store: Store) -> bytes | None:
            end = None if ttl is None else store.clock.now() + ttl
            for other in later:
                found = store.record("chain", other)
                if found is not None:
                    store.records["chain", other] = (found, end)
            piece = store.record("chain", id)
            return None if piece is None else piece.payload

        payload: bytes | None = yield read
        return payload

    def drop(self, ids: Sequence[str]) -> Flow[None]:
        def drop(store: Store) -> None:
            drop_pieces(store, ids)

        yield drop


def drop_pieces(store: Store, ids: Sequence[str]) -> None:
    """With a settlement, or alone."""
    for id in ids:
        store.records.pop(("chain", id), None)
