"""Keys and certificates of the tests of signed messages, made when they are needed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


class Signer:
    """One key and its certificate, in files."""

    def __init__(self, folder: Path, name: str, days: float = 2, password: bytes | None = None) -> None:
        self.key_path = folder / f"{name}.key"
        self.cert_path = folder / f"{name}.pem"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        who = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Celeriac's tests"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        now = datetime.now(UTC)
        cert = (
            x509.CertificateBuilder()
            .subject_name(who)
            .issuer_name(who)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        secret = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        self.key_path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
        )
        self.cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
