"""What Celery and Celeriac are both asked about schedules; record.py imports it under Celery, so it imports neither."""

FIELDS = {"minute": (60, 0), "hour": (24, 0), "day_of_week": (7, 0), "day_of_month": (31, 1), "month_of_year": (12, 1)}

TEXTS = [
    *("*", "*/15", "*/1", "*/61", "*/0", "5", "05", "1-5", "1-30/3", "5,10", "1,1", "*,5", "3-3", "10-5", "59-0/2"),
    *("mon", "MON", "Monday", "sund", "jan", "fri-mon", "mon-fri/2", "jan-mar", "mon,wed-fri", "6-2/3", "dec-feb"),
    *("60", "61-5", "5-61", "-1", "*-3", "1-", "1--2", "1-2-3", "1 -3", "0/5", "5/15", "3-5/0", "1-5/x", "*/-2", "*/"),
    *("", " ", ",", "1,", ",1", " 1 , 2", "a", "L", "?", "1.5", "#", "@daily", "1;2", "0", "7", "12", "13", "31", "32"),
]

# keyword arguments of crontab, as they are written in Python
CRONTABS = [
    *("{}", "{'minute': 0}", "{'minute': '0', 'hour': '*/3,8-17'}", "{'minute': [1, 2], 'hour': {3, 4}}"),
    *("{'minute': (1,)}", "{'minute': range(3)}", "{'minute': frozenset([1])}", "{'minute': True}"),
    *("{'minute': 60}", "{'minute': -1}", "{'minute': [60]}", "{'minute': 1.5}", "{'minute': None}"),
    *("{'minute': ['1', '2']}", "{'minute': ['a']}", "{'minute': b'1'}", "{'minute': []}", "{'minute': 'x'}"),
    *("{'minute': object()}", "{'hour': 24}", "{'day_of_week': 7}", "{'day_of_week': '7'}"),
    *("{'day_of_week': 'sun,mon'}", "{'day_of_week': 'fri-mon'}", "{'day_of_week': 'jan'}", "{'minute': 'mon'}"),
    *("{'month_of_year': 'dec'}", "{'month_of_year': 'sun'}", "{'month_of_year': 'fri'}", "{'day_of_month': 'tue'}"),
    *("{'month_of_year': 0}", "{'month_of_year': 13}", "{'day_of_month': 0}", "{'day_of_month': 32}"),
    *("{'day_of_month': 31, 'month_of_year': 2}", "{'day_of_month': 31, 'month_of_year': '2,4'}"),
    *("{'day_of_month': 29, 'month_of_year': 2}", "{'day_of_month': '30-31', 'month_of_year': '2,4'}"),
    *("{'day_of_month': '30,31', 'month_of_year': 'feb'}", "{'day_of_month': 30, 'month_of_year': 'feb-apr'}"),
]

LINES = [
    *("* * * * *", "0 4 * * mon", "1 2 3 4 5", "*/5 0-6 1,15 jan-mar sun", "* * * *", "* * * * * *", ""),
    *("@daily", "  1   2 3 4 5 ", "1\t2 * * *"),
]

# expressions whose next times are asked for, (minute, hour, day_of_week, day_of_month, month_of_year)
DUE = [
    *(("*", "*", "*", "*", "*"), ("*/7", "*", "*", "*", "*"), ("0", "*", "*", "*", "*"), ("30", "4", "*", "*", "*")),
    *(("0", "*/6", "*", "*", "*"), ("15,45", "8-17", "mon-fri", "*", "*"), ("0", "0", "*", "1", "*")),
    *(("0", "12", "*", "31", "*"), ("0", "12", "*", "29", "2"), ("0", "0", "fri", "13", "*")),
    *(("59", "23", "*", "31", "12"), ("5", "1", "sun", "1-7", "*/3"), ("*/10", "0", "sat", "*", "jun-aug")),
]
STARTS = ["2026-07-01T12:34:56+00:00", "2024-02-28T23:59:59+00:00", "2027-12-31T23:59:00+00:00"]

# the same around a change of the clock: zone, moment (UTC) from which on, how many times
CHANGES = [
    ("Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-30T12:00:00+00:00"),
    ("Europe/Berlin", "2026-10-24T12:00:00+00:00", "2026-10-26T12:00:00+00:00"),
    ("America/New_York", "2026-03-07T12:00:00+00:00", "2026-03-09T12:00:00+00:00"),
    ("America/New_York", "2026-10-31T12:00:00+00:00", "2026-11-02T12:00:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-04T03:00:00+00:00", "2026-04-05T12:00:00+00:00"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-03T03:00:00+00:00", "2026-10-04T12:00:00+00:00"),
    ("America/Havana", "2026-03-07T18:00:00+00:00", "2026-03-09T12:00:00+00:00"),  # at midnight
    ("America/Havana", "2026-10-31T18:00:00+00:00", "2026-11-02T12:00:00+00:00"),
]
AT_CHANGES = [
    *(("30", "2", "*", "*", "*"), ("30", "1", "*", "*", "*"), ("0", "*", "*", "*", "*"), ("0", "4", "*", "*", "*")),
    *(
        ("0", "0", "*", "*", "*"),
        ("30", "0", "sun", "*", "*"),
        ("*/15", "*", "*", "*", "*"),
        ("*/20", "1,2", "*", "*", "*"),
    ),
]

# seconds, relative, last run, now
INTERVALS = [
    (every, relative, "2026-07-01T12:30:10.500000+00:00", now)
    for every in (0.5, 1, 30, 61, 90, 300, 3600, 5400, 18000, 86400, 100000, 259200)
    for relative in (False, True)
    for now in ("2026-07-01T12:30:11.500000+00:00", "2026-07-01T12:34:56.789000+00:00", "2026-07-09T00:00:00+00:00")
]

# deadline, last run, now; of a crontab at 12:00
DEADLINES = [
    (deadline, last, now)
    for deadline in (None, 0, 60, 600)
    for last in ("2026-06-20T12:00:01+00:00", "2026-06-30T12:00:01+00:00")
    for now in (
        *("2026-07-01T11:59:59.500000+00:00", "2026-07-01T12:00:00+00:00", "2026-07-01T12:00:30+00:00"),
        *("2026-07-01T12:05:00+00:00", "2026-07-01T13:00:00+00:00"),
    )
]

EVENTS = [
    *("dawn_astronomical", "dawn_nautical", "dawn_civil", "sunrise", "solar_noon"),
    *("sunset", "dusk_civil", "dusk_nautical", "dusk_astronomical"),
]
PLACES = [(52.52, 13.405), (-37.81, 144.96), (0, 0), (40.7, -74), (69.65, 18.96), (64.1, -21.9), (-77.85, 166.67)]
DAYS = ["2026-01-05T00:00:00+00:00", "2026-06-01T15:30:00+00:00", "2026-09-22T06:00:00+00:00"]
