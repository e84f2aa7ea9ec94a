"""What is shown on a terminal: tables, dead letters, settings, the banner."""

from typing import Any

from celeriac import Celeriac
from celeriac.cli.letters import details, summary
from celeriac.cli.printing import plural, printable, printable_lines, table
from celeriac.cli.settings import explanation
from celeriac.core.delivery import DeadLetter
from celeriac.core.message import Message
from celeriac.settings import BY_NAME
from celeriac.wire import envelope
from celeriac.worker import banner
from celeriac.worker.options import WorkerOptions
from celeriac.worker.worker import WorkController


def letter(raw: bytes) -> DeadLetter:
    return DeadLetter("7", "celery", raw, "because \x1b[31m", 0.0)


def test_control_characters_are_shown_and_not_obeyed() -> None:
    assert printable("a\x1b[31m\nb\x9b") == "a\\x1b[31m\\x0ab\\x9b"
    assert printable_lines("a\nb\x07") == "a\nb\\x07"
    assert table(("A", "LONG"), [("xyz", 1), ("\x1b", "")]) == "A     LONG\nxyz   1\n\\x1b"
    assert (plural(1, "message"), plural(2, "message")) == ("1 message", "2 messages")


def test_a_dead_letter_is_summed_up_and_shown_in_full() -> None:
    headers = {"task": "tasks.add", "id": "abc", "argsrepr": "(1, 2)"}
    raw = envelope.encode_packed(Message(headers, {"priority": 3}, b"[[1, 2], {}, {}]"))
    short = summary(letter(raw))
    assert (short.id, short.task, short.task_id, short.queue) == ("7", "tasks.add", "abc", "celery")
    shown = details(letter(raw))
    for word in ("because \\x1b[31m", "  task: 'tasks.add'", "  priority: 3", "[[1, 2], {}, {}]", "application/json"):
        assert word in shown


def test_a_dead_letter_that_is_no_message_is_shown_as_bytes() -> None:
    assert summary(letter(b"\x00nonsense")).task == "?"
    assert r"b'\x00nonsense'" in details(letter(b"\x00nonsense"))


def test_a_setting_is_explained_with_celerys_default_and_the_reason() -> None:
    text = explanation(BY_NAME["task_acks_late"], "True")
    for word in (
        "default  True",
        "Celery's False",
        "why      With early",
        "old name CELERY_ACKS_LATE",
        "now      True",
    ):
        assert word in text
    assert "In this release nothing" not in text
    assert "nothing reads it" in explanation(BY_NAME["worker_timer"], None)


def worker_of(app: Celeriac, **options: Any) -> WorkController:
    return WorkController(app, WorkerOptions(hostname="w@h", concurrency=4, **options))


def test_the_banner_has_the_words_that_tools_look_for() -> None:
    app = Celeriac("proj", broker="redis://:secret@h/0", backend="redis://:secret@h/1", set_as_current=False)

    @app.task(name="proj.add", shared=False)
    def add() -> None: ...

    text = banner.text(worker_of(app))
    for word in ("w@h v", "[config]", ".> app:         proj:", ".> concurrency: 4 (prefork)", "[queues]", "[tasks]"):
        assert word in text
    assert ".> celery           exchange=celery(direct) key=celery" in text
    assert "\n  . proj.add\n" in text
    assert "secret" not in text
    assert "\x1b" not in text
    assert "\x1b[32m" in banner.text(worker_of(app), color=True)


def test_the_banner_of_an_app_without_tasks_says_what_to_do() -> None:
    assert "name your app with -A" in banner.text(worker_of(Celeriac("proj", broker="memory://", set_as_current=False)))
