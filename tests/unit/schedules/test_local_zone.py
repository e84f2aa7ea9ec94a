"""Without `enable_utc` and `timezone` schedules go by the machine's clock, summer and winter."""

import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime

from celeriac.schedules.local import LOCAL_ZONE

PROGRAM = """
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
from celeriac import Celeriac
from celeriac.schedules import crontab, upcoming

with Celeriac("local") as app:
    app.conf.update(enable_utc=False, timezone=None)
    nightly = crontab(30, 2, app=app)
    for start in (datetime(2026, 3, 28), datetime(2026, 10, 24)):
        for due in upcoming(nightly, start, 3):
            print(due.isoformat())
    moment = datetime(2026, 10, 24, 12, tzinfo=UTC)
    for _ in range(48):
        moment += timedelta(minutes=30)
        here, berlin = moment.astimezone(app.timezone), moment.astimezone(ZoneInfo("Europe/Berlin"))
        assert (here.isoformat(), here.fold) == (berlin.isoformat(), berlin.fold)
        assert here.astimezone(UTC) == moment
"""


def test_a_crontab_goes_by_the_machines_clock_across_its_changes() -> None:
    # The rule of central Europe, spelt out: not every machine has the names of zones.
    environment = {**os.environ, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
        "2026-10-24T02:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_there_is_one_local_zone() -> None:
    assert pickle.loads(pickle.dumps(LOCAL_ZONE)) == LOCAL_ZONE
    assert hash(LOCAL_ZONE) == hash(pickle.loads(pickle.dumps(LOCAL_ZONE)))
    assert LOCAL_ZONE.utcoffset(None) is None
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(LOCAL_ZONE).tzname()
