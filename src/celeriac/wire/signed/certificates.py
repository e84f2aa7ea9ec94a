"""Certificates: who signed, whether he may, and whether it is still his time."""

import glob
import os
from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from celeriac.core.errors import SecurityError

from .keys import padding_of, reraise_errors


class Certificate:
    """An X.509 certificate in PEM."""

    def __init__(self, cert: str | bytes) -> None:
        with reraise_errors("The certificate can't be read: {0}"):
            self._cert = x509.load_pem_x509_certificate(cert.encode() if isinstance(cert, str) else cert)
        public = self._cert.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise SecurityError(f"The certificate {self.get_id()!r} has no RSA key: messages are signed with RSA.")
        self._public = public

    def get_id(self) -> str:
        """The name under which signers are known: issuer and serial number."""
        return f"{self.get_issuer()} {self.get_serial_number()}"

    def get_issuer(self) -> str:
        """The values of the issuer's name, in their order."""
        return " ".join(str(attribute.value) for attribute in self._cert.issuer)

    def get_serial_number(self) -> int:
        return self._cert.serial_number

    def get_pubkey(self) -> rsa.RSAPublicKey:
        return self._public

    def has_expired(self) -> bool:
        """True if its time is over."""
        return datetime.now(UTC) >= self._cert.not_valid_after_utc

    def verify(self, data: str | bytes, signature: bytes, digest: hashes.HashAlgorithm) -> None:
        """Raises SecurityError unless this certificate's key has signed exactly that."""
        raw = data.encode() if isinstance(data, str) else data
        try:
            self._public.verify(signature, raw, padding_of(digest), digest)
        except (InvalidSignature, ValueError) as exc:
            raise SecurityError(f"Bad signature: it is not that of {self.get_id()!r} for this message.") from exc


class CertStore:
    """Whose signatures are trusted."""

    def __init__(self) -> None:
        self._certs: dict[str, Certificate] = {}

    def itercerts(self) -> Iterator[Certificate]:
        return iter(self._certs.values())

    def __getitem__(self, id: str | bytes) -> Certificate:
        name = id.decode(errors="replace") if isinstance(id, bytes) else id
        try:
            return self._certs[name]
        except KeyError:
            raise SecurityError(
                f"Unknown certificate: {name!r} is not in security_cert_store, so who signed is not trusted."
            ) from None

    def add_cert(self, cert: Certificate) -> None:
        """Trust one more. Raises SecurityError if it is there already."""
        if cert.get_id() in self._certs:
            raise SecurityError(f"Duplicate certificate: {cert.get_id()!r}")
        self._certs[cert.get_id()] = cert


class FSCertStore(CertStore):
    """All certificates in a folder, or those whose files fit a pattern."""

    def __init__(self, path: str) -> None:
        super().__init__()
        pattern = os.path.join(path, "*") if os.path.isdir(path) else path
        names = [name for name in sorted(glob.glob(pattern)) if os.path.isfile(name)]
        if not names:
            raise SecurityError(f"security_cert_store: there are no files {pattern!r}.")
        for name in names:
            with open(name, "rb") as file, reraise_errors(f"{name}: {{0}}", (SecurityError,)):
                cert = Certificate(file.read())
                if cert.has_expired():
                    raise SecurityError(f"Expired certificate: {cert.get_id()!r}")
                self.add_cert(cert)
