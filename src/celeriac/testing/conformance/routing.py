"""How exchanges spread messages over queues."""

from celeriac.core.message import Exchange, Post, Queue, Route

from .harness import Harness, ids, message


def send(harness: Harness, exchange: Exchange, *keys: str) -> None:
    """Publish one message per routing key, named like the key."""
    posts = [Post(message(key), Route(key, exchange.name, exchange.type)) for key in keys]
    harness.run(harness.broker.publish(posts))


def waiting(harness: Harness, queue: str) -> list[str]:
    return ids(harness.claim(harness.worker(), 50, (queue,)))


class RoutingContract:
    def test_declaring_twice_is_nothing(self, harness: Harness) -> None:
        exchange = Exchange("work", "direct")
        for _ in range(2):
            harness.run(harness.broker.declare([Queue("mail", exchange, "mail")]))
        send(harness, exchange, "mail")
        assert waiting(harness, "mail") == ["mail"]

    def test_a_direct_exchange_goes_by_the_whole_key(self, harness: Harness) -> None:
        exchange = Exchange("work", "direct")
        harness.run(harness.broker.declare([Queue("a", exchange, "key.a"), Queue("b", exchange, "key.b")]))
        send(harness, exchange, "key.b", "key.a", "key.b")
        assert waiting(harness, "a") == ["key.a"]
        assert waiting(harness, "b") == ["key.b", "key.b"]

    def test_a_direct_exchange_copies_to_every_queue_bound_by_the_key(self, harness: Harness) -> None:
        exchange = Exchange("work", "direct")
        harness.run(harness.broker.declare([Queue("a", exchange, "key"), Queue("b", exchange, "key")]))
        send(harness, exchange, "key")
        assert (waiting(harness, "a"), waiting(harness, "b")) == (["key"], ["key"])

    def test_a_star_in_a_topic_stands_for_one_word(self, harness: Harness) -> None:
        exchange = Exchange("topics", "topic")
        harness.run(harness.broker.declare([Queue("a", exchange, "media.*.done"), Queue("rest", exchange, "#")]))
        send(harness, exchange, "media.video.done", "media.done", "media.video.hd.done", "other")
        assert waiting(harness, "a") == ["media.video.done"]
        assert len(waiting(harness, "rest")) == 4

    def test_a_hash_in_a_topic_stands_for_any_words(self, harness: Harness) -> None:
        exchange = Exchange("topics", "topic")
        harness.run(harness.broker.declare([Queue("a", exchange, "media.#"), Queue("rest", exchange, "other.*")]))
        send(harness, exchange, "media", "media.video", "media.video.hd", "other.one")
        assert waiting(harness, "a") == ["media", "media.video", "media.video.hd"]

    def test_one_queue_gets_one_copy_however_many_bindings_match(self, harness: Harness) -> None:
        exchange = Exchange("topics", "topic")
        queue = Queue("a", exchange, "media.#", bindings=((exchange, "#.video"),))
        harness.run(harness.broker.declare([queue]))
        send(harness, exchange, "media.video", "other.video")
        assert waiting(harness, "a") == ["media.video", "other.video"]

    def test_extra_bindings_may_come_from_another_exchange(self, harness: Harness) -> None:
        first, second = Exchange("first", "direct"), Exchange("second", "direct")
        harness.run(harness.broker.declare([Queue("a", first, "x", bindings=((second, "y"),))]))
        send(harness, second, "y")
        assert waiting(harness, "a") == ["y"]


class FanoutContract:
    """For brokers whose fanout exchanges fill queues."""

    def test_a_fanout_exchange_copies_to_every_queue_whatever_the_key(self, harness: Harness) -> None:
        exchange = Exchange("all", "fanout")
        harness.run(harness.broker.declare([Queue("a", exchange), Queue("b", exchange, "ignored")]))
        send(harness, exchange, "some key")
        assert (waiting(harness, "a"), waiting(harness, "b")) == (["some key"], ["some key"])

    def test_a_fanout_exchange_without_queues_drops(self, harness: Harness) -> None:
        send(harness, Exchange("nobody", "fanout"), "key")
