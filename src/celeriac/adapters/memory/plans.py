"""Plans in memory: books by name, under the store's one lock."""

from collections.abc import Sequence
from functools import partial

import msgspec

from celeriac.core.bindings import unroutable
from celeriac.core.errors import LeaseLost
from celeriac.core.flow import Flow
from celeriac.core.ports.plans import Book, Change, Firing, Plan, Tenure, changed

from .broker import give_up
from .store import Pages, Store


class MemoryPlans:
    """Each flow asks for one function to be run on the store."""

    def load(self, book: str) -> Flow[Book]:
        def read(store: Store) -> Book:
            pages = store.books[book]
            return Book(pages.revision, tuple(pages.plans[name] for name in sorted(pages.plans)))

        found: Book = yield read
        return found

    def revision(self, book: str) -> Flow[int]:
        def read(store: Store) -> int:
            return store.books[book].revision

        revision: int = yield read
        return revision

    def change(self, book: str, changes: Sequence[Change], tenure: Tenure | None = None) -> Flow[int]:
        revision: int = yield partial(_change, book=book, changes=changes, tenure=tenure)
        return revision

    def fire(self, book: str, tenure: Tenure, firings: Sequence[Firing]) -> Flow[tuple[bool, ...]]:
        fired: tuple[bool, ...] = yield partial(_fire, book=book, tenure=tenure, firings=firings)
        return fired


def _change(store: Store, book: str, changes: Sequence[Change], tenure: Tenure | None) -> int:
    if tenure is not None:
        _check(store, tenure)
    pages = store.books[book]
    for change in changes:
        _make(pages, change)
    pages.revision += 1
    return pages.revision


def _make(pages: Pages, change: Change) -> None:
    plan = changed(pages.plans.get(change.name), change)
    if plan is None:
        pages.plans.pop(change.name, None)
    else:
        pages.plans[change.name] = plan


def _fire(store: Store, book: str, tenure: Tenure, firings: Sequence[Firing]) -> tuple[bool, ...]:
    _check(store, tenure)
    plans = store.books[book].plans
    return tuple(_one(store, plans, firing) for firing in firings)


def _one(store: Store, plans: dict[str, Plan], firing: Firing) -> bool:
    plan = plans.get(firing.name)
    if plan is None or plan.mark is None or plan.mark.last != firing.after:
        return False
    plans[firing.name] = msgspec.structs.replace(plan, mark=firing.mark)
    for post in firing.posts:
        queues = store.route(post.route)
        store.enter(post, queues or ("",))
        if not queues:
            give_up(store, "", unroutable(post.route))
    return True


def _check(store: Store, tenure: Tenure) -> None:
    held = store.leases.get(tenure.lease)
    if held is None or (held.holder, held.term) != (tenure.holder, tenure.term) or held.end <= store.clock.now():
        raise LeaseLost(f"{tenure.holder} does not lead {tenure.lease} (any more).")
