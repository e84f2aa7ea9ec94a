"""The word that somebody may have meant: for the hints of error texts."""

from collections.abc import Iterable
from importlib import import_module


def near(word: str, words: Iterable[str], likeness: float = 0.6) -> str | None:
    """The most similar one, if any is similar enough."""
    # Imported when something was misspelt: every program would wait for it otherwise.
    found: list[str] = import_module("difflib").get_close_matches(word, list(words), 1, likeness)
    return found[0] if found else None
