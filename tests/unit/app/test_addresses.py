"""Addresses of brokers and result stores that can't be meant: what the error says."""

import pytest

from celeriac import Celeriac
from celeriac.core.errors import ImproperlyConfigured


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("amqpp://localhost", "no 'amqpp' .* did you mean 'amqp'"),
        ("reddis://localhost", "did you mean 'redis'"),
        ("localhost:6379", "broker_url has no scheme: write it as in redis://localhost:6379/0"),
        ("http://localhost", r"no 'http' \(it has: .*redis"),
    ],
)
def test_a_brokers_address_that_is_none_says_what_may_be_meant(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        Celeriac("shop", broker=url).send_task("shop.sell")


def test_an_address_without_a_scheme_is_not_shown_for_it_may_hold_a_password() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Celeriac("shop", broker="me:sesame@localhost:6379").send_task("shop.sell")
    assert "sesame" not in str(caught.value)


def test_a_bare_name_of_a_transport_is_an_address() -> None:
    assert Celeriac("shop", broker="memory").send_task("shop.sell").id
