"""Fixtures of all conformance tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty directory with a path short enough for a UNIX socket in it (tmp_path holds the test's whole name)."""
    with tempfile.TemporaryDirectory(prefix="celeriac-") as name:
        yield Path(name)
