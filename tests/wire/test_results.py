"""Result documents and exceptions: as Celery stores them, and read without running anything."""

import json as stdlib
import sys
import types
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celeriac.core import errors
from celeriac.core.errors import ContentDisallowed, DecodeError, EncodeError, Retry, SecurityError
from celeriac.wire import exceptions, results, serializers
from celeriac.wire.results import Extended, Meta

from . import cases, vectors

RECORDED = vectors.load("results")
EXCEPTIONS = vectors.load("exceptions")

_KNOWN = {"group_id": "g", "parent_id": "p"}
STATES = {
    "success": {"state": "SUCCESS", "result": 4, "children": None},
    "success text": {"state": "SUCCESS", "result": "é\n"},
    "success rich": {"state": "SUCCESS", "result": {"d": cases.dt.date(2020, 1, 2), "l": [1.5, None, True]}},
    "failure": {"state": "FAILURE", "result": ValueError("x", 5), "traceback": "Traceback ...", **_KNOWN},
    "retry": {"state": "RETRY", "result": Retry("m", ValueError("z"), 5), "traceback": "Traceback ...", **_KNOWN},
    "revoked": {"state": "REVOKED", "result": errors.TaskRevokedError("terminated"), "children": None},
    "started": {"state": "STARTED", "result": {"pid": 1, "hostname": "h"}, **_KNOWN},
    "custom": {"state": "PROGRESS", "result": {"done": 5}, **_KNOWN},
}
FULL = Extended("add", [1], {"a": 2}, "h", 1, "rk", ["foo"], {"foo": ["bar"]})
EMPTY = Extended(retries=0)


def _now(raw):
    done = stdlib.loads(raw)["date_done"]
    return 0.0 if done is None else cases.dt.datetime.fromisoformat(done).timestamp()


def _meta(name, raw):
    fields = STATES[name.removesuffix(" extended")]
    extended = None
    if name.endswith(" extended") and fields.get("children", ()) is not None:
        extended = FULL if "group_id" in fields else EMPTY
    return Meta("tid", now=_now(raw), extended=extended, **fields)


@pytest.mark.parametrize("name", RECORDED)
def test_writes_the_bytes_that_celery_stores(name):
    assert results.encode(_meta(name, RECORDED[name])).decode() == RECORDED[name]


@pytest.mark.parametrize("name", RECORDED)
def test_the_document_is_the_same_whichever_way_it_is_made(name):
    meta = _meta(name, RECORDED[name])
    assert serializers.dumps(results.document(meta))[2] == results.encode(meta)


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml", "msgpack"])
def test_a_result_comes_back_from_every_serializer(serializer):
    meta = Meta("t", "SUCCESS", {"a": [1, "é", None]}, children=[[["c", None], None]], now=1.5, group_id="g")
    back = results.decode(results.encode(meta, serializer), serializer)
    assert back["result"] == {"a": [1, "é", None]}
    assert back["children"] == [[["c", None], None]]
    assert back["date_done"] == "1970-01-01T00:00:01.500000+00:00"


def test_a_compressed_result_comes_back():
    payload = results.encode(Meta("t", "SUCCESS", "x" * 1000), compress="gzip")
    assert payload.startswith(b"\x00celery-compressed\x00application/x-gzip\x00")
    assert results.decode(payload)["result"] == "x" * 1000


@given(st.integers(0, 4_000_000_000), st.integers(0, 999_999))
def test_date_done_is_what_isoformat_says(second, micro):
    expected = cases.dt.datetime.fromtimestamp(second, cases.dt.UTC).replace(microsecond=micro).isoformat()
    assert results.date_done(second + micro / 1_000_000) == expected


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=3),
    st.text(),
)
def test_the_fast_way_writes_what_the_dialect_writes(value, id):
    meta = Meta(id, "SUCCESS", value, now=1.0)
    assert results.encode(meta) == serializers.dumps(results.document(meta))[2]


def test_a_result_that_cannot_be_written_is_an_encode_error():
    with pytest.raises(EncodeError, match="object"):
        results.encode(Meta("t", "SUCCESS", object()))


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"status": 5}', b"\x00", b"\xff", b'{"status": "SUCCESS"'])
def test_a_damaged_document_is_a_decode_error(payload):
    with pytest.raises(DecodeError):
        results.decode(payload)


def test_a_pickled_result_is_not_read_unless_accepted():
    payload = results.encode(Meta("t", "SUCCESS", 1), "pickle")
    with pytest.raises(ContentDisallowed):
        results.decode(payload, "pickle", frozenset({"application/json"}))


def test_a_group_is_kept_as_celery_keeps_it():
    tree = (("g", None), [(("a", None), None)])
    payload = results.encode_group(tree)
    assert payload == b'{"result": [["g", null], [[["a", null], null]]]}'
    assert results.decode_group(payload) == [["g", None], [[["a", None], None]]]
    assert results.decode_group(results.encode_group(tree, compress="gzip"))[0] == ["g", None]


class Local(Exception):
    pass


class Peculiar(Exception):
    """Wants other arguments than it keeps."""

    def __init__(self, code, *, reason):
        super().__init__(code)
        self.reason = reason


class Unpicklable(Exception):
    def __reduce__(self):
        raise TypeError("no")


def _raised(name):
    class Local(Exception):
        pass

    return {
        "ValueError": ValueError("x"),
        "no arguments": KeyError(),
        "rich": ValueError(5, cases.dt.date(2020, 1, 1), None, (1, [2]), b"y", {"x": 1}),
        "unwritable": ValueError(ValueError("inner"), {1}),
        "OSError": OSError(2, "No such file"),
        "ExceptionGroup": ExceptionGroup("g", [ValueError(1)]),
        "local": Local("loc"),
        "Retry": Retry("m", ValueError("z"), when=5),
        "ChordError": errors.ChordError("Dependency x raised y"),
        "SoftTimeLimitExceeded": errors.SoftTimeLimitExceeded(5),
        "NotRegistered": errors.NotRegistered("n"),
        "SystemExit": SystemExit(3),
    }[name]


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_written_as_celery_writes_it(name):
    recorded = stdlib.loads(EXCEPTIONS[name])
    made = stdlib.loads(serializers.dumps(exceptions.to_document(_raised(name)))[2])
    if name == "local":
        assert made.pop("exc_type").endswith(".<locals>.Local")
        assert recorded.pop("exc_type").endswith(".<locals>.Local")
        assert (made.pop("exc_module"), recorded.pop("exc_module")) == (__name__, "__main__")
    assert made == recorded


@pytest.mark.parametrize("name", ["Retry", "ChordError", "SoftTimeLimitExceeded", "NotRegistered"])
def test_errors_of_celery_are_read_as_ours(name):
    back = exceptions.from_document(serializers.loads(EXCEPTIONS[name].encode(), "application/json"))
    assert type(back) is getattr(errors, name)


def test_every_public_error_of_ours_comes_back_as_itself():
    for name, cls in vars(errors).items():
        if isinstance(cls, type) and issubclass(cls, BaseException) and cls.__module__ == errors.__name__:
            back = exceptions.from_document(exceptions.to_document(cls("x")))
            assert type(back) is cls, name


def test_a_loaded_class_comes_back_as_itself():
    back = exceptions.from_document(exceptions.to_document(Local("x", 5)))
    assert type(back) is Local
    assert back.args == ("x", 5)


def test_a_class_that_is_not_loaded_becomes_an_exception_of_its_name():
    assert "wave" not in sys.modules
    back = exceptions.from_document({"exc_type": "Error", "exc_message": ["a"], "exc_module": "wave"})
    assert (type(back).__name__, type(back).__module__, type(back).__bases__) == ("Error", "wave", (Exception,))
    assert str(back) == "a"
    assert "wave" not in sys.modules


def test_a_constructor_that_wants_more_does_not_lose_the_type():
    back = exceptions.from_document(exceptions.to_document(Peculiar(5, reason="r")))
    assert type(back) is Peculiar
    assert back.args == (5,)


def test_a_built_in_that_cannot_be_made_again_says_what_it_was():
    document = {"exc_type": "UnicodeDecodeError", "exc_message": ["a"], "exc_module": "builtins"}
    back = exceptions.from_document(document)
    assert type(back) is Exception
    assert str(back) == "<class 'UnicodeDecodeError'>(['a'])"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "int"),
        ("builtins", "__import__"),
        ("builtins", "print"),
        ("sys", "exit"),
        ("os", "path"),
        ("os", "environ"),
    ],
)
def test_what_is_no_exception_is_refused(module, name):
    with pytest.raises(SecurityError, match=f"Expected an exception class, got {module}.{name}"):
        exceptions.from_document({"exc_type": name, "exc_message": ["x"], "exc_module": module})


def test_every_name_in_builtins_is_an_exception_or_refused():
    for name in dir(__builtins__) if isinstance(__builtins__, types.ModuleType) else __builtins__:
        document = {"exc_type": name, "exc_message": ["x"], "exc_module": "builtins"}
        try:
            back = exceptions.from_document(document)
        except SecurityError:
            continue
        assert isinstance(back, BaseException)


def test_attribute_hooks_are_never_run(monkeypatch):
    ran = []
    module = types.ModuleType("lazy_module")
    module.__getattr__ = lambda name: ran.append(name) or ValueError

    class Meta(type):
        def __getattr__(cls, name):
            ran.append(name)
            return ValueError

    class Outer(metaclass=Meta):
        @property
        def inner(self):
            ran.append("property")

    module.Outer = Outer
    monkeypatch.setitem(sys.modules, "lazy_module", module)
    for name in ("Missing", "Outer.missing", "Outer.deep.er"):
        back = exceptions.from_document({"exc_type": name, "exc_message": [], "exc_module": "lazy_module"})
        assert type(back).__bases__ == (Exception,)
    with pytest.raises(SecurityError):
        exceptions.from_document({"exc_type": "Outer.inner", "exc_message": [], "exc_module": "lazy_module"})
    assert ran == []


@given(
    st.dictionaries(
        st.sampled_from(["exc_type", "exc_message", "exc_module"]),
        st.none()
        | st.text(max_size=5)
        | st.integers()
        | st.lists(st.text(max_size=3), max_size=2)
        | st.sampled_from(["builtins", "os", "ValueError", "system", "KeyError", "a.b", ".", "__doc__"]),
    )
)
def test_any_document_is_an_exception_or_refused(document):
    try:
        back = exceptions.from_document(document)
    except SecurityError:
        return
    assert back is None if not document else isinstance(back, BaseException)


def test_a_failure_that_is_no_exception_document_is_still_a_failure():
    back = results.decode(b'{"status": "FAILURE", "result": "it broke"}')
    assert isinstance(back["result"], Exception)
    assert str(back["result"]) == "it broke"


def test_pickle_keeps_the_exception_itself_where_it_can():
    payload = results.encode(Meta("t", "FAILURE", KeyError("k")), "pickle")
    assert type(results.decode(payload, "pickle")["result"]) is KeyError
    payload = results.encode(Meta("t", "FAILURE", Unpicklable("q")), "pickle")
    back = results.decode(payload, "pickle")["result"]
    assert (type(back), back.args) == (Unpicklable, ("q",))


def test_a_result_bomb_is_refused():
    blob = b"\x00celery-compressed\x00application/x-gzip\x00" + zlib.compress(bytes(300 * 1024 * 1024), 1)
    with pytest.raises(DecodeError, match="more than"):
        results.decode(blob)
