"""The signed envelope: signer, signature, and the body as another serializer wrote it."""

import base64
import binascii
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from celeriac.core.errors import SecurityError
from celeriac.wire import serializers

from .certificates import Certificate, CertStore, FSCertStore
from .keys import DIGEST, PrivateKey, get_digest_algorithm

NAME: Final = "auth"
CONTENT_TYPE: Final = "application/data"
_SEPARATOR: Final = b"\x00\x01"
_PARTS: Final = 5


class SecureSerializer:
    """Signs with its own key what another serializer writes; reads what somebody in the store has signed.

    The signature covers the body alone. So what a body is read as is not left to the message: JSON, and what this
    serializer itself writes.
    """

    def __init__(
        self,
        key: PrivateKey | None = None,
        cert: Certificate | None = None,
        cert_store: CertStore | None = None,
        digest: str | hashes.HashAlgorithm = DIGEST,
        serializer: str = "json",
    ) -> None:
        self._key = key
        self._cert = cert
        self._store = cert_store
        self._digest = get_digest_algorithm(digest) if isinstance(digest, str) else digest
        self._serializer = serializer
        self._readable = frozenset({"application/json", serializers.content_type_of(serializer)})

    def serialize(self, data: Any) -> bytes:
        """The signed bytes."""
        if self._key is None or self._cert is None:
            raise SecurityError("Nothing can be signed without security_key and security_certificate.")
        content_type, encoding, body = serializers.dumps(data, self._serializer)
        fields = (
            base64.b64encode(self._cert.get_id().encode()),
            base64.b64encode(self._key.sign(body, self._digest)),
            content_type.encode(),
            encoding.encode(),
            body,
        )
        return base64.b64encode(_SEPARATOR.join(fields))

    def deserialize(self, data: str | bytes) -> Any:
        """The value. Raises SecurityError for what is not signed by somebody who is trusted."""
        signer, signature, content_type, encoding, body = _unpacked(data)
        if self._store is None:
            raise SecurityError("Nothing can be verified without security_cert_store.")
        cert = self._store[signer]
        if cert.has_expired():
            raise SecurityError(f"Expired certificate: {cert.get_id()!r} may not sign any more.")
        cert.verify(body, signature, self._digest)
        if content_type not in self._readable:
            raise SecurityError(f"The signed body is {content_type!r}, which is not read here.")
        return serializers.loads(body, content_type, encoding, self._readable)


def _unpacked(data: str | bytes) -> tuple[str, bytes, str, str, bytes]:
    try:
        fields = base64.b64decode(data).split(_SEPARATOR, _PARTS - 1)
        signer, signature, content_type, encoding, body = fields
        return (
            base64.b64decode(signer).decode(),
            base64.b64decode(signature),
            content_type.decode(),
            encoding.decode(),
            body,
        )
    except (ValueError, binascii.Error):
        raise SecurityError("The message is not signed.") from None


def register_auth(
    key: str | None = None,
    key_password: str | bytes | None = None,
    cert: str | None = None,
    store: str | None = None,
    digest: str = DIGEST,
    serializer: str = "json",
) -> None:
    """Make the serializer `auth`, for this process, of these files. Raises SecurityError."""
    mine = PrivateKey(_read(key, "security_key"), key_password) if key else None
    own = Certificate(_read(cert, "security_certificate")) if cert else None
    if own is not None and own.has_expired():
        raise SecurityError(f"security_certificate {cert}: Expired certificate: {own.get_id()!r}")
    if mine is not None and own is not None and not mine.belongs_to(own.get_pubkey()):
        raise SecurityError(f"security_certificate {cert} does not belong to the key in security_key.")
    made = SecureSerializer(mine, own, FSCertStore(store) if store else None, digest, serializer)
    serializers.register(NAME, made.serialize, made.deserialize, CONTENT_TYPE, "utf-8")


def _read(path: str, setting: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise SecurityError(f"{setting}: {path} can't be read: {exc.strerror}.") from exc
