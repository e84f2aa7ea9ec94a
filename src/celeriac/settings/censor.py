"""Makes settings fit to be shown: passwords and secrets are masked, also inside URLs and nested values."""

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "********"

# A password may hold "/" or "@" by mistake, so it ends at the last "@" before the URL does.
_USER_INFO = re.compile(r"(://[^:@/;\s]*):([^;\s]*)@")
_QUERY = re.compile(r"([?&;](?:\w*(?:password|secret|token)\w*|passwd|pass|pwd)=)[^&;\s]*", re.IGNORECASE)
_SECRET_WORDS = frozenset(
    {"password", "passwd", "passphrase", "pass", "pwd", "secret", "secrets", "token", "apikey", "credential"}
)
# "key" alone is too common (routing_key, key_prefix): only these are secrets.
_SECRET_KEYS = re.compile(
    r"(?:^|_)(?:(?:api|access|secret|private|account|signing|encryption|auth)_?key|security_key)$"
)


def mask_url(text: str) -> str:
    """The same text with the password of every URL in it masked."""
    return _QUERY.sub(rf"\1{MASK}", _USER_INFO.sub(rf"\1:{MASK}@", text))


def is_secret(name: str) -> bool:
    """True for names whose values must not be shown."""
    lower = name.lower()
    return not _SECRET_WORDS.isdisjoint(re.split(r"[_\-. ]", lower)) or bool(_SECRET_KEYS.search(lower))


def censored(name: str, value: Any) -> Any:
    """The value, fit to be shown."""
    if value and is_secret(name):
        return MASK
    if isinstance(value, str):
        return mask_url(value)
    if isinstance(value, Mapping):
        return {key: censored(str(key), one) for key, one in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(censored("", one) for one in value)
    return value


def shown(name: str, value: Any, limit: int = 100) -> str:
    """repr of the censored value, shortened."""
    text = repr(censored(name, value))
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
