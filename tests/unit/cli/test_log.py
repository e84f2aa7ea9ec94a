"""A worker's log: formats, task names, files, and what programs print."""

import io
import json
import logging
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core import signals
from celeriac.core.delivery import Delivery
from celeriac.core.message import Message
from celeriac.current import Context, pop_task, push_task
from celeriac.current.stack import pop_request, push_request
from celeriac.execution import texts
from celeriac.execution.opening import Opener
from celeriac.log import TASK_LOGGER, get_task_logger
from celeriac.wire import envelope
from celeriac.worker import log, received
from celeriac.worker.log import LogFile, LoggingProxy, LogOptions

# a terminal, the setting, a file -> colours
COLORS = [
    (True, None, False, True),
    (True, True, False, True),
    (True, False, False, False),
    (True, True, True, False),
    (False, True, False, False),
]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """setup() changes the process's loggers."""
    root, tasks, name = logging.getLogger(), logging.getLogger(TASK_LOGGER), multiprocessing.current_process().name
    kept = [(one, one.handlers[:], one.level, one.propagate) for one in (root, tasks)]
    yield
    for logger, handlers, level, propagate in kept:
        for handler in logger.handlers:
            if handler not in handlers:
                handler.close()
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
    multiprocessing.current_process().name = name


def setup(path: Path, **conf: Any) -> Celeriac:
    app = Celeriac("proj", broker="memory://", set_as_current=False, **conf)
    log.setup(app.conf, LogOptions(logging.INFO, str(path), "w@h"))
    return app


def test_lines_look_as_celery_users_know_them(tmp_path: Path) -> None:
    setup(tmp_path / "log")
    logging.getLogger("any").info("hello")
    line = (tmp_path / "log").read_text()
    assert line.startswith("[2")
    assert line.endswith(": INFO/MainProcess] hello\n")


def test_a_line_of_a_task_names_it(tmp_path: Path) -> None:
    app = setup(tmp_path / "log")

    @app.task(name="proj.add", shared=False)
    def add() -> None: ...

    get_task_logger("mine.one").info("outside")
    push_task(add)
    push_request(add, Context(id="abc"))
    get_task_logger("mine.two").info("inside")
    pop_request()
    pop_task()
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first.endswith("INFO/MainProcess] ???[???]: outside")
    assert second.endswith("INFO/MainProcess] proj.add[abc]: inside")


def test_a_child_has_its_own_name_and_file(tmp_path: Path) -> None:
    setup(tmp_path / "log%I")
    logging.getLogger("any").info("in the parent")
    log.in_child(1, "ForkPoolWorker")
    logging.getLogger("any").info("in the child")
    assert "in the parent" in (tmp_path / "log").read_text()
    assert "INFO/ForkPoolWorker-2] in the child" in (tmp_path / "log-2").read_text()


def test_a_log_file_that_was_rotated_away_is_made_again(tmp_path: Path) -> None:
    handler = LogFile(str(tmp_path / "log"), "w@h")
    (tmp_path / "log").rename(tmp_path / "log.1")
    handler.emit(logging.makeLogRecord({"msg": "after"}))
    handler.close()
    assert (tmp_path / "log").read_text() == "after\n"
    assert (tmp_path / "log.1").read_text() == ""


def test_a_receiver_of_setup_logging_does_it_all(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def receive(**given: Any) -> None:
        asked.append(given)

    before = logging.root.handlers[:]
    app = Celeriac("proj", broker="memory://", set_as_current=False)
    signals.setup_logging.connect(receive)
    try:
        assert not log.setup(app.conf, LogOptions(logging.INFO, str(tmp_path / "log"), "w@h"))
    finally:
        signals.setup_logging.disconnect(receive)
    assert logging.root.handlers == before
    assert (asked[0]["loglevel"], asked[0]["logfile"]) == (logging.INFO, str(tmp_path / "log"))


def test_handlers_stay_where_the_root_logger_is_not_to_be_hijacked(tmp_path: Path) -> None:
    mine = logging.NullHandler()
    logging.root.addHandler(mine)
    setup(tmp_path / "log", worker_hijack_root_logger=False)
    assert mine in logging.root.handlers
    setup(tmp_path / "log", worker_hijack_root_logger=True)
    assert mine not in logging.root.handlers


def proxy(caplog: pytest.LogCaptureFixture) -> LoggingProxy:
    caplog.set_level(logging.WARNING)
    return LoggingProxy(logging.getLogger("printed"), logging.WARNING, io.TextIOWrapper(io.BytesIO()))


def test_printed_words_become_one_line(caplog: pytest.LogCaptureFixture) -> None:
    print("one", 2, "three\nfour", file=proxy(caplog))  # type: ignore[call-overload]
    assert caplog.messages == ["one 2 three\nfour"]


def test_a_line_without_end_is_logged_when_flushed_or_too_long(caplog: pytest.LogCaptureFixture) -> None:
    out = proxy(caplog)
    out.write("Loading...")
    assert caplog.messages == []
    out.flush()
    out.flush()
    assert caplog.messages == ["Loading..."]
    out.write("x" * 70_000)
    assert len(caplog.messages) == 2


def test_a_handler_that_prints_does_not_go_round_in_circles(caplog: pytest.LogCaptureFixture) -> None:
    out = proxy(caplog)

    class Printing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print("again", file=out)  # type: ignore[call-overload]

    handler = Printing()
    logging.getLogger("printed").addHandler(handler)
    out.write("once\n")
    logging.getLogger("printed").removeHandler(handler)
    assert caplog.messages == ["once"]


def test_a_received_task_is_told_with_whatever_the_format_asks_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"task": "proj.add", "id": "abc", "argsrepr": "(1, 2)", "kwargsrepr": "{}"}
    raw = envelope.encode_packed(Message(headers, {}, b"[]"))
    delivery, head = Delivery("t", "celery", raw), envelope.peek(raw)
    caplog.set_level(logging.WARNING)
    opener = Opener("w@here", None)
    assert received.wanted(None, opener) == []
    caplog.set_level(logging.INFO)
    assert received.wanted(None, opener) == [received.announce]
    received.announce(delivery, head, None)  # type: ignore[arg-type]
    monkeypatch.setattr(texts, "LOG_RECEIVED", "%(name)s%(args)s from %(queue)s")
    received.announce(delivery, head, None)  # type: ignore[arg-type]
    assert caplog.messages == ["Task proj.add[abc] received", "proj.add(1, 2) from celery"]


def test_lines_may_be_json_objects(tmp_path: Path) -> None:
    app = setup(tmp_path / "log", worker_log_json=True)

    @app.task(name="proj.add", shared=False)
    def add() -> None: ...

    logging.getLogger("any").info("%s lines\nof text", 2, extra={"order": 17, "odd": {1, 2}.__class__})
    push_task(add)
    push_request(add, Context(id="abc"))
    try:
        raise ValueError("as told")
    except ValueError:
        get_task_logger("mine").exception("inside")
    pop_request()
    pop_task()
    first, second = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert first["time"].endswith("+00:00")
    assert {key: first[key] for key in ("level", "logger", "message", "process", "order", "odd")} == {
        "level": "INFO",
        "logger": "any",
        "message": "2 lines\nof text",
        "process": "MainProcess",
        "order": 17,
        "odd": "<class 'set'>",
    }
    assert "task" not in first
    assert (second["task"], second["task_id"], second["level"]) == ("proj.add", "abc", "ERROR")
    assert second["exception"].endswith("ValueError: as told")


def test_a_task_logger_is_one_whatever_its_name_is_below(tmp_path: Path) -> None:
    logging.getLogger("some.package").addHandler(logging.NullHandler())
    setup(tmp_path / "log")
    get_task_logger("some.package.tasks").info("inside")
    assert (tmp_path / "log").read_text().endswith("INFO/MainProcess] ???[???]: inside\n")
    for name in ("celeriac", TASK_LOGGER):
        with pytest.raises(RuntimeError, match="is reserved"):
            get_task_logger(name)


@pytest.mark.parametrize(("color", "wanted", "logfile", "is_colored"), COLORS)
def test_colours_are_for_terminals(
    color: bool, wanted: bool | None, logfile: bool, is_colored: bool, tmp_path: Path
) -> None:
    app = Celeriac("proj", broker="memory://", set_as_current=False, worker_log_color=wanted)
    assert log.setup(app.conf, LogOptions(logging.INFO, str(tmp_path / "log") if logfile else None, "w@h", color))
    formatter = logging.root.handlers[0].formatter
    assert formatter is not None
    assert ("\x1b[1;31m" in formatter.format(logging.makeLogRecord({"levelname": "ERROR"}))) == is_colored
