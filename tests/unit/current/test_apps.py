"""Which app is current."""

import threading
from collections.abc import Iterator

import pytest

from celeriac.current import apps, current_app, forget_app, get_current_app, set_current_app, set_default_app


class App:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture(autouse=True)
def _no_apps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("default", "newest", "make"):
        monkeypatch.setattr(apps._Process, name, None)
    before = apps._CURRENT.get()
    set_current_app(None)
    yield
    apps._CURRENT.set(before)


def test_without_any_app_the_error_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="make one"):
        get_current_app()


def test_a_program_without_an_app_gets_one_made() -> None:
    made = App("made")
    apps.set_app_factory(lambda: made)
    assert get_current_app() is made
    assert current_app.name == "made"


def test_what_is_set_here_wins_over_the_default() -> None:
    set_default_app(App("default"))
    assert current_app.name == "default"
    set_current_app(App("mine"))
    assert current_app.name == "mine"


def test_a_thread_that_set_none_sees_the_newest_app() -> None:
    set_current_app(App("mine"))
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(current_app.name))
    thread.start()
    thread.join()
    assert seen == ["mine"]


def test_a_closed_app_is_forgotten() -> None:
    app = App("mine")
    set_current_app(app)
    set_default_app(app)
    forget_app(app)
    with pytest.raises(RuntimeError):
        get_current_app()
