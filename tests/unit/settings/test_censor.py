"""Passwords and secrets never show."""

from typing import Any

import pytest

from celeriac.settings import ALL, Settings, censored, mask_url
from celeriac.settings.censor import is_secret


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://:pw@h/1", "redis://:********@h/1"),
        ("amqp://me:pw@h//", "amqp://me:********@h//"),
        ("amqp://me:p@ss/w@h//", "amqp://me:********@h//"),
        ("amqp://me@h//", "amqp://me@h//"),
        ("redis://a:x@h;redis://b:y@i", "redis://a:********@h;redis://b:********@i"),
        ("redis://h/0?password=pw&db=1", "redis://h/0?password=********&db=1"),
        ("db+postgresql://me:pw@h/db", "db+postgresql://me:********@h/db"),
        ("no url: just text@example", "no url: just text@example"),
    ],
)
def test_the_password_of_a_url_is_masked(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("DB_PASSWORD", "x", "********"),
        ("SECRET_KEY", "x", "********"),
        ("github_token", "x", "********"),
        ("aws_access_key", "x", "********"),
        ("redis_password", None, None),
        ("task_default_routing_key", "celery", "celery"),
        ("global_keyprefix", "p", "p"),
        ("x", {"password": "x", "user": "y"}, {"password": "********", "user": "y"}),
        ("x", ["redis://:x@h", 3], ["redis://:********@h", 3]),
        ("x", {"a": ({"token": 1},)}, {"a": ({"token": "********"},)}),
        ("x", 3, 3),
    ],
)
def test_secrets_are_known_by_their_names(name: str, value: Any, shown: Any) -> None:
    assert censored(name, value) == shown


def test_settings_whose_names_say_secret_are_declared_so() -> None:
    assert {setting.name for setting in ALL if is_secret(setting.name) and not setting.secret} == set()


@pytest.mark.parametrize("name", [setting.name for setting in ALL if setting.secret])
def test_a_setting_declared_secret_does_not_show_in_a_table(name: str) -> None:
    assert Settings(source=lambda: {name: "hunter2"}).table() == {name: "********"}
