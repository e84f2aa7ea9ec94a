"""The measured app on Celery; `ours.py` and `theirs.py` differ in one import and one name."""

import os
import time

from celery import Celery
from configuration import settings
from counter import Tally

app = Celery("bench")
app.conf.update(settings())
tally = Tally(os.environ["BENCH_TALLY"])


@app.task(name="bench.noop")
def noop():
    tally.ran()


@app.task(name="bench.nap")
def nap():
    time.sleep(0.01)
    tally.ran()
