"""An app whose results are in memory."""

from collections.abc import Iterator
from itertools import count

import pytest

from celeriac import Celeriac

_numbers = count()


@pytest.fixture
def app() -> Iterator[Celeriac]:
    url = f"memory://result-{next(_numbers)}"
    with Celeriac("proj", broker=url, backend=url) as made:
        yield made
