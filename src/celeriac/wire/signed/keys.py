"""Private keys, and the way in which is signed: RSA with PSS padding, salts as long as they can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from celeriac.core.errors import SecurityError

DIGEST: Final = "sha256"


def get_digest_algorithm(digest: str = DIGEST) -> hashes.HashAlgorithm:
    """The hash of that name. Raises SecurityError."""
    kind = getattr(hashes, digest.upper().replace("-", ""), None)
    if kind is None or not isinstance(kind, type) or not issubclass(kind, hashes.HashAlgorithm):
        raise SecurityError(f"security_digest: there is no hash {digest!r}; sha256, sha384 and sha512 are good ones.")
    try:
        made: hashes.HashAlgorithm = kind()
    except TypeError:
        raise SecurityError(f"security_digest: {digest!r} has no fixed length; take sha256 or sha512.") from None
    return made


@contextmanager
def reraise_errors(msg: str = "{0!r}", errors: tuple[type[BaseException], ...] | None = None) -> Iterator[None]:
    """Whatever the library raises becomes a SecurityError with these words."""
    kinds = errors or (InvalidSignature, ValueError, TypeError)
    try:
        yield
    except kinds as exc:
        raise SecurityError(msg.format(exc)) from exc


def padding_of(digest: hashes.HashAlgorithm) -> padding.PSS:
    """As Celery pads."""
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=padding.PSS.MAX_LENGTH)


class PrivateKey:
    """A key in PEM, with its passphrase if it has one."""

    def __init__(self, key: str | bytes, password: str | bytes | None = None) -> None:
        data = key.encode() if isinstance(key, str) else key
        secret = password.encode() if isinstance(password, str) else password
        with reraise_errors("security_key can't be read (is its passphrase right?): {0}"):
            found = serialization.load_pem_private_key(data, password=secret)
        if not isinstance(found, rsa.RSAPrivateKey):
            raise SecurityError(f"security_key is {type(found).__name__}: messages are signed with RSA keys.")
        self._key = found

    def sign(self, data: str | bytes, digest: hashes.HashAlgorithm) -> bytes:
        """The signature of the data."""
        raw = data.encode() if isinstance(data, str) else data
        with reraise_errors("The message can't be signed: {0}"):
            return self._key.sign(raw, padding_of(digest), digest)

    def belongs_to(self, public: rsa.RSAPublicKey) -> bool:
        """True if what it signs can be verified with that key."""
        return self._key.public_key().public_numbers() == public.public_numbers()
