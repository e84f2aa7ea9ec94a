"""The serializer `auth`: what is sent carries its sender's signature, what is read must carry one of a known sender.

Needs the library cryptography (celeriac[auth]), so nothing imports this room but what sets it up.
"""

from .certificates import Certificate, CertStore, FSCertStore
from .keys import DIGEST, PrivateKey, get_digest_algorithm, reraise_errors
from .serializer import SecureSerializer, register_auth

__all__ = [
    "DIGEST",
    "CertStore",
    "Certificate",
    "FSCertStore",
    "PrivateKey",
    "SecureSerializer",
    "get_digest_algorithm",
    "register_auth",
    "reraise_errors",
]
