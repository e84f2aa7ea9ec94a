"""URLs and options of RabbitMQ: what they say, what is refused, what people see; and what an owner holds."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac.adapters.rabbitmq.contents import Arrival, parcel
from celeriac.adapters.rabbitmq.doorway import Doorway
from celeriac.adapters.rabbitmq.holding import Given, Holding
from celeriac.adapters.rabbitmq.methods import read
from celeriac.adapters.rabbitmq.options import parse_options
from celeriac.adapters.rabbitmq.place import Server, parse_place
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Message
from celeriac.core.ports import TransportOptions


@pytest.mark.parametrize("url", ["amqp://", "amqp://localhost", "amqp://localhost/", "pyamqp://localhost//"])
def test_a_short_url_means_the_guest_on_this_machine(url: str) -> None:
    assert parse_place(url).servers == (Server("localhost", 5672),)


def test_everything_in_a_url_is_read_unquoted() -> None:
    place = parse_place("amqps://a%40nn:s%2Fe%3Acret@[::1]/my%2Fvhost?heartbeat=7")
    assert place.servers == (Server("::1", 5671, "a@nn", "s/e:cret", "my/vhost", True),)
    assert parse_options(TransportOptions(), place.query).heartbeat == 7.0


def test_a_list_names_several_nodes_each_with_its_own_user() -> None:
    place = parse_place(["amqp://a:1@one//;amqp://two/x", "amqps://three"])
    assert [(server.host, server.user, server.vhost, server.tls) for server in place.servers] == [
        ("one", "a", "/", False),
        ("two", "guest", "x", False),
        ("three", "guest", "/", True),
    ]


def test_people_never_see_a_password() -> None:
    assert str(parse_place("amqp://me:secret@host/v")) == "amqp://me:**@host:5672/v"


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="http:// is no RabbitMQ URL"):
        parse_place("http://host")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hartbeat": 3}, "did you mean 'heartbeat'"),
        ({"heartbeat": "often"}, "wrong type"),
        ({"login_method": "MAGIC"}, "use PLAIN, AMQPLAIN, EXTERNAL"),
        ({"frame_max": 10}, "smallest is 4096"),
        ({"max_prefetch": 0}, "1 or more"),
    ],
)
def test_a_wrong_option_is_refused_with_advice(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        parse_options(TransportOptions(options=options), {})


def test_options_of_celery_that_mean_nothing_here_are_taken() -> None:
    assert parse_options(TransportOptions(options={"confirm_publish": True, "max_retries": 3}), {}).frame_max == 131072


def context(url: str, **given: Any) -> ssl.SSLContext | None:
    place = parse_place(url)
    options = TransportOptions(**given)
    return Doorway(place, parse_options(options, place.query), options).tls(place.servers[0])


def test_tls_is_verified_unless_the_user_says_otherwise() -> None:
    assert context("amqp://host") is None
    checked = context("amqps://host")
    assert checked is not None and (checked.check_hostname, checked.verify_mode) == (True, ssl.CERT_REQUIRED)
    for ssl_option in ({"cert_reqs": ssl.CERT_NONE}, {"ssl_cert_reqs": "CERT_NONE"}, {"verify": "verify_none"}):
        blind = context("amqp://host", ssl=ssl_option)
        assert blind is not None and blind.verify_mode == ssl.CERT_NONE


def test_unknown_tls_options_and_missing_files_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="has no option certificate"):
        context("amqps://host", ssl={"certificate": "x"})
    with pytest.raises(ImproperlyConfigured, match="can't be used"):
        context("amqps://host", ssl={"ca_certs": "/nowhere/ca.pem"})


# -- what an owner holds ----------------------------------------------------------------------------


def arrival(tag: int, id: str = "") -> Arrival:
    return Arrival(
        tag, False, "", "q", parcel(Message({}, {"correlation_id": id or str(tag)}, b""), "", "q").header, b""
    )


def heard(words: list[bytes], outstanding: set[int]) -> tuple[set[int], set[int]]:
    """What a server makes of it: (acknowledged, given back)."""
    acked: set[int] = set()
    back: set[int] = set()
    for word in words:
        method = read(word)
        found = {tag for tag in outstanding if tag <= method.delivery_tag} if method.multiple else {method.delivery_tag}
        assert found <= outstanding
        (back if method.name == "Basic.Nack" else acked).update(found)
        outstanding -= found
    return acked, back


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=6), max_size=6), st.integers(0, 12))
def test_the_server_hears_of_each_message_exactly_what_became_of_it(
    batches: list[list[tuple[int, bool]]], unclaimed: int
) -> None:
    holding = Holding("me", 3, Given())
    for tag in range(1, 13):
        holding.came("", arrival(tag))
        if tag != unclaimed:
            holding.take("q", arrival(tag))
    outstanding, settled = set(range(1, 13)), set()
    for batch in batches:
        wanted = {tag: requeue for tag, requeue in reversed(batch) if tag not in settled and tag != unclaimed}
        ours, words = holding.end([(f"me.{tag}", requeue) for tag, requeue in wanted.items()])
        assert all(ours)
        acked, back = heard(words, outstanding)
        assert acked == {tag for tag, requeue in wanted.items() if not requeue}
        assert back == {tag for tag, requeue in wanted.items() if requeue}
        settled |= wanted.keys()
    assert len(holding) == len(outstanding)


def test_nothing_is_settled_twice_or_by_strangers() -> None:
    holding = Holding("me", 3, Given())
    holding.came("", arrival(1))
    holding.take("q", arrival(1))
    assert holding.end([("you.1", False), ("me.1", False), ("me.1", False)])[0] == (False, True, False)


def test_what_waits_for_a_moment_comes_again_under_another_tag() -> None:
    holding = Holding("me", 3, Given())
    holding.came("", arrival(1))
    first = holding.take("q", arrival(1))
    holding.wait([(first.tag, 10.0)])
    assert (holding.next_due, holding.ready(9.0, {"q"}, 5), holding.ready(11.0, {"other"}, 5)) == (10.0, [], [])
    (again,) = holding.ready(11.0, {"q"}, 5)
    assert again.tag != first.tag
    assert holding.end([(first.tag, False), (again.tag, False)])[0] == (False, True)


def test_what_was_given_back_is_known_when_it_comes_again() -> None:
    holding = Holding("me", 3, Given())
    for tag in (1, 2):
        holding.came("", arrival(tag, "a"))
        taken = holding.take("q", Arrival(tag, tag > 1, "", "q", arrival(tag, "a").header, b""))
        assert taken.innocent == (1 if tag > 1 else 0)
        holding.end([(taken.tag, True)])
