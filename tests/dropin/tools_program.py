"""Calls small functions of celery.utils and prints what they answer: run by real Celery and by the drop-in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

from celery.app.defaults import DEFAULTS, find
from celery.app.routes import expand_router_string
from celery.platforms import EX_OK, EX_USAGE, signal_name, signals
from celery.utils import chunks, imports, nodename, nodenames, nodesplit, serialization, text, worker_direct
from celery.utils import collections as col
from celery.utils import functional as fun
from celery.utils import time as times
from celery.utils.objects import Bunch, getitem_property, mro_lookup
from celery.utils.saferepr import saferepr

Cases = dict[str, Callable[[], object]]

UTC = UTC
NOON = datetime(2024, 2, 28, 12, 30, 15, tzinfo=UTC)
HOURS, HALF = timedelta(hours=2), timedelta(minutes=30)
OSLO = times.timezone.get_timezone("Europe/Oslo")


def texts() -> Cases:
    """celery.utils.text."""
    return {
        "abbr": lambda: [
            text.abbr("hello world", 8),
            text.abbr("hi", 8),
            text.abbr("", 3),
            text.abbr("long", 2, False),
        ],
        "abbrtask": lambda: [text.abbrtask("feeds.tasks.refresh", n) for n in (12, 14, 16, 30)],
        "truncate": lambda: [text.truncate("one two three four", 10), text.truncate("short", 10)],
        "pluralize": lambda: [text.pluralize(1, "task"), text.pluralize(2, "task")],
        "str_to_list": lambda: [text.str_to_list("a, b,c"), text.str_to_list(["x"])],
        "indent": lambda: text.indent("a\nb", 2),
        "dedent": lambda: text.dedent("    a\n    b"),
        "join": lambda: text.join(["a", "", "b"]),
        "ensure_newlines": lambda: text.ensure_newlines("a\n", 2),
        "simple_format": lambda: text.simple_format("%n@%h %%", {"n": "w1", "h": "host"}),
        "saferepr": lambda: [saferepr({"a": [1, "x" * 10]}), saferepr("y" * 50, maxlen=20)],
    }


def functions() -> Cases:
    """celery.utils.functional."""
    remembered = fun.memoize(maxsize=2)(lambda x: x * 2)
    lru = fun.LRUCache(limit=2)
    lru.update({"a": 1, "b": 2})
    lru["c"] = lru["a"]
    return {
        "chunks": lambda: list(chunks(iter(range(5)), 2)),
        "padlist": lambda: [fun.padlist([1, 2], 3), fun.padlist([1, 2, 3], 2)],
        "uniq": lambda: list(fun.uniq([1, 2, 1, 3])),
        "first": lambda: [fun.first(None, [None, 1]), fun.first(lambda x: x > 1, [1, 2, 3])],
        "firstmethod": lambda: fun.firstmethod("get")([{}, {"k": 2}], "k"),
        "regen": lambda: (lambda r: [list(r), list(r), r[1], len(r)])(fun.regen(iter([1, 2, 3]))),
        "maybe_list": lambda: [fun.maybe_list(None), fun.maybe_list("a"), fun.maybe_list([1])],
        "is_list": lambda: [fun.is_list([1]), fun.is_list("a"), fun.is_list({})],
        "dictfilter": lambda: fun.dictfilter({"a": None, "b": 1}, c=None),
        "mattrgetter": lambda: fun.mattrgetter("a", "b")(Bunch(a=1)),
        "fun_accepts_kwargs": lambda: [fun.fun_accepts_kwargs(lambda a: a), fun.fun_accepts_kwargs(lambda **k: k)],
        "memoize": lambda: [remembered(1), remembered(1), remembered.hits, remembered.misses],
        "lru": lambda: [sorted(lru), lru.get("b")],
        "mlazy": lambda: (lambda m: [m(), m(), m.evaluated])(fun.mlazy(partial(max, 1, 2))),
        "seq_concat": lambda: [fun.seq_concat_item((1,), 2), fun.seq_concat_seq([1], (2,))],
        "lookahead": lambda: list(fun.lookahead([1, 2, 3])),
    }


def holders() -> Cases:
    """celery.utils.collections and .objects."""

    class Keyed(dict):
        deep = getitem_property("x.y")

    limited, buffer, keyed = col.LimitedSet(maxlen=3), col.BufferMap(4), Keyed(x={"y": 1})
    for number in range(6):
        limited.add(number, now=float(number))
        buffer.put(number % 2, number)
    keyed.deep = 5
    view = col.ConfigurationView({"a": 1}, [{"a": 2, "b": 3}])
    view.b = 4
    return {
        "limited_set": lambda: [sorted(limited), 0 in limited, len(limited)],
        "buffer_map": lambda: [buffer.take(0), buffer.take(1), buffer.take(5, "none")],
        "lpmerge": lambda: col.lpmerge({"a": 1, "b": 2}, {"a": None, "b": 3}),
        "attribute_dict": lambda: col.AttributeDict(a=1).a,
        "dict_attribute": lambda: col.DictAttribute(Bunch(a=1))["a"],
        "configuration_view": lambda: [view.a, view["b"], view.get("c")],
        "getitem_property": lambda: [keyed.deep, keyed["x"]],
        "mro_lookup": lambda: mro_lookup(type("B", (Keyed,), {}), "deep").__name__,
    }


def names() -> Cases:
    """Names of nodes, objects, signals and settings."""
    direct = worker_direct("w@h")
    by_name = imports.symbol_by_name
    return {
        "nodes": lambda: [nodename("a", "b"), nodesplit("a@b"), nodesplit("b"), nodenames.default_nodename("w@h")],
        "host_format": lambda: nodenames.host_format("%n.%d.%h", "box.example.com"),
        "node_format": lambda: nodenames.node_format("%n-%h", "w@box"),
        "worker_direct": lambda: [direct.name, direct.routing_key, direct.exchange.name, direct.auto_delete],
        "symbol_by_name": lambda: by_name("json:dumps").__name__,
        "symbol_dotted": lambda: by_name("json.decoder.JSONDecoder").__name__,
        "symbol_alias": lambda: by_name("short", {"short": "json:loads"}).__name__,
        "symbol_default": lambda: by_name("nowhere:thing", default=7),
        "symbol_missing": lambda: by_name("nowhere:thing"),
        "qualname": lambda: [imports.qualname(json.JSONDecoder), imports.qualname(json.dumps)],
        "instantiate": lambda: imports.instantiate("datetime:timedelta", seconds=3).total_seconds(),
        "strtobool": lambda: [serialization.strtobool(word) for word in ("yes", "0", 3)],
        "strtobool_wrong": lambda: serialization.strtobool("perhaps"),
        "subclass_exception": lambda: serialization.subclass_exception("X", KeyError, "mod").__module__,
        "pickleable": lambda: type(serialization.get_pickleable_exception(KeyError("a"))).__name__,
        "signals": lambda: [signals.signum("TERM"), signal_name(15), signals.supported("NOSUCH"), EX_OK, EX_USAGE],
        "defaults": lambda: [DEFAULTS["task_acks_late"], DEFAULTS["worker_prefetch_multiplier"]],
        "find": lambda: [find(name)[:2] for name in ("task_acks_late", "acks_late", "timezone")],
        "find_wrong": lambda: find("no_such_setting"),
        "router": lambda: expand_router_string("json.dumps").__name__,
    }


def moments() -> Cases:
    """celery.utils.time; moments are compared as moments."""
    early = datetime(2024, 1, 1)
    units = (timedelta(days=2), timedelta(hours=3), timedelta(minutes=4), timedelta(seconds=5))
    return {
        "rate": lambda: [times.rate(value) for value in ("10/m", "5", 3, None, "120/h")],
        "weekday": lambda: [times.weekday("monday"), times.weekday("sun")],
        "weekday_wrong": lambda: times.weekday("noday"),
        "humanize": lambda: [times.humanize_seconds(s) for s in (0, 0.5, 1, 59.5, 61, 3600, 90000)],
        "humanize_prefix": lambda: times.humanize_seconds(20, prefix="in", sep=" "),
        "timedelta": lambda: [times.maybe_timedelta(value) for value in (3, timedelta(days=1), None)],
        "resolution": lambda: [times.delta_resolution(NOON, unit) for unit in units],
        "remaining": lambda: times.remaining(NOON, HOURS, NOON + HALF),
        "remaining_relative": lambda: times.remaining(NOON, HOURS, NOON + HALF, relative=True),
        "naive": lambda: [times.is_naive(NOON), times.is_naive(early)],
        "aware": lambda: [
            times.maybe_make_aware(NOON),
            times.make_aware(early, UTC),
            times.maybe_make_aware(early, UTC),
        ],
        "localize": lambda: times.localize(NOON, timezone(HOURS)).timestamp(),
        "to_utc": lambda: times.to_utc(early),
        "iso": lambda: [times.maybe_iso8601("2024-02-28T12:30:15+00:00"), times.maybe_iso8601(None)],
        "zones": lambda: [str(OSLO), times.timezone.to_local(NOON, local=OSLO).timestamp()],
        "ffwd": lambda: [NOON + times.ffwd(hour=3, minute=0), NOON + times.ffwd(weeks=1), early + times.ffwd(month=2)],
        "ffwd_weekday": lambda: [NOON + times.ffwd(day=31, weekday=number) for number in (0, 1, 6)],
        "backoff": lambda: [times.get_exponential_backoff_interval(2, n, 20) for n in range(6)],
        "adjust": lambda: times.adjust_timestamp(100.0, 2, here=lambda: 1),
    }


def _answer(case: Callable[[], object]) -> object:
    try:
        return case()
    except Exception as exc:
        return type(exc).__name__


if __name__ == "__main__":
    cases = {**texts(), **functions(), **holders(), **names(), **moments()}
    print(json.dumps({name: _answer(case) for name, case in cases.items()}, default=str, indent=1))
