"""Children that start from a fresh interpreter and load the app themselves."""

import pytest

from celeriac.core.errors import ImproperlyConfigured
from celeriac.pools.prefork import PreforkPool

from .driving import PATIENCE, Drive, drive, settings

SPAWN = {
    "start_method": "spawn",
    "entry": f"{__package__}.words:spawned_settings",
    "entry_argument": "the argument",
}


@pytest.mark.parametrize("name", ["prefork", "threads", "asyncio"])
def test_spawned_children_work_die_and_are_limited_like_forked_ones(name):
    async def play(d: Drive) -> None:
        assert await d.say("echo on") == "on"
        run = await d.send("clean_up 20")
        await d.begin(run)
        assert d.pool.soft_stop(run)
        (outcome,) = await d.end(run)
        assert outcome.result == "cleaned up"
        assert (await d.loss(await d.send("kill 9")))[0] == -9
        big = await d.send("length " + "x" * 200_000)
        assert (await d.end(big))[0].result == "200000"
        assert await d.pool.stop(d.loop_time(PATIENCE))

    drive(name, play, concurrency=1, **SPAWN)


def test_a_program_started_by_a_spawned_child_has_the_default_handlers():
    async def play(d: Drive) -> None:
        assert await d.say("program") == "SIG_DFL default_int_handler"

    drive("prefork", play, concurrency=1, **SPAWN)


def test_spawn_without_an_entry_is_refused():
    with pytest.raises(ImproperlyConfigured, match="needs an entry"):
        PreforkPool(settings(start_method="spawn"))


def test_an_unknown_start_method_is_refused():
    with pytest.raises(ImproperlyConfigured, match="'fork' or 'spawn', not 'teleport'"):
        PreforkPool(settings(start_method="teleport"))
