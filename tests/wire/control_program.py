"""The program whose Celery worker is recorded by record_control.py; tests/scenarios/control/program.py is its twin."""

import os
import time

from celery import Celery

app = Celery("control", broker=os.environ["CONTROL_URL"], backend=os.environ["CONTROL_URL"])
app.conf.worker_pool_restarts = os.environ.get("CONTROL_RESTARTS") != "no"


@app.task(name="control.sleep")
def sleep(seconds):
    time.sleep(seconds)


@app.task(name="control.add", rate_limit="10/m")
def add(x, y=0):
    return x + y
