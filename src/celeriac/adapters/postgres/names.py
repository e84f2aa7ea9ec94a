"""Names as columns can hold them: text without NUL, short enough for an index. Ids of tasks may be anything."""

import hashlib
from typing import Final

_LONGEST: Final = 800  # bytes: an index takes some 2700, and there are names of two parts


def storable(name: str) -> bool:
    """True if a column can hold it as it is."""
    try:
        return len(name) <= _LONGEST and len(name.encode()) <= _LONGEST and "\0" not in name
    except UnicodeEncodeError:  # half a character
        return False


def key(id: str) -> str:
    """What stands for an id in a column: nearly always the id itself."""
    return id if storable(id) else "sha256/" + hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()
