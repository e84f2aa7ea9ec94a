"""What the memory transport keeps beside queues: dead letters, results and leases; and its bus."""

from collections.abc import Sequence
from itertools import islice

from celeriac.core.delivery import DeadLetter
from celeriac.core.flow import Flow
from celeriac.core.record import Record

from .store import Store, Tenure, channel

_SOME = 500  # letters that expire in one step


class MemoryDeadLetters:
    """Letters by number, oldest first."""

    def letters(self, limit: int = 100, after: str = "") -> Flow[tuple[DeadLetter, ...]]:
        def read(store: Store) -> tuple[DeadLetter, ...]:
            start = int(after) if after.isdecimal() else 0
            return tuple(letter for number, (letter, _) in store.dead.items() if number > start)[:limit]

        letters: tuple[DeadLetter, ...] = yield read
        return letters

    def replay(self, ids: Sequence[str]) -> Flow[int]:
        def replay(store: Store) -> int:
            found = [store.dead.pop(int(id)) for id in ids if id.isdecimal() and int(id) in store.dead]
            for _, item in found:
                item.number = next(store.numbers)
                store.items[item.number] = item
                store.place(item, None)
            return len(found)

        replayed: int = yield replay
        return replayed

    def discard(self, ids: Sequence[str] | None = None) -> Flow[int]:
        def discard(store: Store) -> int:
            numbers = list(store.dead) if ids is None else [int(id) for id in ids if id.isdecimal()]
            return sum(store.dead.pop(number, None) is not None for number in numbers)

        discarded: int = yield discard
        return discarded

    def expire(self, ttl: float) -> Flow[int]:
        def expire(store: Store) -> int:
            end = store.clock.now() - ttl
            old = [number for number, (letter, _) in islice(store.dead.items(), _SOME) if letter.died_at < end]
            for number in old:
                del store.dead[number]
            return len(old)

        expired: int = yield expire
        return expired


class MemoryResults:
    """Records by kind and id."""

    def store(self, records: Sequence[Record]) -> Flow[None]:
        def keep(store: Store) -> None:
            for record in records:
                store.keep(record)

        yield keep

    def fetch(self, ids: Sequence[str], kind: str = "task") -> Flow[tuple[bytes | None, ...]]:
        def read(store: Store) -> tuple[bytes | None, ...]:
            records = (store.record(kind, id) for id in ids)
            return tuple(None if record is None else record.payload for record in records)

        payloads: tuple[bytes | None, ...] = yield read
        return payloads

    def forget(self, ids: Sequence[str], kind: str = "task") -> Flow[None]:
        def forget(store: Store) -> None:
            for id in ids:
                store.records.pop((kind, id), None)

        yield forget

    def expire(self) -> Flow[int]:
        def expire(store: Store) -> int:
            now = store.clock.now()
            old = [key for key, (_, end) in store.records.items() if end is not None and end <= now]
            for key in old:
                del store.records[key]
            return len(old)

        expired: int = yield expire
        return expired

    def channel(self, id: str) -> str:
        return channel(id)


class MemoryLease:
    """Leases by name."""

    def acquire(self, name: str, holder: str, ttl: float) -> Flow[int | None]:
        def acquire(store: Store) -> int | None:
            now = store.clock.now()
            tenure = store.leases.get(name)
            if tenure is None or tenure.end <= now:
                tenure = store.leases[name] = Tenure(holder, next(store.numbers), now + ttl)
            if tenure.holder != holder:
                return None
            tenure.end = now + ttl
            return tenure.term

        term: int | None = yield acquire
        return term

    def renew(self, name: str, holder: str, ttl: float) -> Flow[bool]:
        def renew(store: Store) -> bool:
            tenure = store.leases.get(name)
            if tenure is None or tenure.holder != holder:
                return False
            tenure.end = store.clock.now() + ttl
            return True

        renewed: bool = yield renew
        return renewed

    def release(self, name: str, holder: str) -> Flow[bool]:
        def release(store: Store) -> bool:
            tenure = store.leases.get(name)
            if tenure is None or tenure.holder != holder:
                return False
            del store.leases[name]
            return True

        released: bool = yield release
        return released

    def holder(self, name: str) -> Flow[str | None]:
        def read(store: Store) -> str | None:
            tenure = store.leases.get(name)
            return None if tenure is None or tenure.end <= store.clock.now() else tenure.holder

        holder: str | None = yield read
        return holder


class MemoryBus:
    """Straight into the mailboxes."""

    counts = True

    def tell(self, channel: str, payload: bytes) -> Flow[int]:
        def tell(store: Store) -> int:
            return store.listeners.tell(channel, payload)

        heard: int = yield tell
        return heard
