"""celery.security: messages signed by X.509 certificates."""

from typing import Any

from celeriac.current import get_current_app


def setup_security(
    allowed_serializers: Any = None,
    key: Any = None,
    key_password: Any = None,
    cert: Any = None,
    store: Any = None,
    digest: Any = None,
    serializer: str = "json",
    app: Any = None,
) -> None:
    """app.setup_security of the current app, or of this one."""
    app = app or get_current_app()
    app.setup_security(allowed_serializers, key, key_password, cert, store, digest, serializer)
