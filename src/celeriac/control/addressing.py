"""Whether a command is meant for a node: by its name, or by a pattern that fits it."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

# A pattern that no name fits: it means our workers, and Celery's pass it by.
OURS: Final = "workers of celeriac"


def is_meant_for(hostname: str, body: Mapping[str, Any]) -> bool:
    """Raises re.error for a pattern that is none, TypeError for what is no command."""
    destination, pattern = body.get("destination"), body.get("pattern")
    if destination and hostname not in destination:
        return False
    if pattern == OURS:
        return True
    if pattern and body.get("matcher") == "pcre":
        return re.match(pattern, hostname) is not None
    if pattern and body.get("matcher"):
        return fnmatchcase(hostname, pattern)
    return True
