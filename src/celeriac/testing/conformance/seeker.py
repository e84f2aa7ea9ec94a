"""What a seeker tells of a message, wherever it is; for transports that have one."""

import msgspec
import pytest

from celeriac.core.delivery import Action
from celeriac.core.message import Post, Route
from celeriac.core.ports.seeker import Seeker
from celeriac.core.whereabouts import Whereabouts
from celeriac.wire import envelope

from .harness import Harness, message, post


def seek(harness: Harness, id: str, *queues: str) -> Whereabouts:
    seeker: Seeker = harness.peer.transport.seeker  # type: ignore[attr-defined]  # not every transport has one
    return harness.run(seeker.find(id, queues or ("celery",)))


class SeekerContract:
    def test_an_id_that_was_never_sent_is_unknown(self, harness: Harness) -> None:
        harness.publish("a")
        assert seek(harness, "b") is Whereabouts.UNKNOWN

    def test_a_waiting_message_is_queued_and_one_a_worker_has_is_claimed(self, harness: Harness) -> None:
        harness.publish("a", "b")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert (seek(harness, "a"), seek(harness, "b")) == (Whereabouts.CLAIMED, Whereabouts.QUEUED)
        harness.settle(owner, delivery, Action.REQUEUE)
        assert seek(harness, "a") is Whereabouts.QUEUED

    def test_a_message_that_is_not_due_is_delayed(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner), Action.DEFER, due=harness.now() + 60.0)
        assert seek(harness, "a") is Whereabouts.DELAYED

    def test_a_buried_message_is_dead(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner), Action.DEAD, reason="broken")
        assert seek(harness, "a") is Whereabouts.DEAD

    def test_of_an_acknowledged_message_nothing_is_known(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner))
        assert seek(harness, "a") is Whereabouts.UNKNOWN

    def test_all_the_queues_asked_for_and_all_priorities_are_looked_through(self, harness: Harness) -> None:
        harness.publish("a", queue="first", priority=harness.urgent)
        harness.publish("b", queue="second", priority=harness.idle)
        for id in ("a", "b"):
            assert seek(harness, id, "nothing", "first", "second") is Whereabouts.QUEUED

    def test_neither_a_child_nor_an_argument_is_taken_for_the_task_it_names(self, harness: Harness) -> None:
        child = message("child", body=b'[["parent"], {"id": "parent"}, {}]')
        headers = {**child.headers, "root_id": "parent", "parent_id": "parent", "argsrepr": '("id": "parent")'}
        child = msgspec.structs.replace(child, headers=headers)
        harness.run(harness.broker.publish([Post(child, Route("celery"))]))
        assert seek(harness, "parent") is Whereabouts.UNKNOWN
        assert seek(harness, "child") is Whereabouts.QUEUED

    @pytest.mark.parametrize("id", ['with "quotes" and \\', "größer/ü", "a" * 300])
    def test_ids_may_be_any_text(self, harness: Harness, id: str) -> None:
        harness.publish(id)
        assert seek(harness, id) is Whereabouts.QUEUED
        harness.take(harness.worker())
        assert seek(harness, id) is Whereabouts.CLAIMED

    def test_it_is_found_among_thousands_of_any_size(self, harness: Harness) -> None:
        large = envelope.decode(envelope.encode_kombu(message("large", body=b"x" * 300_000), tag="t"))
        posts = [post(f"n{number}") for number in range(2500)]
        posts[1200:1200] = [Post(large, Route("celery"))] * 3
        harness.run(harness.broker.publish(posts))
        owner = harness.worker()
        for _ in range(2):
            harness.claim(owner, 500)
        for id, place in (("n0", Whereabouts.CLAIMED), ("n999", Whereabouts.CLAIMED), ("n1000", Whereabouts.QUEUED)):
            assert seek(harness, id) is place
        assert seek(harness, "n2499") is Whereabouts.QUEUED
        assert seek(harness, "n2500") is Whereabouts.UNKNOWN
