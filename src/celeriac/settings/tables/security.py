"""Settings about signed messages."""

from ..declare import INERT, Setting
from ..kinds import BYTES, PATH, TEXT

TITLE = "Signed messages"

SETTINGS = (
    Setting(
        "security_key",
        PATH,
        None,
        "The file of the private key to sign with.",
        old="CELERY_SECURITY_KEY",
        feature=INERT,
        secret=True,
    ),
    Setting(
        "security_key_password",
        BYTES,
        None,
        "The passphrase of that key.",
        old="CELERY_SECURITY_KEY_PASSWORD",
        feature=INERT,
        secret=True,
    ),
    Setting(
        "security_certificate",
        PATH,
        None,
        "The file of the certificate that belongs to it.",
        old="CELERY_SECURITY_CERTIFICATE",
        feature=INERT,
    ),
    Setting(
        "security_cert_store",
        PATH,
        None,
        "The files of certificates whose signatures are trusted; may be a pattern.",
        old="CELERY_SECURITY_CERT_STORE",
        feature=INERT,
    ),
    Setting(
        "security_digest",
        TEXT,
        "sha256",
        "The hash that is signed.",
        old="CELERY_SECURITY_DIGEST",
        feature=INERT,
    ),
)
