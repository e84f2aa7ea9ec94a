"""An app of tasks that wait without a thread: thousands of them at once, for the asyncio pool."""

import asyncio
import os

from configuration import settings
from counter import Tally

from celeriac import Celeriac

app = Celeriac("sleepers")
app.conf.update(settings())
tally = Tally(os.environ["BENCH_TALLY"])


@app.task(name="bench.noop")
async def noop():
    await asyncio.sleep(1)
    tally.ran()
