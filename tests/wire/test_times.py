"""Moments in headers, in every form that Celery's own reader takes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from celeriac.core.errors import DecodeError
from celeriac.wire import times


@pytest.mark.parametrize(
    "text",
    [
        "2031-01-02T03:04:05",
        "2031-01-02 03:04:05",
        "20310102T030405",
        "2031-01-02T03:04:05Z",
        "2031-01-02T05:04:05+02:00",
        "2031-01-01T23:34:05-0330",
        "2031-01-02T03:04:05.000000",
    ],
)
def test_reads_every_form(text):
    assert times.timestamp(text) == datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


def test_a_moment_without_a_zone_is_in_the_given_one():
    assert times.timestamp("2031-01-02T04:04:05", ZoneInfo("Europe/Berlin")) == times.timestamp("2031-01-02T03:04:05Z")


@pytest.mark.parametrize("text", ["", "nope", "2031-13-01", "9999-12-31T23:59:59-24:00", 5])
def test_what_is_no_moment_is_a_decode_error(text):
    with pytest.raises(DecodeError, match="no moment"):
        times.timestamp(text)


def test_writes_what_celery_writes():
    assert times.iso(1_700_000_000.5) == "2023-11-14T22:13:20.500000+00:00"
    assert times.iso(1_700_000_000) == "2023-11-14T22:13:20+00:00"
    assert times.timestamp(times.iso(1_700_000_000.25)) == 1_700_000_000.25
