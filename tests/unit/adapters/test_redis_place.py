"""URLs of Redis: what they say, what is refused, and what people get to see of them."""

import ssl

import pytest

from celeriac.adapters.redis.doorway import Doorway
from celeriac.adapters.redis.options import RedisOptions
from celeriac.adapters.redis.place import Server, parse_place, ssl_arguments
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import TransportOptions


def test_a_plain_url_has_defaults() -> None:
    place = parse_place("redis://")
    assert (place.kind, place.servers, place.db, place.password) == ("direct", (Server("localhost", 6379),), 0, None)


def test_user_password_port_and_database_are_read_unquoted() -> None:
    place = parse_place("redis://a%40nn:s%2Fe%3Acret@[::1]:7000/3")
    assert (place.username, place.password) == ("a@nn", "s/e:cret")
    assert (place.servers, place.db) == ((Server("::1", 7000),), 3)


@pytest.mark.parametrize("url", ["redis+socket:///tmp/r.sock?virtual_host=4", "redis+socket:///tmp/r.sock?db=4"])
def test_a_unix_socket_is_a_path(url: str) -> None:
    place = parse_place(url)
    assert (place.servers, place.db) == ((Server("", 0, "/tmp/r.sock"),), 4)


def test_several_sentinels_are_one_place() -> None:
    place = parse_place("sentinel://one:1;sentinel://two;sentinel://:secret@three:3/2")
    assert place.kind == "sentinel"
    assert place.servers == (Server("one", 1), Server("two", 26379), Server("three", 3))
    assert (place.db, place.password) == (2, "secret")


def test_a_failover_list_may_be_a_sequence() -> None:
    assert parse_place(["redis://a", "redis://b:2"]).servers == (Server("a", 6379), Server("b", 2))


def test_a_cluster_url_may_name_several_nodes() -> None:
    place = parse_place("rediss+cluster://a:1,b:2")
    assert (place.kind, place.tls, place.servers) == ("cluster", True, (Server("a", 1), Server("b", 2)))


def test_people_never_see_the_password() -> None:
    assert str(parse_place("redis://ann:secret@host/2")) == "redis://ann:**@host:6379/2"
    assert str(parse_place("redis://:secret@host")) == "redis://:**@host:6379/0"
    assert str(parse_place("redis://host")) == "redis://host:6379/0"


@pytest.mark.parametrize("url", ["redis://host/zero", "redis://host:port", "amqp://host", ""])
def test_what_can_not_be_read_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        parse_place(url)


def test_a_refusal_does_not_tell_the_password() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_place("redis://:secret@host/zero")
    assert "secret" not in str(caught.value)


def test_certificates_are_checked_by_default() -> None:
    assert ssl_arguments({}, True) == {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


@pytest.mark.parametrize("said", [ssl.CERT_NONE, "CERT_NONE", "none", None, 0])
def test_not_checking_can_be_said_in_many_ways(said: object) -> None:
    assert ssl_arguments({}, {"ssl_cert_reqs": said})["ssl_cert_reqs"] == "none"


def test_the_url_speaks_of_tls_too() -> None:
    found = ssl_arguments({"ssl_ca_certs": "ca.pem", "ssl_cert_reqs": "optional", "other": "x"}, {"keyfile": "k.pem"})
    assert found == {
        "ssl_ca_certs": "ca.pem",
        "ssl_cert_reqs": "optional",
        "ssl_check_hostname": True,
        "ssl_keyfile": "k.pem",
    }


def test_an_unknown_way_to_check_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="ssl_cert_reqs"):
        ssl_arguments({}, {"ssl_cert_reqs": "maybe"})


def turns(last: int | None, failover: str | None = None) -> list[int]:
    place = parse_place("redis://a;redis://b;redis://c;redis://d")
    return Doorway(place, RedisOptions(), TransportOptions(failover=failover)).turns(last)


@pytest.mark.parametrize("failover", [None, "round-robin"])
def test_the_servers_of_a_list_are_tried_in_turn_from_the_last_one_on(failover: str | None) -> None:
    assert turns(None, failover) == [0, 1, 2, 3]
    assert turns(2, failover) == [2, 3, 0, 1]


def test_shuffled_any_server_may_be_the_first_and_the_last_one_reached_stays_it() -> None:
    orders = [turns(None, "shuffle") for _ in range(200)]
    assert {tuple(sorted(order)) for order in orders} == {(0, 1, 2, 3)}
    assert {order[0] for order in orders} == {0, 1, 2, 3}
    orders = [turns(2, "shuffle") for _ in range(200)]
    assert {order[0] for order in orders} == {2}
    assert {order[1] for order in orders} == {0, 1, 3}


def test_an_unknown_failover_strategy_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="broker_failover_strategy is 'random': it is 'round-robin'"):
        turns(None, "random")
