"""Words that PostgreSQL notifies of: short enough for the server, and read as they were written."""

import json

from hypothesis import given
from hypothesis import strategies as st

from celeriac.adapters.postgres.channels import RESULT, Channels, heard, parcelled, stored, told
from celeriac.adapters.postgres.names import key, storable

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
TOO_LONG = 8000  # bytes that the server refuses


@given(st.lists(NAMES, max_size=200))
def test_all_names_of_records_are_heard_in_order_and_no_word_is_too_long(names: list[str]) -> None:
    words = list(stored(names))
    assert [letter for word in words for letter in heard(word)] == [(name, b"") for name in names]
    assert all(len(word) < TOO_LONG for word in words)


@given(NAMES, st.binary(max_size=9000))
def test_a_payload_travels_in_a_word_or_in_a_parcel(channel: str, payload: bytes) -> None:
    word = told(channel, payload)
    if word is None:
        assert len(payload) > 4000 or len(json.dumps(channel)) > 1000
        assert heard(f"17{parcelled(channel)}") == [(channel, 17)]
    else:
        assert heard(word) == [(channel, payload)]
        assert len(word) < TOO_LONG


def test_a_channel_that_looks_like_a_word_is_none() -> None:
    for channel in ('["a"]', '{"to": "b"}', "17", ""):
        assert heard(told(channel, b"x") or "") == [(channel, b"x")]
        assert heard(f"5{parcelled(channel)}") == [(channel, 5)]


@given(st.text())
def test_what_stands_for_an_id_can_be_stored_and_is_the_id_if_it_can(id: str) -> None:
    assert storable(key(id))
    assert key(key(id)) == key(id)
    assert (key(id) == id) == storable(id)


def test_ids_that_can_not_be_stored_are_told_apart() -> None:
    ids = ["a\0", "b\0", "x" * 1000, "x" * 1001, "\ud800", "\ud801"]
    assert len({key(id) for id in ids}) == len(ids)


def test_what_wakes_is_sorted_by_channel_and_names_every_record() -> None:
    channels = Channels("celeriac")
    records = [f"id{number}" for number in range(100)]
    wakes = list(channels.wakes({"b", "a"}, records))
    assert [channel for channel, _ in wakes[:2]] == [channels.bell("a"), channels.bell("b")]
    said = [letter[0] for _, words in wakes[2:] for word in words for letter in heard(word)]
    assert sorted(said) == sorted(RESULT + id for id in records)
    assert all(channels.bus(heard(words[0])[0][0]) == channel for channel, words in wakes[2:])
    assert Channels("other").bell("a") != channels.bell("a")
