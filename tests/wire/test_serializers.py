"""Serializers write kombu's bytes; what accept_content does not name is not read."""

import base64
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.core.errors import (
    ContentDisallowed,
    DecodeError,
    EncodeError,
    ImproperlyConfigured,
    SerializerNotInstalled,
)
from celeriac.wire import serializers

from . import vectors

RECORDED = vectors.load("serializers")
EVERY_TYPE = frozenset(content_type for content_type, _, _ in RECORDED.values())


def _value(name):
    return b"bytes" if name == "raw" else [1, "é", {"a": 1.5}]


@pytest.mark.parametrize("name", RECORDED)
def test_writes_what_kombu_writes(name):
    content_type, encoding, body = RECORDED[name]
    assert serializers.dumps(_value(name), name) == (content_type, encoding, base64.b64decode(body))


@pytest.mark.parametrize("name", RECORDED)
def test_reads_what_kombu_wrote(name):
    content_type, encoding, body = RECORDED[name]
    assert serializers.loads(base64.b64decode(body), content_type, encoding, EVERY_TYPE) == _value(name)


class Bomb:
    exploded = False

    def __reduce__(self):
        return setattr, (Bomb, "exploded", True)


@pytest.mark.parametrize("accept", [None, frozenset(), frozenset({"application/json"})])
def test_pickle_is_not_read_unless_accept_names_it(accept):
    with pytest.raises(ContentDisallowed, match="accept_content"):
        serializers.loads(pickle.dumps(Bomb()), "application/x-python-serialize", "binary", accept)
    assert not Bomb.exploded


@pytest.mark.parametrize("content_type", ["application/x-yaml", "application/x-msgpack"])
def test_yaml_and_msgpack_are_not_read_unless_accept_names_them(content_type):
    with pytest.raises(ContentDisallowed):
        serializers.loads(b"a", content_type, "utf-8", None)


def test_json_is_not_read_where_accept_names_only_others():
    with pytest.raises(ContentDisallowed, match="json"):
        serializers.loads(b"1", "application/json", "utf-8", frozenset({"application/x-msgpack"}))


def test_accept_takes_names_and_types():
    assert serializers.accept_set(["json", "application/x-mine"]) == {"application/json", "application/x-mine"}
    assert serializers.accept_set(None) is None


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(SerializerNotInstalled, match="did you mean 'json'"):
        serializers.accept_set(["jsno"])


def test_a_registered_serializer_writes_and_reads_until_it_is_removed():
    serializers.register("upper", str.upper, lambda data: data.decode().lower(), "application/x-upper")
    try:
        written = serializers.dumps("abc", "upper")
        assert written == ("application/x-upper", "utf-8", b"ABC")
        assert serializers.loads(b"ABC", "application/x-upper") == "abc"
        serializers.disable("upper")
        with pytest.raises(ContentDisallowed):
            serializers.loads(b"ABC", "application/x-upper")
        serializers.enable("upper")
        assert serializers.loads(b"ABC", "application/x-upper") == "abc"
    finally:
        serializers.unregister("upper")
    with pytest.raises(SerializerNotInstalled):
        serializers.dumps("abc", "upper")


def test_json_cannot_be_replaced_but_taught():
    with pytest.raises(ImproperlyConfigured, match="register_type"):
        serializers.register("json", str, str, "application/json")


@pytest.mark.parametrize("name", ["json", "pickle", "yaml", "msgpack", "raw"])
def test_what_cannot_be_written_is_an_encode_error(name):
    with pytest.raises(EncodeError):
        serializers.dumps([lambda: None], name)


def test_text_and_data_come_as_they_are():
    assert serializers.loads(b"h\xc3\xa9", "text/plain", "utf-8", frozenset({"text/plain"})) == "hé"
    assert serializers.loads(b"\xff", "application/data", "binary", frozenset()) == b"\xff"
    with pytest.raises(DecodeError, match="text"):
        serializers.loads(b"\xff", "text/plain", "utf-8", None)


@given(st.binary(max_size=80), st.sampled_from(sorted(EVERY_TYPE - {"application/x-python-serialize"})))
def test_any_bytes_of_a_harmless_type_are_a_value_or_a_decode_error(data, content_type):
    try:
        serializers.loads(data, content_type, "utf-8", EVERY_TYPE)
    except DecodeError:
        pass


def test_reading_and_writing_json_loads_neither_pickle_nor_yaml():
    program = (
        "import sys; from celeriac.wire import envelope, protocol2, results; "
        "raw = envelope.encode_kombu(protocol2.build(protocol2.TaskCall(name='t', id='i'))); "
        "protocol2.parse(envelope.decode(raw)); results.encode(results.Meta('i', 'SUCCESS', 1)); "
        "print([name for name in ('pickle', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
