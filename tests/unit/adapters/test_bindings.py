"""Which queues a message reaches."""

import pytest

from celeriac.core.bindings import bindings_of, reached, topic_matches
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Exchange, Queue, Route


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("*", "", False),
        ("#", "", True),
        ("#", "a.b.c", True),
        ("a.#", "a", True),
        ("a.#", "a.b.c", True),
        ("a.#", "b", False),
        ("#.c", "a.b.c", True),
        ("#.c", "c", True),
        ("a.#.d", "a.d", True),
        ("a.#.d", "a.b.c.d", True),
        ("a.#.d", "a.b.c", False),
        ("#.#.#", "a", True),
        ("*.#.*", "a", False),
        ("*.#.*", "a.b", True),
        ("a.#.b.#.c", "a.x.b.b.y.c", True),
    ],
)
def test_a_topic_fits(pattern: str, key: str, fits: bool) -> None:
    assert topic_matches(pattern, key) is fits


def test_a_hostile_pattern_is_quick() -> None:
    assert not topic_matches(".".join(["#", "a"] * 30) + ".b", ".".join(["a"] * 200))


def test_the_default_exchange_reaches_the_queue_of_that_name() -> None:
    assert reached((), Route("mail")) == ("mail",)


def test_a_known_queue_is_reached_before_it_is_declared() -> None:
    queue = Queue("mail", Exchange("work"), "key")
    assert reached((), Route("key", "work", "direct", queue)) == ("mail",)


def test_a_queue_bound_to_the_default_exchange_needs_no_binding() -> None:
    assert bindings_of(Queue("mail")) == ()


def test_a_queue_without_routing_key_is_bound_by_its_name() -> None:
    (binding,) = bindings_of(Queue("mail", Exchange("work")))
    assert (binding.exchange, binding.type, binding.key, binding.queue) == ("work", "direct", "mail", "mail")


def test_an_exchange_type_we_do_not_have_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="headers"):
        bindings_of(Queue("mail", Exchange("work", "headers")))
