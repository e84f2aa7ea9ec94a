"""What the dead-letter store does with messages that could not be run."""

import pytest

from celeriac.core.delivery import Action, Settlement

from .harness import Harness, ids


def bury(harness: Harness, *names: str, queue: str = "celery") -> list[bytes]:
    """Publish, claim and give up these messages; returns their raw bytes."""
    owner = harness.worker()
    raws = []
    for name in names:
        harness.publish(name, queue=queue)
        delivery = harness.take(owner, queue)
        raws.append(delivery.raw)
        assert harness.settle(owner, delivery, Action.DEAD, reason=f"{name} is broken")
    return raws


class DeadLettersContract:
    def test_a_letter_keeps_bytes_queue_reason_and_time(self, harness: Harness) -> None:
        (raw,) = bury(harness, "a", queue="mail")
        (letter,) = harness.run(harness.dead.letters())
        assert (letter.queue, letter.raw, letter.reason) == ("mail", raw, "a is broken")
        assert letter.died_at == pytest.approx(harness.now(), abs=30.0)
        harness.expect_ready(0, "mail")

    def test_a_replaced_message_dies_in_its_new_form(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        assert harness.settle(owner, harness.take(owner), Action.DEAD, raw=b"\x00not even a message", reason="broken")
        assert harness.run(harness.dead.letters())[0].raw == b"\x00not even a message"

    def test_letters_are_read_in_pages_oldest_first(self, harness: Harness) -> None:
        bury(harness, "a", "b", "c", "d", "e")
        first = harness.run(harness.dead.letters(2))
        second = harness.run(harness.dead.letters(2, first[-1].id))
        third = harness.run(harness.dead.letters(2, second[-1].id))
        assert [letter.reason[0] for letter in (*first, *second, *third)] == ["a", "b", "c", "d", "e"]
        assert harness.run(harness.dead.letters(2, third[-1].id)) == ()

    def test_replayed_letters_are_back_in_their_queues(self, harness: Harness) -> None:
        bury(harness, "a", "b", "c", queue="mail")
        first, _, third = harness.run(harness.dead.letters())
        assert harness.run(harness.dead.replay([first.id, third.id, "999999"])) == 2
        assert sorted(ids(harness.claim(harness.worker(), 9, ("mail",)))) == ["a", "c"]
        assert [letter.reason for letter in harness.run(harness.dead.letters())] == ["b is broken"]

    def test_replaying_twice_brings_a_message_back_once(self, harness: Harness) -> None:
        bury(harness, "a")
        (letter,) = harness.run(harness.dead.letters())
        assert harness.run(harness.dead.replay([letter.id])) == 1
        assert harness.run(harness.dead.replay([letter.id])) == 0
        harness.expect_ready(1)

    def test_discarding_some_leaves_the_others(self, harness: Harness) -> None:
        bury(harness, "a", "b", "c")
        letters = harness.run(harness.dead.letters())
        assert harness.run(harness.dead.discard([letters[1].id, "999999"])) == 1
        assert [letter.reason[0] for letter in harness.run(harness.dead.letters())] == ["a", "c"]

    def test_letters_expire_and_younger_ones_stay(self, harness: Harness) -> None:
        bury(harness, "a", "b")
        assert harness.run(harness.dead.expire(1000.0)) == 0
        harness.pass_time(2 * harness.tick)
        assert harness.run(harness.dead.expire(harness.tick)) == 2
        bury(harness, "c")
        assert harness.run(harness.dead.expire(1000.0)) == 0
        assert [letter.reason for letter in harness.run(harness.dead.letters())] == ["c is broken"]

    def test_many_letters_expire_in_steps(self, harness: Harness) -> None:
        harness.publish(*(f"n{number}" for number in range(1200)))
        owner = harness.worker()
        while deliveries := harness.claim(owner, 500).deliveries:
            settlements = [Settlement(delivery, Action.DEAD, reason="broken") for delivery in deliveries]
            harness.run(harness.broker.settle(owner, settlements))
        harness.pass_time(2 * harness.tick)
        expired: list[int] = []
        while some := harness.run(harness.dead.expire(harness.tick)):
            expired.append(some)
        assert (sum(expired), len(expired) > 1) == (1200, True)
        assert harness.run(harness.dead.letters()) == ()

    def test_discarding_without_ids_discards_all(self, harness: Harness) -> None:
        bury(harness, "a", "b", "c")
        assert harness.run(harness.dead.discard()) == 3
        assert harness.run(harness.dead.letters()) == ()
