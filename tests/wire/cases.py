"""What is recorded from real Celery and then asked of us: plain data that needs neither of the two."""

import datetime as dt
import decimal
import uuid
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any
from zoneinfo import ZoneInfo

Point = namedtuple("Point", "x y")


class Own:
    """Says itself how it is written."""

    def __json__(self) -> Any:
        return {"own": [1, dt.date(2020, 1, 2)]}


class Text(str):
    """A subclass of str."""


def cycle() -> list[Any]:
    made: list[Any] = [1]
    made.append(made)
    return made


JSON: dict[str, Any] = {
    "scalars": [None, True, False, 0, -1, 1.5, 1e100, 0.1, "text"],
    "naive datetime": dt.datetime(2020, 1, 2, 3, 4, 5, 678900),
    "datetime in UTC": dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    "datetime with an offset": dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "datetime in a zone": dt.datetime(2020, 7, 2, 3, 4, 5, tzinfo=ZoneInfo("Europe/Berlin")),
    "date": dt.date(2020, 1, 2),
    "time": dt.time(1, 2, 3),
    "time with zone": dt.time(1, 2, 3, 4, tzinfo=dt.UTC),
    "uuid": uuid.UUID("12345678-1234-4234-8234-123456789abc"),
    "decimal": decimal.Decimal("1.50"),
    "decimal NaN": decimal.Decimal("NaN"),
    "bytes that are text": b"abc\xc3\xa9",
    "bytes that are no text": b"\xff\x00",
    "no bytes": b"",
    "tuples": (1, (2, [3])),
    "named tuple": Point(1, 2),
    "keys of other types": {1: 2, None: 3, 1.5: 6, False: 0},
    "NaN and infinities": [float("nan"), float("inf"), -float("inf")],
    "big integers": [2**53, 2**63, 2**70, -(2**70)],
    "text of all kinds": 'é☃\U0001f600"\\\n\x00\x7f\u2028/',
    "lone surrogate": "\ud800",
    "own form": [Own(), {"inside": Own()}],
    "subclass of str": Text("x"),
    "ordered dict": OrderedDict(b=1, a=2),
    "nested": {"x": [dt.date(2020, 1, 1), {"y": uuid.UUID(int=1), "z": (b"\xff", decimal.Decimal(1))}]},
    "a dict that looks like a date": {"__type__": "datetime", "__value__": "2020-01-01"},
    "a dict with the type alone": {"__type__": "bytes"},
    "a dict with more than type and value": {"__type__": "bytes", "__value__": "abc", "more": 1},
    "empty things": [{}, [], (), ""],
}

JSON_REFUSED: dict[str, Any] = {
    "timedelta": dt.timedelta(days=1),
    "bytearray": bytearray(b"x"),
    "set": {1},
    "frozenset": frozenset([1]),
    "complex": 1j,
    "object": [object],
    "exception": ValueError("x"),
    "tuple as key": {(1, 2): 3},
    "date as key": {dt.date(2020, 1, 1): 1},
    "cycle": cycle(),
}

_DEEP: Any = [[[[1], 2], 3], 4]
_SHARED = [1]

# name -> (value, maxlen, maxlevels)
REPR: dict[str, tuple[Any, int, int]] = {
    f"{name} {maxlen}/{levels}": (value, maxlen, levels)
    for name, value in {
        "small": (4, 4),
        "nothing": {},
        "one": (1,),
        "quotes": ("it's", 'say "hi"', "both ' and \"", "back\\slash", "new\nline"),
        "bytes": (b"abc", b"by'tes", b"\xff\x00", b"\xc3\xa9", b"a\nb\\", b""),
        "unicode": ("é☃😀", "\u2028", "\ud800", "\xa0"),
        "numbers": (1.5, float("nan"), 2**80, -1, True, None, 1j),
        "values": (decimal.Decimal("1.5"), dt.datetime(2020, 1, 1), dt.date(2020, 1, 1), uuid.UUID(int=5)),
        "deep": (_DEEP, {"a": {"b": {"c": {"d": {}}}}}, (1, (2, (3, (4, (5,)), 6)))),
        "deep sets": [[[{1}, frozenset([1]), set(), frozenset(), (1,), ()]]],
        "sets": ({1}, frozenset([2]), set(), frozenset(), {frozenset([3])}),
        "dicts": {"a": [1], "b'": (), b"k": b"v", 1: None, (1, (2,)): {"x": []}, None: 1},
        "subclasses": (OrderedDict(a=1), defaultdict(list, a=[1]), Point(1, 2), Text("x'y"), deque([1])),
        "shared": [_SHARED, _SHARED, {"again": _SHARED}],
        "long text": ("x" * 2000, "y"),
        "long text alone": "'" * 2000,
        "long words": "word " * 500,
        "long bytes": (b"z" * 3000, 1),
        "many": list(range(1000)),
        "many pairs": {str(i): i for i in range(1000)},
        "many inside": [[["abc def"] * 200, "b"], "c"],
        "exact": ("x" * 1021, 5),
        "huge integer": (10**1100,),
        "types": (int, len, range(3), ValueError("x"), bytearray(b"x")),
    }.items()
    for maxlen, levels in ((1024, 3), (30, 3), (9, 3), (1024, 1), (64, 0))
}

ETA = dt.datetime(2031, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
NAIVE = dt.datetime(2031, 1, 2, 3, 4, 5)

# name -> (task, args, kwargs, Celery's options, fields of TaskCall that say the same)
CALLS: dict[str, tuple[str, Any, Any, dict[str, Any], dict[str, Any]]] = {
    "delay": ("add", (4, 4), {}, {}, {}),
    "kwargs": ("add", (), {"x": 1, "y": "it's é"}, {}, {}),
    "rich arguments": ("add", (dt.date(2020, 1, 2), b"\xff"), {"z": {"a": [1, {"b": (2,)}]}}, {}, {}),
    "countdown": ("add", (4, 4), {}, {"countdown": 10}, {}),
    "eta": ("add", (4, 4), {}, {"eta": ETA}, {"eta": ETA}),
    "eta without zone": ("add", (4, 4), {}, {"eta": NAIVE}, {"eta": NAIVE}),
    "eta as text": ("add", (4, 4), {}, {"eta": "2031-01-02T03:04:05Z"}, {"eta": "2031-01-02T03:04:05Z"}),
    "expires": ("add", (4, 4), {}, {"expires": 60}, {"expiration": 60}),
    "priority": ("add", (4, 4), {}, {"priority": 5}, {"priority": 5}),
    "time limits": (
        "add",
        (4, 4),
        {},
        {"time_limit": 10, "soft_time_limit": 5.5},
        {"time_limit": 10, "soft_time_limit": 5.5},
    ),
    "gzip": ("add", (4, 4), {}, {"compression": "gzip"}, {"compression": "gzip"}),
    "bzip2": ("add", (4, 4), {}, {"compression": "bzip2"}, {"compression": "bzip2"}),
    "lzma": ("add", (4, 4), {}, {"compression": "lzma"}, {"compression": "lzma"}),
    "pickle": ("add", (4, {1}), {}, {"serializer": "pickle"}, {"serializer": "pickle"}),
    "yaml": ("add", [4, "a"], {"k": [1]}, {"serializer": "yaml"}, {"serializer": "yaml"}),
    "msgpack": ("add", (4, b"\xff", 1.5), {"k": [1]}, {"serializer": "msgpack"}, {"serializer": "msgpack"}),
    "user headers": (
        "add",
        (4, 4),
        {},
        {"headers": {"tenant": "é", "when": dt.date(2020, 1, 2), "lang": "go"}},
        {"headers": {"tenant": "é", "when": dt.date(2020, 1, 2), "lang": "go"}},
    ),
    "everything": (
        "add",
        [1],
        {"y": 2},
        {
            "shadow": "other name",
            "ignore_result": True,
            "retries": 2,
            "root_id": "root",
            "parent_id": "parent",
            "group_id": "group",
            "group_index": 2,
            "replaced_task_nesting": 3,
            "delivery_mode": 1,
            "correlation_id": "corr",
            "reply_to": "reply",
            "app_id": "shop",
            "stamped_headers": ["stamp"],
            "stamp": ["s"],
        },
        {
            "shadow": "other name",
            "ignore_result": True,
            "retries": 2,
            "root_id": "root",
            "parent_id": "parent",
            "group_id": "group",
            "group_index": 2,
            "replaced_task_nesting": 3,
            "delivery_mode": 1,
            "correlation_id": "corr",
            "reply_to": "reply",
            "properties": {"app_id": "shop"},
            "stamped_headers": ["stamp"],
            "stamps": {"stamp": ["s"]},
        },
    ),
}
