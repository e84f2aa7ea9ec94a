"""Settings about signed messages."""

from ..declare import Setting
from ..kinds import BYTES, PATH, TEXT

TITLE = "Signed messages"

SETTINGS = (
    Setting(
        "security_key",
        PATH,
        None,
        "The file of the private key (RSA, PEM) that app.setup_security signs with.",
        old="CELERY_SECURITY_KEY",
        secret=True,
    ),
    Setting(
        "security_key_password",
        BYTES,
        None,
        "The passphrase of that key.",
        old="CELERY_SECURITY_KEY_PASSWORD",
        secret=True,
    ),
    Setting(
        "security_certificate",
        PATH,
        None,
        "The file of the certificate that belongs to it.",
        old="CELERY_SECURITY_CERTIFICATE",
    ),
    Setting(
        "security_cert_store",
        PATH,
        None,
        "The folder of certificates whose signatures are trusted, or a pattern of their files.",
        old="CELERY_SECURITY_CERT_STORE",
    ),
    Setting(
        "security_digest",
        TEXT,
        "sha256",
        "The hash that is signed.",
        old="CELERY_SECURITY_DIGEST",
    ),
)
