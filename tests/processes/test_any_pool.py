"""What holds on every pool, wherever its runs are."""

import pytest

from celeriac.core.outcome import Ending

from .driving import Drive, drive

every = pytest.mark.parametrize("name", ["prefork", "solo", "threads", "asyncio"])


@every
def test_the_soft_limit_is_raised_in_the_body(name):
    async def play(d: Drive) -> None:
        run = await d.send("clean_up 20")
        await d.begin(run)
        assert d.pool.soft_stop(run)
        (outcome,) = await d.end(run)
        assert outcome.result == "cleaned up"
        assert not d.pool.soft_stop(run)
        assert await d.say("clean_up 0.3") == "no limit came"

    drive(name, play, concurrency=1)


@every
def test_a_soft_limit_at_the_end_of_a_run_never_hits_the_next(name):
    async def play(d: Drive) -> None:
        for _ in range(100):
            run, following = await d.send("sleep 0.001"), await d.send("sleep 0.003")
            await d.told.until(lambda run=run: run in d.told.ends or d.pool.soft_stop(run), 0)
            _, after = await d.end(run, following)
            assert after.ending is Ending.RETURNED

    drive(name, play, concurrency=1)
