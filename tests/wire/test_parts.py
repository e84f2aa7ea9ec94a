"""A chord's part is written as Celery's workers read it, and read as they write it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.core.errors import ContentDisallowed, DecodeError, EncodeError
from celeriac.wire import parts

# Members of a join's sorted set, recorded from Celery 5.7.
SUCCESS = b'[1, "a081e8e4-d987-44e7-9ad6-3f316acc4494", "SUCCESS", 4]'
FAILURE = (
    b'[1, "2e2e354c-aa59-4aa2-bdbe-17e864aaafee", "FAILURE", '
    b'{"exc_type": "ValueError", "exc_message": ["boom"], "exc_module": "builtins"}]'
)


def test_parts_of_celery_are_read() -> None:
    assert parts.decode(SUCCESS) == ("a081e8e4-d987-44e7-9ad6-3f316acc4494", "SUCCESS", 4)
    id, state, error = parts.decode(FAILURE)
    assert (id, state, repr(error)) == ("2e2e354c-aa59-4aa2-bdbe-17e864aaafee", "FAILURE", "ValueError('boom')")


def test_parts_say_what_celerys_say() -> None:
    id, state, value = parts.decode(SUCCESS)
    assert json.loads(parts.encode(id, state, value)) == json.loads(SUCCESS)
    id, state, value = parts.decode(FAILURE)
    assert json.loads(parts.encode(id, state, value)) == json.loads(FAILURE)


def test_a_part_of_ours_is_told_from_one_of_celerys() -> None:
    assert parts.encode("a", "SUCCESS", 4) == b'[1,"a","SUCCESS",4]'


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml", "msgpack"])
@given(value=st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_every_value_comes_back(serializer: str, value: Any) -> None:
    payload = parts.encode("id", "SUCCESS", value, serializer)
    accept = frozenset({"application/json", "application/x-python-serialize", "application/x-yaml"})
    found = parts.decode(payload, serializer, accept | {"application/x-msgpack"})
    assert found == ("id", "SUCCESS", value)


def test_parts_are_compressed_as_results_are() -> None:
    """Celery's are, with result_compression; whoever reads one sees that it is."""
    payload = parts.encode("id", "SUCCESS", "a" * 1000, compress="gzip")
    assert payload.startswith(b"\x00celery-compressed\x00application/x-gzip\x00")
    assert len(payload) < 200
    assert parts.decode(payload) == ("id", "SUCCESS", "a" * 1000)


def test_what_cannot_be_written_is_an_error() -> None:
    with pytest.raises(EncodeError):
        parts.encode("id", "SUCCESS", object())


@pytest.mark.parametrize("payload", [b"{}", b"[1, 2]", b"no", b""])
def test_what_is_no_part_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        parts.decode(payload)


def test_a_part_of_another_serializer_is_refused() -> None:
    with pytest.raises(ContentDisallowed):
        parts.decode(parts.encode("id", "SUCCESS", 1, "pickle"), "pickle", frozenset({"application/json"}))
