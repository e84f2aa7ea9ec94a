"""app.setup_security(): messages are signed, and what is not signed by somebody known is refused."""

import importlib
from collections.abc import Iterable
from typing import Any, Final

from celeriac.core.errors import ImproperlyConfigured
from celeriac.wire import serializers

_NEEDED: Final = ("security_key", "security_certificate", "security_cert_store")


def setup_security(
    app: Any,
    allowed_serializers: Iterable[str] | None,
    files: dict[str, Any],
    digest: str | None,
    serializer: str,
) -> None:
    """`files` may name what the settings security_* do not. Raises ImproperlyConfigured, SecurityError."""
    conf = app.conf
    if conf.task_serializer != "auth" or list(conf.accept_content) != ["auth"]:
        raise ImproperlyConfigured(
            'Signed messages need task_serializer = "auth" and accept_content = ["auth"]; result_serializer and '
            'event_serializer should be "auth", too. The body inside is written by setup_security(serializer="json").'
        )
    said = {name: given or conf[name] for name, given in files.items()}
    missing = [name for name in _NEEDED if not said[name]]
    if missing:
        raise ImproperlyConfigured(f"Signed messages need the settings {', '.join(missing)}: the paths of PEM files.")
    try:
        signed: Any = importlib.import_module("celeriac.wire.signed")
    except ImportError as exc:
        raise ImproperlyConfigured("Signed messages need cryptography: pip install 'celeriac[auth]'") from exc
    signed.register_auth(
        said["security_key"],
        said["security_key_password"],
        said["security_certificate"],
        said["security_cert_store"],
        digest or conf.security_digest,
        serializer,
    )
    _refuse_others({"auth", *(allowed_serializers or ())})


def _refuse_others(allowed: Iterable[str]) -> None:
    """Where no accept_content is given, too."""
    for name in serializers.names():
        serializers.disable(name)
    for name in allowed:
        serializers.enable(name)
