"""Signed messages: what a known signer has signed is read, and nothing else, whatever was done to it."""

import base64
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac.core.errors import SecurityError
from celeriac.wire import serializers
from celeriac.wire.signed import Certificate, CertStore, FSCertStore, PrivateKey, SecureSerializer, get_digest_algorithm

from .signing import Signer

FEW = settings(max_examples=60, deadline=None)  # an RSA signature takes as long as it takes
SEPARATOR = b"\x00\x01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signers")


@pytest.fixture(scope="module")
def mine(folder: Path) -> Signer:
    return Signer(folder, "mine")


def serializer_of(signer: Signer, *trusted: Signer, **options: Any) -> SecureSerializer:
    store = CertStore()
    for other in trusted:
        store.add_cert(Certificate(other.cert_path.read_bytes()))
    key, cert = PrivateKey(signer.key_path.read_bytes()), Certificate(signer.cert_path.read_bytes())
    return SecureSerializer(key, cert, store, **options)


@pytest.fixture(scope="module")
def signing(mine: Signer) -> SecureSerializer:
    return serializer_of(mine, mine)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@FEW
@given(value=VALUES)
def test_what_is_signed_is_read_again(signing: SecureSerializer, value: Any) -> None:
    assert signing.deserialize(signing.serialize(value)) == value


def test_values_of_json_types_keep_their_types(signing: SecureSerializer) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5)
    assert signing.deserialize(signing.serialize([moment, b"bytes"])) == [moment, b"bytes"]


@FEW
@given(data=st.data())
def test_no_byte_of_the_body_or_signature_can_be_changed(signing: SecureSerializer, data: st.DataObject) -> None:
    plain = bytearray(base64.b64decode(signing.serialize({"a": [1, 2, "three"]})))
    place = data.draw(st.integers(0, len(plain) - 1))
    plain[place] ^= data.draw(st.integers(1, 255))
    try:
        found = signing.deserialize(base64.b64encode(bytes(plain)))
    except SecurityError:
        return
    # What is not covered (an ignored bit of base64, the case of "utf-8") may change nothing.
    assert found == {"a": [1, 2, "three"]}


@FEW
@given(st.binary(max_size=200))
def test_anything_else_is_refused(signing: SecureSerializer, junk: bytes) -> None:
    for raw in (junk, base64.b64encode(junk), base64.b64encode(SEPARATOR.join([junk] * 5))):
        with pytest.raises(SecurityError):
            signing.deserialize(raw)


def test_an_unknown_signer_is_named(signing: SecureSerializer, folder: Path) -> None:
    stranger = Signer(folder, "stranger")
    with pytest.raises(SecurityError, match=r"Unknown certificate: .*stranger"):
        signing.deserialize(serializer_of(stranger, stranger).serialize(1))


def test_who_pretends_to_be_somebody_known_is_refused(mine: Signer, signing: SecureSerializer, folder: Path) -> None:
    thief = Signer(folder, "thief")
    forged = SecureSerializer(
        PrivateKey(thief.key_path.read_bytes()), Certificate(mine.cert_path.read_bytes()), CertStore()
    )
    with pytest.raises(SecurityError, match="Bad signature"):
        signing.deserialize(forged.serialize(1))


def test_a_certificate_that_has_expired_since_signs_nothing_more(folder: Path, mine: Signer) -> None:
    old = Signer(folder, "old", days=-1)
    with pytest.raises(SecurityError, match="Expired certificate"):
        serializer_of(mine, old).deserialize(serializer_of(old).serialize(1))


def test_a_body_of_another_kind_is_not_read_although_it_is_signed(mine: Signer, signing: SecureSerializer) -> None:
    pickling = serializer_of(mine, mine, serializer="pickle")
    assert pickling.deserialize(pickling.serialize({1, 2})) == {1, 2}
    with pytest.raises(SecurityError, match="x-python-serialize"):
        signing.deserialize(pickling.serialize({1, 2}))


def test_a_store_is_a_folder_or_a_pattern_and_refuses_what_has_expired(tmp_path: Path) -> None:
    first, second = Signer(tmp_path, "first"), Signer(tmp_path, "second")
    for path in (str(tmp_path / "*.pem"), str(tmp_path / "first.pem")):
        assert FSCertStore(path)[Certificate(first.cert_path.read_bytes()).get_id()]
    first.key_path.unlink()
    second.key_path.unlink()
    assert len(list(FSCertStore(str(tmp_path)).itercerts())) == 2
    Signer(tmp_path, "old", days=-1).key_path.unlink()
    with pytest.raises(SecurityError, match=r"old\.pem: Expired certificate"):
        FSCertStore(str(tmp_path))
    with pytest.raises(SecurityError, match="there are no files"):
        FSCertStore(str(tmp_path / "nothing" / "*"))


def test_a_key_needs_its_passphrase(tmp_path: Path) -> None:
    signer = Signer(tmp_path, "locked", password=b"open sesame")
    assert PrivateKey(signer.key_path.read_bytes(), b"open sesame")
    for wrong in (None, b"close"):
        with pytest.raises(SecurityError, match="passphrase"):
            PrivateKey(signer.key_path.read_bytes(), wrong)


@pytest.mark.parametrize("name", ["md7", "base64", "", "HashAlgorithm"])
def test_a_hash_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SecurityError, match="security_digest"):
        get_digest_algorithm(name)


def test_bytes_that_say_no_type_are_bytes_where_nothing_is_signed() -> None:
    assert serializers.loads(b"plain", "application/data", "binary") == b"plain"
