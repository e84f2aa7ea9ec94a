"""What plans promise: definitions and marks that stay, ticks that are sent once, and only by the leader."""

import threading
from typing import Any

import pytest

from celeriac.core.errors import LeaseLost
from celeriac.core.message import Exchange, Post, Queue, Route
from celeriac.core.ports.plans import Book, Change, Firing, Mark, Plan, Plans, Tenure, plans_of

from .harness import Harness, ids, message, post, present

_BOOK = "proj"


def _plans(harness: Harness) -> Plans:
    return present(plans_of(harness.peer.transport))


def _load(harness: Harness, book: str = _BOOK) -> Book:
    return harness.run(_plans(harness).load(book))


def _change(harness: Harness, *changes: Change, book: str = _BOOK, tenure: Tenure | None = None) -> int:
    return harness.run(_plans(harness).change(book, changes, tenure))


def _lead(harness: Harness, holder: str = "me", ttl: float = 60.0) -> Tenure:
    term = harness.run(harness.lease.acquire("beat/proj", holder, ttl))
    assert term is not None
    return Tenure("beat/proj", holder, term)


def _fire(harness: Harness, tenure: Tenure, *firings: Firing) -> tuple[bool, ...]:
    return harness.run(_plans(harness).fire(_BOOK, tenure, firings))


def _tick(after: int, last: int, *posts: Post, name: str = "a", **mark: Any) -> Firing:
    return Firing(name, after, Mark(last, **mark), posts)


class PlansContract:
    def test_a_book_nobody_has_written_in_is_empty(self, harness: Harness) -> None:
        assert _load(harness) == Book(0, ())
        assert harness.run(_plans(harness).revision(_BOOK)) == 0

    def test_what_is_written_is_read_in_the_order_of_names(self, harness: Harness) -> None:
        _change(harness, Change("b", definition=b"2"), Change("a", definition=b"1"))
        assert _load(harness).plans == (Plan("a", b"1"), Plan("b", b"2"))

    def test_each_change_has_a_higher_revision(self, harness: Harness) -> None:
        first = _change(harness, Change("a", definition=b"1"))
        second = _change(harness, Change("a", paused=True))
        assert second > first > 0
        assert harness.run(_plans(harness).revision(_BOOK)) == second == _load(harness).revision

    def test_books_are_independent(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1"))
        _change(harness, Change("a", definition=b"2"), book="other")
        assert [plan.definition for plan in _load(harness).plans] == [b"1"]
        assert [plan.definition for plan in _load(harness, "other").plans] == [b"2"]

    def test_names_and_definitions_may_hold_anything(self, harness: Harness) -> None:
        name, definition = 'every "day" ü 1 \n x', bytes(range(256))
        _change(harness, Change(name, definition=definition, start=1))
        assert _load(harness).plans == (Plan(name, definition, mark=Mark(1)),)

    def test_a_removed_entry_is_gone_with_its_mark(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5, paused=True))
        _change(harness, Change("a", remove=True), Change("never", remove=True))
        assert _load(harness).plans == ()
        _change(harness, Change("a", definition=b"1"))
        assert _load(harness).plans == (Plan("a", b"1"),)

    def test_pausing_leaves_the_rest_as_it_is(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        _change(harness, Change("a", paused=True))
        assert _load(harness).plans == (Plan("a", b"1", True, Mark(5)),)
        _change(harness, Change("a", definition=b"2"))
        assert _load(harness).plans == (Plan("a", b"2", True, Mark(5)),)
        _change(harness, Change("a", paused=False))
        assert _load(harness).plans == (Plan("a", b"2", False, Mark(5)),)

    def test_what_is_not_there_is_not_paused(self, harness: Harness) -> None:
        _change(harness, Change("a", paused=True, start=5))
        assert _load(harness).plans == ()

    def test_a_mark_is_started_once_and_then_only_restarted(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", restart=3))
        assert _load(harness).plans[0].mark is None
        _change(harness, Change("a", start=5))
        _change(harness, Change("a", start=7))
        assert _load(harness).plans[0].mark == Mark(5)
        tenure = _lead(harness)
        assert _fire(harness, tenure, _tick(5, 10, ran=11, runs=1, task_id="x y")) == (True,)
        _change(harness, Change("a", restart=-20))
        assert _load(harness).plans[0].mark == Mark(-20, 11, 1, "x y")

    def test_a_tick_moves_the_mark_and_sends_its_messages(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        owner = harness.worker()
        revision = _load(harness).revision
        assert _fire(harness, _lead(harness), _tick(5, 10, post("1"), post("2"), ran=12, runs=2, task_id="2")) == (
            True,
        )
        assert _load(harness).plans[0].mark == Mark(10, 12, 2, "2")
        assert _load(harness).revision == revision
        assert sorted(ids(harness.claim(owner))) == ["1", "2"]

    def test_the_same_tick_is_sent_once(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        tenure = _lead(harness)
        assert _fire(harness, tenure, _tick(5, 10, post("1"))) == (True,)
        assert _fire(harness, tenure, _tick(5, 10, post("2"))) == (False,)
        assert harness.count() == 1

    def test_one_tick_that_is_too_late_does_not_keep_back_the_others(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5), Change("b", definition=b"1", start=5))
        ticks = (_tick(4, 10, post("1")), _tick(5, 10, post("2"), name="b"), _tick(5, 10, post("3"), name="gone"))
        assert _fire(harness, _lead(harness), *ticks) == (False, True, False)
        assert ids(harness.claim(harness.worker())) == ["2"]

    def test_ticks_of_one_entry_can_follow_each_other_in_one_step(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        ticks = (_tick(5, 6, post("1")), _tick(6, 7, post("2")), _tick(7, 8))
        assert _fire(harness, _lead(harness), *ticks) == (True, True, True)
        assert ids(harness.claim(harness.worker())) == ["1", "2"]
        assert _load(harness).plans[0].mark == Mark(8)

    def test_who_does_not_lead_sends_nothing(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        tenure = _lead(harness)
        strangers = (
            Tenure(tenure.lease, "you", tenure.term),
            Tenure(tenure.lease, "me", tenure.term + 1),
            Tenure("beat/other", "me", tenure.term),
        )
        for stranger in strangers:
            with pytest.raises(LeaseLost):
                _fire(harness, stranger, _tick(5, 10, post("1")))
        assert harness.count() == 0
        assert _load(harness).plans[0].mark == Mark(5)

    def test_a_leader_whose_lease_ran_out_sends_nothing(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        old = _lead(harness, ttl=harness.tick)
        harness.pass_time(2 * harness.tick)
        with pytest.raises(LeaseLost):
            _fire(harness, old, _tick(5, 10, post("1")))
        with pytest.raises(LeaseLost):
            _change(harness, Change("a", remove=True), tenure=old)
        assert _fire(harness, _lead(harness, "you"), _tick(5, 10, post("2"))) == (True,)
        with pytest.raises(LeaseLost):
            _fire(harness, old, _tick(10, 15, post("3")))
        assert ids(harness.claim(harness.worker())) == ["2"]

    def test_a_leader_changes_what_it_leads(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1"), tenure=_lead(harness))
        assert _load(harness).plans == (Plan("a", b"1"),)

    def test_of_many_who_send_the_same_tick_one_succeeds(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=0))
        tenure = _lead(harness)
        fired: list[int] = []

        def race(runner: int) -> None:
            peer = harness.another()
            plans = present(plans_of(peer.transport))
            for tick in range(10):
                (done,) = peer.run(plans.fire(_BOOK, tenure, [_tick(tick, tick + 1, post(f"{tick}"))]))
                fired.append(int(done))

        threads = [threading.Thread(target=race, args=(runner,)) for runner in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert len(fired) == 40
        assert sum(fired) == harness.count()
        mark = _load(harness).plans[0].mark
        assert mark is not None and mark.last == sum(fired) >= 1

    def test_a_tick_reaches_the_queues_of_an_exchange(self, harness: Harness) -> None:
        exchange = Exchange("news", "topic")
        harness.run(harness.broker.declare([Queue("sport", exchange, "sport.#")]))
        _change(harness, Change("a", definition=b"1", start=5))
        route = Route("sport.chess", "news", "topic")
        assert _fire(harness, _lead(harness), _tick(5, 10, Post(message("1"), route))) == (True,)
        assert harness.count("sport") == 1

    def test_a_message_that_reaches_no_queue_is_a_dead_letter(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        assert _fire(harness, _lead(harness), _tick(5, 10, Post(message("1"), Route("x", "nowhere")))) == (True,)
        (letter,) = harness.run(harness.dead.letters())
        assert "nowhere" in letter.reason

    def test_a_delayed_message_of_a_tick_waits(self, harness: Harness) -> None:
        _change(harness, Change("a", definition=b"1", start=5))
        due = harness.now() + harness.tick
        assert _fire(harness, _lead(harness), _tick(5, 10, post("1", due=due))) == (True,)
        owner = harness.worker()
        early = ids(harness.claim(owner))
        assert not early or harness.now() >= due
        harness.until(due)
        assert early + ids(harness.claim(owner)) == ["1"]
