"""Workflows of any shape, run by a worker: they come to what evaluating them directly says, and none hangs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from celeriac import Celeriac
from celeriac.states import FAILURE, SUCCESS
from modelled.workflows import Failed, Workflow, any_end, built, expected, register
from servers.redis_server import RedisServer

from .workers.running import worker

TIMEOUT = 60


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Celeriac]:
    """A client of a worker of the modelled tasks, with four threads."""
    home: Path = tmp_path_factory.mktemp("modelled")
    server = RedisServer().start() if request.param == "redis" else None
    url = server.url if server is not None else f"sqlite:///{home}/store.sqlite3"
    try:
        with (
            Celeriac("modelled", broker=url, backend=url, set_as_current=False) as client,
            worker(home, "modelled.program", "-P", "threads", "-c", "4", environment={"MODELLED_STORE": url}),
        ):
            register(client)
            yield client
    finally:
        if server is not None:
            server.__exit__(None, None, None)


# In batches, for the worker is quicker than one round trip after the other.
@settings(max_examples=25, deadline=None, derandomize=True)
@given(flows=st.lists(any_end, min_size=15, max_size=15))
def test_workflows_come_to_what_their_parts_come_to(app: Celeriac, flows: list[Workflow]) -> None:
    sent = [built(app, flow).apply_async() for flow in flows]
    for flow, result in zip(flows, sent, strict=True):
        came = result.get(timeout=TIMEOUT, propagate=False)
        ends = {leaf.state for leaf in leaves(result)}
        try:
            value = expected(flow)
        except Failed:
            assert FAILURE in ends, flow
        else:
            assert (came, ends) == (value, {SUCCESS}), flow


def leaves(result: Any) -> list[Any]:
    """The results of single tasks."""
    inner = getattr(result, "results", None)
    return [result] if inner is None else [leaf for one in inner for leaf in leaves(one)]
